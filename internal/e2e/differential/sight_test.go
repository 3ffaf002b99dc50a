package differential

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// sight is what a viewer gets to see: which lists answer, which rows are in them, and
// which permissions are held. Documents are mostly drawn within it, so that most of
// them are answered and not refused.
type sight struct {
	lists []string         // fields of Query
	rows  map[string][]int // by entity, the numbers of rows
	holds map[string]bool  // permissions; nil: whatever is asked for
}

// look finds out what the viewer sees, by asking the ordinary server.
func (c *clinic) look(v *viewer) *sight {
	c.t.Helper()
	s := &sight{rows: map[string][]int{}}
	number := map[string]int{}
	for _, t := range c.rows {
		for i, id := range t.ids {
			number[id] = i
		}
	}
	for _, f := range c.schema.Query.Fields {
		target := c.schema.Types[f.Type.Name()]
		if !isConnection(target) || f.Name == "timeline" || f.Name == "accessFindings" {
			continue
		}
		var list struct {
			Edges []struct{ Node struct{ ID string } }
		}
		if !c.plainly(v, fmt.Sprintf("{ it: %s(first: 60) { edges { node { id } } } }", f.Name), &list) {
			continue
		}
		s.lists = append(s.lists, f.Name)
		for _, e := range list.Edges {
			if i, known := number[e.Node.ID]; known {
				entity := strings.TrimSuffix(target.Name, "Connection")
				s.rows[entity] = append(s.rows[entity], i)
			}
		}
	}
	var me struct {
		Permissions []struct{ Name string }
	}
	if c.plainly(v, "{ it: viewer { permissions { name } } }", &me) {
		s.holds = map[string]bool{}
		for _, p := range me.Permissions {
			s.holds[p.Name] = true
		}
	}
	return s
}

// plainly asks the ordinary server and reads what is under "it"; false where it is
// refused.
func (c *clinic) plainly(v *viewer, query string, into any) bool {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	c.must(err, "write a document")
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Request-Id", requestID)
	if v.token != "" {
		r.Header.Set("Authorization", "Bearer "+v.token)
	}
	w := httptest.NewRecorder()
	c.ordinary.app.Handler.ServeHTTP(w, r)
	c.record()
	var answer struct {
		Data   struct{ It json.RawMessage }
		Errors []json.RawMessage
	}
	err = json.Unmarshal(w.Body.Bytes(), &answer)
	return err == nil && len(answer.Errors) == 0 && json.Unmarshal(answer.Data.It, into) == nil
}

// may says whether the viewer passes the doors of a field, its own and that of its
// type, as far as permissions go.
func (d *drawing) may(f *ast.FieldDefinition) bool {
	if d.sight.holds == nil {
		return true
	}
	for _, directives := range []ast.DirectiveList{f.Directives, d.schema.Types[f.Type.Name()].Directives} {
		if door := directives.ForName("hasPermission"); door != nil && !d.sight.holds[door.Arguments.ForName("permission").Value.Raw] {
			return false
		}
	}
	if name, found := strings.CutSuffix(f.Type.Name(), "Connection"); found && d.schema.Types[name] != nil {
		if door := d.schema.Types[name].Directives.ForName("hasPermission"); door != nil {
			return d.sight.holds[door.Arguments.ForName("permission").Value.Raw]
		}
	}
	return true
}

// seen draws the number of a row of the entity that the viewer sees, if there is one.
func (d *drawing) seen(entity string) (int, bool) {
	rows := d.sight.rows[entity]
	if len(rows) == 0 {
		return 0, false
	}
	return pick(d, rows), true
}

// visible leaves of the getters those whose objects the viewer sees.
func (d *drawing) visible(names []string) []string {
	left := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return len(d.sight.rows[d.schema.Query.Fields.ForName(name).Type.Name()]) == 0
	})
	if len(left) == 0 || d.chance(10) {
		return names
	}
	return left
}
