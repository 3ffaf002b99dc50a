package e2e

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/vektah/gqlparser/v2/ast"
)

// hops is how many edges a path takes from its root field on.
const hops = 3

// TestNoPathLeadsToWhatNodeDenies follows every path of the schema of up to four
// steps (the root field and three edges) as a customer, a doctor and the front
// desk, from everything that they see and from what they do not. An object whose
// id `node` denies them, and what is written about the other customer, is in no
// byte of any answer.
func TestNoPathLeadsToWhatNodeDenies(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(d, func(t *testing.T) {
			t.Parallel()
			c := open(t, d, generous)
			diary := withDiary(t, c)
			all := diary.everything()
			for _, caller := range diary.callers() {
				if slices.Contains([]string{"customer", "doctor", "staff"}, caller.name) {
					diary.follow(caller, all)
				}
			}
		})
	}
}

// everything gives the id of each row of each entity.
func (d *diary) everything() (all []string) {
	d.t.Helper()
	table := regexp.MustCompile(`FROM (\w+)`)
	for entity, sql := range kinds {
		rows, err := d.app.Store.DB.Read.QueryContext(d.t.Context(), `SELECT id FROM `+table.FindStringSubmatch(sql)[1])
		if err != nil {
			d.t.Fatalf("%s: %v", entity, err)
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				d.t.Fatal(err)
			}
			all = append(all, id)
		}
		if err := rows.Err(); err != nil {
			d.t.Fatal(err)
		}
	}
	return all
}

// walk is one caller on all paths.
type walk struct {
	*diary
	caller
	denied []string        // what must be in no answer
	closed map[string]bool // fields that are forbidden to the caller
	asked  int
	met    int // the booking that the caller sees
}

// walk finds out what must be in no answer to the caller.
func (d *diary) walk(c caller, all []string) *walk {
	d.t.Helper()
	w := &walk{diary: d, caller: c, closed: map[string]bool{}, denied: []string{d.far.number, "Secret of " + d.far.login, d.far.login + "@"}}
	for _, id := range all {
		if c.do(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": id}).code() != "" {
			w.denied = append(w.denied, id)
		}
	}
	if len(w.denied) == len(all)+3 || len(w.denied) < 20 {
		d.t.Fatalf("%s: of %d objects %d are denied", c.name, len(all), len(w.denied))
	}
	return w
}

// follow walks from every root.
func (d *diary) follow(c caller, all []string) {
	d.t.Helper()
	w := d.walk(c, all)
	for _, f := range schema.Query.Fields {
		switch entity := schema.Types[f.Type.Name()]; {
		case strings.HasPrefix(f.Name, "__"), f.Name == "availableSlots", f.Name == "explainPermission", f.Name == "previewRoleChange", f.Name == "timeline", f.Name == "asOf", f.Name == "changes":
		case f.Name == "node" || f.Name == "nodes":
		case strings.HasSuffix(entity.Name, "Connection"):
			w.explore([]string{f.Name + "(first: 100)"}, entity, hops)
		case f.Arguments.ForName("id") != nil:
			for _, about := range []string{"near", "far"} {
				w.explore([]string{fmt.Sprintf("%s(id: %q)", f.Name, d.which(entity.Name, about, c))}, entity, hops)
			}
		default:
			w.explore([]string{f.Name}, entity, hops)
		}
	}
	for entity := range kinds {
		if schema.Types[entity] == nil {
			continue
		}
		for _, about := range []string{"near", "far"} {
			w.explore([]string{fmt.Sprintf("node(id: %q)", d.which(entity, about, c)), "... on " + entity}, schema.Types[entity], hops-1)
		}
	}
	// A walk that sees nothing proves nothing.
	if w.met < 50 || w.asked < 200 {
		d.t.Errorf("%s: %d requests met the own booking %d times", c.name, w.asked, w.met)
	}
	d.t.Logf("%s: %d requests; the own booking met %d times; %d edges closed; %d canaries", c.name, w.asked, w.met, len(w.closed), len(w.denied))
}

