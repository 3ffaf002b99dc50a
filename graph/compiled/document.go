package compiled

import (
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/internal/ids"
)

// document is what is known of a text before its variables are. It is used by many
// requests at once.
type document struct {
	never error        // why it has no plan, whatever its variables
	deps  []dependency // the variables that its form rests on
	forms formCache
}

// dependency is a variable and what of it decides the form.
type dependency struct {
	name  string
	typ   *ast.Type
	class dependencyClass
}

type dependencyClass byte

const (
	byPresence dependencyClass = iota // whether there is one
	byShape                           // which keys it has, and flags
	byValue                           // all of it: skip, include, first, orderBy
	byKind                            // which type the id is of
)

// read looks at the text once.
func (e *Engine) read(oc *graphql.OperationContext) *document {
	d := &document{}
	valued, kinds := map[string]bool{}, map[string]bool{}
	var values func(v *ast.Value)
	values = func(v *ast.Value) {
		if v.Kind == ast.Variable {
			valued[v.Raw] = true
		}
		for _, child := range v.Children {
			values(child.Value)
		}
	}
	directives := func(all ast.DirectiveList) {
		for _, used := range all {
			if used.Name != "skip" && used.Name != "include" {
				d.never = unplanned("directive @" + used.Name)
			}
			for _, a := range used.Arguments {
				values(a.Value)
			}
		}
	}
	var walk func(set ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				directives(s.Directives)
				for _, a := range s.Arguments {
					if slices.Contains(decisive, a.Name) {
						values(a.Value)
					}
					if s.Name == "node" && a.Value.Kind == ast.Variable {
						kinds[a.Value.Raw] = true
					}
				}
				walk(s.SelectionSet)
			case *ast.InlineFragment:
				directives(s.Directives)
				walk(s.SelectionSet)
			case *ast.FragmentSpread:
				directives(s.Directives)
			}
		}
	}
	directives(oc.Operation.Directives)
	walk(oc.Operation.SelectionSet)
	for _, f := range oc.Doc.Fragments {
		directives(f.Directives)
		walk(f.SelectionSet)
	}
	for _, v := range oc.Operation.VariableDefinitions {
		def := e.schema.Types[v.Type.Name()]
		dep := dependency{name: v.Variable, typ: v.Type}
		switch {
		case valued[v.Variable]:
			dep.class = byValue
		case kinds[v.Variable]:
			dep.class = byKind
		case v.Type.Elem != nil, def != nil && def.Kind == ast.InputObject, v.Type.Name() == "Boolean":
			dep.class = byShape
		case v.Type.NonNull:
			continue
		}
		d.deps = append(d.deps, dep)
	}
	return d
}

// decisive are the arguments whose values are in the text of a statement.
var decisive = []string{"first", "last", "orderBy"}

// form appends what of the variables decides the plan.
func (e *Engine) form(b []byte, d *document, variables map[string]any) []byte {
	for _, dep := range d.deps {
		value, given := variables[dep.name]
		switch {
		case !given:
			b = append(b, '-')
		case dep.class == byPresence && value != nil:
			b = append(b, '+')
		case dep.class == byPresence:
			b = append(b, '0')
		case dep.class == byKind:
			b = appendKind(b, value)
		case dep.class == byValue:
			b = appendValue(b, value)
		default:
			b = e.shape(b, dep.typ, value)
		}
		b = append(b, ';')
	}
	return b
}

// shape appends which keys an object has and how long its lists are, flags with their
// values, and of everything else whether it is there. Lists that are sent as one array
// have no length.
func (e *Engine) shape(b []byte, typ *ast.Type, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(b, '0')
	case bool:
		return strconv.AppendBool(b, v)
	case map[string]any:
		def := e.schema.Types[typ.Name()]
		keys := make([]string, 0, 8)
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		b = append(b, '{')
		for _, k := range keys {
			b = append(append(b, k...), ':')
			var of *ast.Type
			if def != nil {
				if f := def.Fields.ForName(k); f != nil {
					of = f.Type
				}
			}
			if of == nil {
				of = typ
			}
			b = append(e.shape(b, of, v[k]), ',')
		}
		return append(b, '}')
	case []any:
		if e.asArray(typ) {
			return append(b, 'L')
		}
		b = append(b, '[')
		for _, element := range v {
			b = append(e.shape(b, typ, element), ',')
		}
		return append(b, ']')
	}
	return append(b, '1')
}

// asArray says whether lists of the type are one argument, whatever their length.
func (e *Engine) asArray(typ *ast.Type) bool {
	if !e.postgres() {
		return false
	}
	switch name := typ.Name(); name {
	case "ID", "String", "Date":
		return true
	default:
		def := e.schema.Types[name]
		return def != nil && def.Kind == ast.Enum
	}
}

// appendKind appends the type that an id is of.
func appendKind(b []byte, value any) []byte {
	text, _ := value.(string)
	id, err := uuid.Parse(text)
	if err != nil {
		return append(b, '?')
	}
	kind, _ := ids.KindOf(id)
	return strconv.AppendInt(b, int64(kind), 10)
}

// appendValue appends all of a value, each kind so that no two are taken for one.
func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(b, '0')
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return strconv.AppendQuote(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case interface{ String() string }: // json.Number
		return append(b, v.String()...)
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		b = append(b, '{')
		for _, k := range keys {
			b = append(strconv.AppendQuote(b, k), ':')
			b = append(appendValue(b, v[k]), ',')
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for _, element := range v {
			b = append(appendValue(b, element), ',')
		}
		return append(b, ']')
	}
	return append(b, '?')
}
