package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
)

// updateEnv rewrites the golden matrix instead of comparing with it.
const updateEnv = "CLINICGRAPH_UPDATE_GOLDEN"

// caller is a column of the matrix.
type caller struct {
	name      string
	account   string // the caller's own
	near, far string // whose account is near, and whose is not
	*client
}

// question is a row of the matrix: a root field, asked about something.
type question struct {
	field, about string
	ask          func(c caller) string
}

// TestEveryRoleGetsFromEveryRootFieldWhatTheMatrixSays holds the answers to all
// roles against testdata/matrix.txt, which is to be read and reviewed. To write
// it anew, run the test with CLINICGRAPH_UPDATE_GOLDEN=1.
func TestEveryRoleGetsFromEveryRootFieldWhatTheMatrixSays(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		questions := slices.Concat(d.lists(), d.singles(), d.explanations(), d.reviewVerbs(), d.nodes(), d.businessVerbs(), d.accessVerbs(), d.accountVerbs(), d.sessionVerbs(), d.factorVerbs(), d.subscriptions())
		mustAskAll(t, questions)

		var text strings.Builder
		table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
		fmt.Fprint(table, "field\tabout")
		for _, caller := range d.callers() {
			fmt.Fprint(table, "\t"+caller.name)
		}
		fmt.Fprintln(table)
		for _, q := range questions {
			fmt.Fprint(table, q.field+"\t"+q.about)
			for _, caller := range d.callers() {
				fmt.Fprint(table, "\t"+q.ask(caller))
			}
			fmt.Fprintln(table)
		}
		if err := table.Flush(); err != nil {
			t.Fatal(err)
		}
		compareGolden(t, "matrix.txt", text.String())
	})
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv(updateEnv) != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got; %s=1 writes it anew):\n%s", path, updateEnv, diff)
	}
}

// mustAskAll fails the test for a root field that the matrix leaves out, and for one
// about an object that is not asked about one that is missing and one that is deleted.
func mustAskAll(t *testing.T, questions []question) {
	t.Helper()
	asked := map[string]string{}
	for _, q := range questions {
		asked[q.field] += q.about + ". "
	}
	for _, f := range slices.Concat(schema.Query.Fields, schema.Mutation.Fields, schema.Subscription.Fields) {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		about, ok := asked[f.Name]
		if !ok {
			t.Errorf("the matrix does not ask %s", f.Name)
		}
		if takesID(f) && (!strings.Contains(about, "missing") || !strings.Contains(about, "deleted") && !removed[f.Name]) {
			t.Errorf("of %s the matrix asks only: %s", f.Name, about)
		}
	}
}

// removed are the root fields about what is removed for good when it ends, or kept for
// good: nothing of it is ever deleted.
var removed = map[string]bool{
	"markNotificationRead": true, "nameSession": true, "revokeSession": true, "revokeApiToken": true,
	"confirmTotp": true, "renameAuthenticator": true, "removeAuthenticator": true,
	"attestAccessReviewItem": true, "revokeAccessReviewItem": true, "closeAccessReview": true,
}

// takesID says that a root field is about an object that its arguments name.
func takesID(f *ast.FieldDefinition) bool {
	named := func(of *ast.Type) bool { return of.NonNull && of.Elem == nil && of.Name() == "ID" }
	return slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool {
		return named(a.Type) || slices.ContainsFunc(schema.Types[a.Type.Name()].Fields, func(f *ast.FieldDefinition) bool { return named(f.Type) })
	})
}

func (d *diary) callers() []caller {
	return []caller{
		{"nobody", "", customerA, customerB, d.anyone()},
		{"newcomer", d.first.Login, customerA, customerB, d.newcomer},
		{"customer", customerA, customerA, customerB, d.as(customerA)},
		{"doctor", doctorNorth, doctorNorth, doctorSouth, d.as(doctorNorth)},
		{"staff", staffNorth, staffNorth, staffSouth, d.as(staffNorth)},
		{"manager", manager, customerA, customerB, d.as(manager)},
		{"admin", admin, customerA, customerB, d.as(admin)},
	}
}

// outcome says in one word what came of a request.
func outcome(a *answer, success string) string {
	if code := a.code(); code != "" {
		return code
	}
	return success
}

