package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"clinicgraph/graph"
)

// TestWhateverFitsTheSchemaIsAnswered asks operations that are drawn from the
// schema, with arguments that are just inside or just outside of what is meant.
// What holds of every answer is looked at by the client; after it the books must
// add up.
func TestWhateverFitsTheSchemaIsAnswered(t *testing.T) {
	text, err := graph.SDL()
	if err != nil {
		t.Fatal(err)
	}
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: text})
	each(t, func(t *testing.T, c *clinic) {
		known := []string{c.north, c.consultation, c.sticker, c.profiles[customerA], c.profiles[customerB], c.practitioners[doctorNorth], c.users[customerA], "x", ""}
		rapid.Check(t, func(draw *rapid.T) {
			d := &drawing{schema: schema, draw: draw, ids: known, variables: vars{}}
			login := rapid.SampledFrom([]string{customerA, staffNorth, doctorNorth, manager, admin}).Draw(draw, "login")
			query := d.operation()
			variables, err := json.Marshal(d.variables)
			if err != nil {
				t.Fatal(err)
			}
			c.as(login).post("application/json", request(query, string(variables)))
		})
	})
}

// drawing is one operation as it is drawn.
type drawing struct {
	schema    *ast.Schema
	draw      *rapid.T
	ids       []string
	variables vars
	declared  []string
}

// closed are mutations that would sign out the accounts that the others need.
var closed = map[string]bool{"logout": true, "changePassword": true, "setRolePermissions": true, "revokeRole": true, "setUserPermission": true, "revokeAccessReviewItem": true, "breakGlass": true, "removeUserPermission": true}

func (d *drawing) chance(percent int) bool {
	return rapid.IntRange(1, 100).Draw(d.draw, "chance") <= percent
}

func (d *drawing) operation() string {
	root, kind, fields := d.schema.Query, "query", rapid.IntRange(1, 3).Draw(d.draw, "roots")
	if d.chance(25) {
		root, kind, fields = d.schema.Mutation, "mutation", 1
	}
	var b strings.Builder
	for i := range fields {
		f := rapid.SampledFrom(root.Fields).Draw(d.draw, "field")
		if !closed[f.Name] {
			fmt.Fprintf(&b, "r%d: %s ", i, d.field(f, 4))
		}
	}
	b.WriteString("__typename")
	head := kind
	if len(d.declared) > 0 {
		head += " (" + strings.Join(d.declared, ", ") + ")"
	}
	return head + " { " + b.String() + " }"
}

func (d *drawing) field(f *ast.FieldDefinition, depth int) string {
	var arguments []string
	for _, arg := range f.Arguments {
		if !arg.Type.NonNull && !d.chance(40) {
			continue
		}
		value := d.value(arg.Type, 3)
		if d.chance(50) {
			name := fmt.Sprintf("v%d", len(d.declared))
			d.declared = append(d.declared, "$"+name+": "+arg.Type.String())
			d.variables[name] = value
			arguments = append(arguments, arg.Name+": $"+name)
			continue
		}
		arguments = append(arguments, arg.Name+": "+d.literal(arg.Type, value))
	}
	text := f.Name
	if len(arguments) > 0 {
		text += "(" + strings.Join(arguments, ", ") + ")"
	}
	return text + d.selection(d.schema.Types[f.Type.Name()], depth)
}

// selection draws what is asked of a type; nothing of a scalar.
func (d *drawing) selection(def *ast.Definition, depth int) string {
	if !def.IsCompositeType() {
		return ""
	}
	parts := []string{"__typename"}
	if def.IsAbstractType() {
		object := rapid.SampledFrom(d.schema.GetPossibleTypes(def)).Draw(d.draw, "object")
		parts = append(parts, "... on "+object.Name+d.selection(object, depth))
	}
	for i := range rapid.IntRange(1, 4).Draw(d.draw, "fields") {
		f := rapid.SampledFrom(def.Fields).Draw(d.draw, "field")
		if strings.HasPrefix(f.Name, "__") || depth == 0 && d.schema.Types[f.Type.Name()].IsCompositeType() {
			continue
		}
		alias := "" // few are allowed; only other arguments need one
		if len(f.Arguments) > 0 {
			alias = fmt.Sprintf("f%d: ", i)
		}
		parts = append(parts, alias+d.field(f, depth-1))
	}
	return " { " + strings.Join(parts, " ") + " }"
}

// edges are the values that scalars are drawn from.
var edges = map[string][]any{
	"Int":      {0, 1, 2, 20, 100, 101, -1, 2147483647, -2147483648},
	"Int64":    {0, 1, -1, 1500, 9007199254740991, -9007199254740991},
	"Boolean":  {true, false},
	"String":   {"", "x", "%", "_\\", "\u0000", "💥", "' OR 1=1 --", strings.Repeat("long ", 600)},
	"Time":     {"2030-01-08T09:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "2030-02-30T00:00:00Z", "2030-01-08", ""},
	"Date":     {"2030-01-08", "0000-01-01", "9999-12-31", "2030-02-30", ""},
	"Cursor":   {"", "x", "AAAA", strings.Repeat("A", 200)},
	"Duration": {"PT30M", "P1Y", "-PT1S", ""},
}

// value draws a value of an input type as JSON has it.
func (d *drawing) value(t *ast.Type, depth int) any {
	if !t.NonNull && d.chance(10) {
		return nil
	}
	if t.Elem != nil {
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(d.draw, "entries") {
			list = append(list, d.value(t.Elem, depth))
		}
		return list
	}
	def := d.schema.Types[t.Name()]
	switch {
	case def.Kind == ast.Enum:
		return rapid.SampledFrom(def.EnumValues).Draw(d.draw, "enum").Name
	case def.Kind == ast.InputObject:
		object := vars{}
		for _, f := range def.Fields {
			nests := d.schema.Types[f.Type.Name()].Kind == ast.InputObject
			if f.Type.NonNull || d.chance(200/len(def.Fields)) && !(nests && depth == 0) {
				object[f.Name] = d.value(f.Type, depth-1)
			}
		}
		return object
	case def.Name == "ID":
		return rapid.SampledFrom(d.ids).Draw(d.draw, "id")
	case edges[def.Name] != nil:
		return rapid.SampledFrom(edges[def.Name]).Draw(d.draw, def.Name)
	default:
		return "x"
	}
}

// literal writes a value as the document does: enums and the keys of objects
// have no quotes.
func (d *drawing) literal(t *ast.Type, value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case []any:
		entries := make([]string, len(v))
		for i, entry := range v {
			entries[i] = d.literal(t.Elem, entry)
		}
		return "[" + strings.Join(entries, ", ") + "]"
	case vars:
		var fields []string
		for _, f := range d.schema.Types[t.Name()].Fields {
			if entry, given := v[f.Name]; given {
				fields = append(fields, f.Name+": "+d.literal(f.Type, entry))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case string:
		if d.schema.Types[t.Name()].Kind == ast.Enum {
			return v
		}
	}
	text, _ := json.Marshal(value)
	return string(text)
}
