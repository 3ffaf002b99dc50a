package differential

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
)

// arguments draws those of a field that is no list of pages.
func (d *drawing) arguments(f *ast.FieldDefinition) string {
	var all []string
	for _, arg := range f.Arguments {
		if !arg.Type.NonNull && !d.chance(40) {
			continue
		}
		value := d.value(arg.Type, arg.Name, "", 1)
		text := d.literal(arg.Type, value)
		if d.chance(45) {
			text = d.variable(arg.Type.String(), value, text)
		}
		all = append(all, arg.Name+": "+text)
	}
	if len(all) == 0 {
		return ""
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// suffixes of the conditions of a filter, the longer ones first.
var suffixes = []string{"EqualFold", "ContainsFold", "HasPrefix", "HasSuffix", "Contains", "NotNil", "IsNil", "NotIn", "NEQ", "GTE", "LTE", "GT", "LT", "In"}

// filter draws a tree of conditions, of which most hold for some rows.
func (d *drawing) filter(def *ast.Definition, depth int) map[string]any {
	conditions := map[string]any{}
	for range pick(d, []int{0, 1, 1, 1, 2, 2, 3}) {
		f := pick(d, def.Fields)
		if d.chance(25) {
			if joined := def.Fields.ForName(pick(d, []string{"and", "or", "not"})); joined != nil {
				f = joined
			}
		}
		nests := d.schema.Types[f.Type.Name()].Kind == ast.InputObject
		if nests && depth == 0 {
			continue
		}
		if strings.HasPrefix(f.Name, "has") {
			d.uses["condition on an edge"] = true
		}
		conditions[f.Name] = d.value(f.Type, f.Name, strings.TrimSuffix(def.Name, "WhereInput"), depth)
	}
	return conditions
}

// value draws a value of an input type as JSON has it: of the conditions of an
// entity mostly one that some row has.
func (d *drawing) value(t *ast.Type, name, entity string, depth int) any {
	if !t.NonNull && d.chance(4) {
		d.uses["null"] = true
		return nil
	}
	if t.Elem != nil {
		list := []any{}
		for range pick(d, []int{0, 1, 1, 2, 2, 3}) {
			list = append(list, d.value(t.Elem, name, entity, depth))
		}
		return list
	}
	def := d.schema.Types[t.Name()]
	switch def.Kind {
	case ast.Enum:
		return pick(d, def.EnumValues).Name
	case ast.InputObject:
		if strings.HasSuffix(def.Name, "WhereInput") {
			return d.filter(def, depth-1)
		}
		object := map[string]any{}
		for _, f := range def.Fields {
			if f.Type.NonNull || d.chance(30) {
				object[f.Name] = d.value(f.Type, f.Name, entity, depth-1)
			}
		}
		return object
	}
	if found, ok := d.known(def.Name, name, entity); ok && d.chance(75) {
		return found
	}
	return d.edge(def.Name, name, entity)
}

// known draws a value that a row has in the column that the condition is about.
func (d *drawing) known(kind, name, entity string) (any, bool) {
	if kind == "ID" {
		return d.idOf(d.target(name, entity)), true
	}
	for _, suffix := range suffixes {
		if cut, found := strings.CutSuffix(name, suffix); found {
			name = cut
			break
		}
	}
	rows := d.c.rows[entity]
	if rows == nil || len(rows.values[snake(name)]) == 0 {
		return nil, false
	}
	switch v := pick(d, rows.values[snake(name)]).(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), kind == "Time"
	case int64:
		switch kind {
		case "Boolean":
			return v != 0, true
		case "Int", "Int64":
			return v, v < 1<<31 && v >= -1<<31
		}
		return nil, false
	case bool:
		return v, kind == "Boolean"
	case string:
		if len(v) > 3 && d.chance(30) {
			v = v[:3] // of a prefix or a part
		}
		return strings.ToValidUTF8(v, ""), kind == "String"
	}
	return nil, false
}

// target is the entity that an id of this name is of.
func (d *drawing) target(name, entity string) string {
	for _, other := range []string{ent.TypeCustomer, ent.TypeUser, ent.TypeBooking, ent.TypeOrder, ent.TypeProduct} {
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(other)) {
			return other
		}
	}
	if entity == "" {
		return ent.TypeUser
	}
	return entity
}

func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// extremes are the values that scalars are drawn from, where no row is asked for.
var extremes = map[string][]any{
	"Int":       {0, 1, -1, 20, 2147483647, -2147483648},
	"Int64":     {0, 1, -1, 8000, 9007199254740991, -9007199254740991},
	"Boolean":   {true, false, true},
	"Time":      {"2030-01-08T09:00:00Z", "2030-01-08T10:00:00+01:00", "2029-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "2030-02-30T00:00:00Z", "2030-01-02T00:00:00Z", "2029-12-24T18:00:00+02:00", "2030-01-05T00:00:00.000001Z", "2030-01-08"},
	"Date":      {"2030-01-08", "0000-01-01", "1990-05-17", "2030-02-30", ""},
	"LocalTime": {"09:00", "24:00", ""},
	"Cursor":    {"", "x", "AAAA"},
}

func (d *drawing) edge(kind, name, entity string) any {
	switch {
	case kind == "ID":
		return d.idOf(d.target(name, entity))
	case extremes[kind] != nil:
		return pick(d, extremes[kind])
	}
	return pick(d, nasty)
}

// literal writes a value as the document does: enums and the keys of objects have no
// quotes.
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
	case map[string]any:
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
		return quote(v)
	}
	return fmt.Sprint(value)
}

// quote writes a string as GraphQL does, which is as JSON does without the escapes
// for HTML.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")
}
