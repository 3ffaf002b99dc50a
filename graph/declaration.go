package graph

import (
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/graph/generated"
)

// declaration is what the schema says of a field, as far as the door must know it
// before anybody asks.
type declaration struct {
	door     // the one in front of it that gqlgen does not run by itself
	object   string
	silent   bool   // it has the door of what leads to it, and nothing happens after it
	own      bool   // it is a plain field with a permission of its own ("Customer.notes")
	wide     string // the permission of its type
	personal int    // its bit among the fields whose readers are on record; -1: it is none
}

// declarations are those of the schema's fields. A field that is not among them has
// no declaration, and is closed.
type declarations struct {
	named map[string]*declaration // by "Customer.bookings"
	// defined is the same by definition, which takes no name to be put together: that
	// of an object type is met on its objects alone. A field that was selected on an
	// interface has that one's definition, and is found by name.
	defined map[*ast.FieldDefinition]*declaration
}

// graphFields are the declarations of the graph.
var graphFields = sync.OnceValue(func() *declarations {
	return declare(generated.NewExecutableSchema(generated.Config{}).Schema())
})

// of finds the declaration of the field at hand; nil where it has none.
func (all *declarations) of(fc *graphql.FieldContext) *declaration {
	if d := all.defined[fc.Field.Definition]; d != nil {
		return d
	}
	return all.named[fc.Object+"."+fc.Field.Name]
}

// ownDoor says whether the field is a plain one with a permission of its own.
func (all *declarations) ownDoor(fc *graphql.FieldContext) bool {
	d := all.of(fc)
	return d != nil && d.own
}

// inherited is the door of a field below one that has asked already: connections,
// edges, payloads, page info, and the plain fields of a type.
var inherited = door{kind: "public"}

// declare reads the declarations off the schema.
func declare(schema *ast.Schema) *declarations {
	all := &declarations{map[string]*declaration{}, map[*ast.FieldDefinition]*declaration{}}
	for _, def := range schema.Types {
		if def.Kind != ast.Object || strings.HasPrefix(def.Name, "__") {
			continue
		}
		root := def == schema.Query || def == schema.Mutation || def == schema.Subscription
		for _, f := range def.Fields {
			d, ok := inherited, true
			if !strings.HasPrefix(f.Name, "__") {
				d, ok = declared(schema, f, root)
			}
			if !ok {
				continue
			}
			bit, isPersonal := personalBit[def.Name+"."+f.Name]
			if !isPersonal {
				bit = -1
			}
			found := &declaration{
				door: d, object: def.Name, silent: d == inherited && !root,
				own: ownDoor(schema, def, f), wide: ent.Meta[def.Name].Permission, personal: bit,
			}
			all.named[def.Name+"."+f.Name], all.defined[f] = found, found
		}
	}
	return all
}

// ownDoor says whether a field of an entity gives no object and has a permission of
// its own.
func ownDoor(schema *ast.Schema, def *ast.Definition, f *ast.FieldDefinition) bool {
	target := schema.Types[f.Type.Name()]
	d, own := doorOf(f.Directives)
	return ent.Meta[def.Name].Permission != "" && own && d.kind == "hasPermission" && target != nil && target.Kind != ast.Object
}

// declared finds the door of one field that gqlgen does not run by itself. It
// runs those of the field and of the type that the field gives; a connection is a
// type without one, so that here the door of what it pages through is asked: a
// caller who may not read that type gets a refusal and not an empty list.
func declared(schema *ast.Schema, f *ast.FieldDefinition, root bool) (door, bool) {
	target := schema.Types[f.Type.Name()]
	own, hasOwn := doorOf(f.Directives)
	if target == nil || target.Kind != ast.Object {
		if hasOwn {
			return own, true
		}
		return inherited, !root
	}
	if node, ok := strings.CutSuffix(target.Name, "Connection"); ok && schema.Types[node] != nil && schema.Types[node].Kind == ast.Object {
		return doorOf(schema.Types[node].Directives)
	}
	if hasOwn {
		return own, true
	}
	if d, ok := doorOf(target.Directives); ok {
		return d, !root
	}
	return inherited, !root && inherits(target.Name)
}

// inherits names the types without a door of their own: what leads to them has
// asked.
func inherits(name string) bool {
	return name == "PageInfo" || name == "Money" || strings.HasSuffix(name, "Edge") || strings.HasSuffix(name, "Payload")
}

func doorOf(directives ast.DirectiveList) (door, bool) {
	for _, kind := range []string{"public", "authenticated"} {
		if directives.ForName(kind) != nil {
			return door{kind: kind}, true
		}
	}
	if d := directives.ForName("hasPermission"); d != nil {
		return needs(d.Arguments.ForName("permission").Value.Raw), true
	}
	return door{}, false
}
