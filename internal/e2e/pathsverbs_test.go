package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// TestNoPayloadLeadsToWhatNodeDenies lets a customer, a doctor and the front desk
// call every mutation of the matrix, and asks each payload for all that lies
// within four steps: the mutation and three edges. What node denies the caller is in no byte of an answer.
func TestNoPayloadLeadsToWhatNodeDenies(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		for _, name := range []string{"customer", "doctor", "staff"} {
			t.Run(d+"/"+name, func(t *testing.T) {
				t.Parallel()
				diary := withDiary(t, open(t, d, generous))
				callers := diary.callers()
				asking := callers[slices.IndexFunc(callers, func(c caller) bool { return c.name == name })]
				w := diary.walk(asking, diary.everything())
				w.shut()
				payloads := w.wide(&asking)
				for _, q := range slices.Concat(diary.businessVerbs(), diary.accessVerbs(), diary.accountVerbs(), diary.sessionVerbs(), diary.factorVerbs()) {
					q.ask(asking)
				}
				t.Logf("%s: %d mutations answered, %d of them with data; the booking that they see met %d times; %d canaries", name, w.asked, len(payloads), w.met, len(w.denied))
				if len(payloads) < 10 || w.met < 5 {
					t.Errorf("%s: of %d answers only those to %v have data, with the booking %d times", name, w.asked, payloads, w.met)
				}
			})
		}
	}
}

// shut closes the edges whose doors are closed to the caller, so that no refusal
// takes the rest of an answer with it.
func (w *walk) shut() {
	may := map[string]bool{"": true}
	for _, p := range w.do(`{ viewer { permissions { name } } }`).ok().list("viewer.permissions") {
		may[p.(map[string]any)["name"].(string)] = true
	}
	for _, at := range schema.Types {
		for _, f := range at.Fields {
			to := schema.Types[f.Type.Name()]
			node := schema.Types[strings.TrimSuffix(to.Name, "Connection")]
			open := may[permissionOf(f.Directives)] && may[permissionOf(to.Directives)] && (node == nil || may[permissionOf(node.Directives)])
			if !open && at.Name != "Viewer" && at != schema.Mutation {
				w.closed[at.Name+"."+f.Name] = true
			}
		}
	}
}

// wide has the caller's mutations ask for more than they do, and gives those that
// were answered with data.
func (w *walk) wide(c *caller) map[string]bool {
	own, answered := *c.client, map[string]bool{}
	own.widen = w.widen
	own.seen = func(document string, a *answer) {
		data, _ := a.data.(map[string]any)
		if w.asked++; !strings.HasPrefix(document, "mutation") || data == nil {
			return
		}
		for field, payload := range data {
			payload, ok := payload.(map[string]any)
			if !ok {
				continue
			}
			if who, _ := payload["owner"].(map[string]any); who != nil && fmt.Sprint(who) != fmt.Sprint(map[string]any{"user": map[string]any{"id": w.diary.users[c.account]}}) {
				continue // the session of somebody else, who has signed in
			}
			answered[field] = true
			w.look(field, document, string(a.body))
		}
	}
	c.client = &own
	return answered
}

// widen adds to a mutation all that its payload leads to, under other names.
func (w *walk) widen(document string) string {
	parsed, err := parser.ParseQuery(&ast.Source{Input: document})
	if err != nil || parsed.Operations[0].Operation != ast.Mutation {
		return document
	}
	for _, s := range parsed.Operations[0].SelectionSet {
		field := s.(*ast.Field)
		payload := schema.Types[schema.Mutation.Fields.ForName(field.Name).Type.Name()]
		more := w.selection(payload, hops, 2)
		if payload.Fields.ForName("viewer") != nil {
			more += " owner: viewer { user { id } }"
		}
		added, err := parser.ParseQuery(&ast.Source{Input: "{ " + more + " }"})
		if err != nil {
			w.diary.t.Fatalf("%s: %v", more, err)
		}
		for i, a := range added.Operations[0].SelectionSet {
			if a := a.(*ast.Field); a.SelectionSet != nil && a.Alias == a.Name {
				a.Alias = fmt.Sprint("wide", i)
			}
			field.SelectionSet = append(field.SelectionSet, a)
		}
	}
	var text strings.Builder
	formatter.NewFormatter(&text, formatter.WithIndent("")).FormatQueryDocument(parsed)
	return strings.ReplaceAll(text.String(), "\n", " ")
}