// lists are the connections: which of the two objects are on the page.
func (d *diary) lists() (questions []question) {
	for field, entity := range listFields() {
		questions = append(questions, question{field, "near, far", func(c caller) string {
			a := c.do(`{ list: ` + field + `(first: 100) { edges { node { id } } } }`)
			if a.code() != "" {
				return a.code()
			}
			var seen []string
			ids := a.ids("list")
			for name, id := range map[string]string{"near": d.which(entity, "near", c), "far": d.which(entity, "far", c)} {
				if slices.Contains(ids, id) {
					seen = append(seen, name)
				}
			}
			slices.SortFunc(seen, func(a, b string) int { return strings.Compare(b, a) })
			if len(seen) == 0 {
				return "-"
			}
			return strings.Join(seen, "+")
		}})
	}
	slices.SortFunc(questions, func(a, b question) int { return strings.Compare(a.field, b.field) })
	return append(questions, question{"viewer", "", func(c caller) string {
		return outcome(c.do(`{ viewer { user { id } } }`), "self")
	}})
}

// singles are the fields that give one object by its id.
func (d *diary) singles() (questions []question) {
	for _, field := range []string{"appointment", "booking", "customer", "order", "practitioner", "product", "reward", "role", "user"} {
		entity := schema.Query.Fields.ForName(field).Type.Name()
		abouts := []string{"near", "far", "missing"}
		if slices.Contains([]string{"appointment", "booking", "customer", "order"}, field) {
			abouts = slices.Insert(abouts, 2, "next")
		}
		for _, about := range append(abouts, "deleted") {
			questions = append(questions, question{field, about, func(c caller) string {
				return outcome(c.do(`query($id: ID!) { one: `+field+`(id: $id) { id } }`, vars{"id": d.which(entity, about, c)}), "seen")
			}})
		}
	}
	questions = append(questions, question{"user", "near, of the same unit", func(c caller) string {
		return outcome(c.do(`query($id: ID!) { user(id: $id) { id } }`, vars{"id": d.users[d.near.doctor]}), "seen")
	}}, question{"user", "far, of another unit", func(c caller) string {
		return outcome(c.do(`query($id: ID!) { user(id: $id) { id } }`, vars{"id": d.users[d.far.doctor]}), "seen")
	}})
	for _, about := range []string{"near", "missing", "deleted"} {
		questions = append(questions, question{"availableSlots", about, func(c caller) string {
			service := map[string]string{"near": d.consultation, "missing": missing(ent.TypeProduct), "deleted": d.deleted(ent.TypeProduct)}[about]
			return outcome(c.do(`query($id: ID!, $from: Time!, $to: Time!) { availableSlots(serviceId: $id, from: $from, to: $to) { startsAt } }`,
				vars{"id": service, "from": at(9, 0), "to": at(17, 0)}), "seen")
		}})
	}
	return questions
}

// nodes are all entities by id alone.
func (d *diary) nodes() (questions []question) {
	var entities []string
	for name := range ent.Meta {
		entities = append(entities, name)
	}
	slices.Sort(entities)
	for _, entity := range entities {
		abouts := []string{"near", "far", "missing"}
		if d.deleted(entity) != "" {
			abouts = append(abouts, "deleted")
		}
		for _, about := range abouts {
			questions = append(questions, question{"node", entity + " " + about, func(c caller) string {
				id := d.which(entity, about, c)
				one := c.do(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": id})
				many := c.do(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": []string{id}})
				if one.code() != many.code() {
					d.t.Errorf("node and nodes differ for %s: %s, %s", c.name, one.body, many.body)
				}
				return outcome(one, "seen")
			}})
		}
	}
	return append(questions, question{"nodes", "101 ids", func(c caller) string {
		return outcome(c.do(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": slices.Repeat([]string{missing(ent.TypeUser)}, 101)}), "seen")
	}})
}

// which gives the id that a row is about, for this caller.
func (d *diary) which(entity, about string, c caller) string {
	switch about {
	case "near":
		return d.object(entity, d.near, c.near)
	case "far":
		return d.object(entity, d.far, c.far)
	case "next":
		return d.object(entity, d.next, "")
	case "deleted":
		return d.deleted(entity)
	default:
		return missing(entity)
	}
}
