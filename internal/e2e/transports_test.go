package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
)

// TestOverASocketThereIsNothingButSubscriptions asks every query and every mutation of
// the schema as every role, over a socket and as server-sent events, about the own,
// another's and what is not there. Each is refused in the same words, whoever asks
// and whatever about, and nothing is done for it: what POST is asked about doors, rows
// and guesses need be asked nowhere else.
func TestOverASocketThereIsNothingButSubscriptions(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d, said, asked := withDiary(t, c), map[string]int{}, 0
		callers := slices.DeleteFunc(d.callers(), func(c caller) bool { return c.token == "" }) // nobody is not let in
		before := len(d.everyID(ent.TypeOperationLog))
		for _, me := range callers {
			s := me.socket()
			for _, f := range slices.Concat(schema.Query.Fields, schema.Mutation.Fields) {
				if strings.HasPrefix(f.Name, "__") {
					continue
				}
				for _, id := range []string{d.near.booking, d.far.booking, missing(ent.TypeBooking)} {
					document := rooted(f, id)
					op := s.begin(document)
					m := s.hear()
					if m.Type != "error" || m.ID != op {
						t.Fatalf("%s asks %s and is told %s", me.name, document, m.text)
					}
					a := s.c.result([]byte(`{"errors":` + string(m.Payload) + `}`))
					said[a.code()+": "+a.errs[0].Message]++
					asked++
				}
				line := me.events(rooted(f, d.near.booking))
				for text := line(); ; text = line() {
					if payload, told := strings.CutPrefix(text, "data: "); told && payload != "" {
						a := c.result([]byte(payload))
						said[a.code()+": "+a.errs[0].Message]++
						break
					}
					if text == "" {
						t.Fatalf("%s is told nothing of %s", me.name, f.Name)
					}
				}
			}
		}
		if len(said) != 1 || asked < 500 {
			t.Errorf("%d operations were answered %v", asked, said)
		}
		if after := len(d.everyID(ent.TypeOperationLog)); after != before {
			t.Errorf("%d changes came of it", after-before)
		}
	})
}

// rooted is an operation that asks one field of a root, with the least that it takes.
func rooted(f *ast.FieldDefinition, id string) string {
	var args []string
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil {
			args = append(args, a.Name+": "+literal(a.Type, id))
		}
	}
	text := f.Name
	if len(args) > 0 {
		text += "(" + strings.Join(args, ", ") + ")"
	}
	if !schema.Types[f.Type.Name()].IsLeafType() {
		text += " { __typename }"
	}
	if schema.Mutation.Fields.ForName(f.Name) == f {
		return "mutation { " + text + " }"
	}
	return "{ " + text + " }"
}

// literal is a value that fits the type.
func literal(of *ast.Type, id string) string {
	if of.Elem != nil {
		return "[" + literal(of.Elem, id) + "]"
	}
	def := schema.Types[of.Name()]
	switch {
	case def.Kind == ast.Enum:
		return def.EnumValues[0].Name
	case def.Kind == ast.InputObject:
		var fields []string
		for _, f := range def.Fields {
			if f.Type.NonNull && f.DefaultValue == nil {
				fields = append(fields, f.Name+": "+literal(f.Type, id))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	known := map[string]string{
		"ID": fmt.Sprintf("%q", id), "Int": "1", "Int64": "1", "Boolean": "true", "String": `"a text"`, "JSON": "{}",
		"Time": `"2030-01-07T09:00:00Z"`, "Date": `"2030-01-07"`,
	}
	if value := known[def.Name]; value != "" {
		return value
	}
	panic("nobody has said what fits " + def.Name)
}