// explore asks for all that lies within so many edges behind the path, at once.
// What is refused in it may take the rest with it: then each branch is asked for by
// itself, and one that is forbidden is left out of what is asked at once from then
// on. Behind what is not there for the caller, nothing is.
func (w *walk) explore(path []string, at *ast.Definition, edges int) (code string) {
	if code = w.ask(path, w.selection(at, edges, 2)); code == "" {
		return ""
	}
	if code = w.ask(path, w.selection(at, 0, 0)); code != "" {
		if code = w.leaves(path, at); code != "" {
			return code
		}
	}
	for _, b := range branches(at) {
		left := edges
		if b.to.Fields.ForName("id") != nil {
			left--
		}
		if left >= 0 && !w.closed[b.edge] {
			w.closed[b.edge] = w.explore(append(slices.Clone(path), b.field), b.to, left) == "FORBIDDEN"
		}
	}
	return ""
}

// leaves asks for each scalar by itself, and remembers which are closed. It gives
// the code of the last one when none is open.
func (w *walk) leaves(path []string, at *ast.Definition) (code string) {
	open := false
	for _, leaf := range leaves(at) {
		one := w.ask(path, leaf)
		if one == "" {
			open = true
		} else {
			w.closed[at.Name+"."+leaf] = one == "FORBIDDEN"
			code = one
		}
	}
	if open {
		return ""
	}
	return code
}

// ask sends one document and looks for what must not be in the answer. It gives
// the code of the refusal, if there is one.
func (w *walk) ask(path []string, selection string) (code string) {
	w.diary.t.Helper()
	document := "{ " + strings.Join(path, " { ") + " { " + selection + strings.Repeat(" }", len(path)) + " }"
	a := w.do(document)
	w.asked++
	w.look(strings.Join(path, " "), document, string(a.body))
	return a.code()
}

// look searches an answer for what must not be in it.
func (w *walk) look(way, document, body string) {
	w.diary.t.Helper()
	for _, canary := range w.denied {
		if !strings.Contains(body, canary) || strings.Contains(document, canary) {
			continue
		}
		// What was done meanwhile may have made it the caller's own.
		if w.do(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": canary}).code() != "" {
			w.diary.t.Errorf("%s sees %s by %s", w.name, canary, way)
		}
	}
	w.met += strings.Count(body, w.diary.near.booking)
}

// branch is one edge on: the field of a type, and the type that it leads to.
type branch struct {
	edge, field string
	to          *ast.Definition
}

// branches are the edges of a type that need no argument.
func branches(at *ast.Definition) (all []branch) {
	for _, f := range at.Fields {
		to := schema.Types[f.Type.Name()]
		if to.IsLeafType() || strings.HasPrefix(f.Name, "__") || slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.NonNull }) {
			continue
		}
		field := f.Name
		if f.Arguments.ForName("first") != nil {
			field += "(first: 5)"
		}
		all = append(all, branch{at.Name + "." + f.Name, field, to})
	}
	return all
}

// selection is all scalars of a type, and everything behind so many of its edges.
// Connections, their edges and plain values do not count as edges, but no more
// than so many of them follow each other.
func (w *walk) selection(at *ast.Definition, edges, free int) string {
	parts := slices.DeleteFunc(leaves(at), func(leaf string) bool { return w.closed[at.Name+"."+leaf] })
	for _, b := range branches(at) {
		left, rest := edges-1, 2
		if b.to.Fields.ForName("id") == nil { // a connection, an edge or a value
			left, rest = edges, free-1
		}
		if left >= 0 && rest >= 0 && !w.closed[b.edge] {
			parts = append(parts, b.field+" { "+w.selection(b.to, left, rest)+" }")
		}
	}
	return cmp.Or(strings.Join(parts, " "), "__typename")
}

// leaves are the scalars of a type. Who made something is left out: the id of an
// account says that there is one, to everybody who sees what it made.
func leaves(at *ast.Definition) (all []string) {
	for _, f := range at.Fields {
		to := schema.Types[f.Type.Name()]
		if to.IsLeafType() && len(f.Arguments) == 0 && (to.Name != "ID" || f.Name == "id") {
			all = append(all, f.Name)
		}
	}
	return all
}
