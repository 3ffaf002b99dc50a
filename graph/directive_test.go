package graph

import (
	"context"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/graph/generated"
)

func TestEveryFieldOfTheServedSchemaIsDeclared(t *testing.T) {
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{}}).Schema()
	all := declare(schema)
	for _, def := range schema.Types {
		if def.Kind != ast.Object || strings.HasPrefix(def.Name, "__") {
			continue
		}
		for _, f := range def.Fields {
			d := all.named[def.Name+"."+f.Name]
			if d == nil {
				t.Errorf("%s.%s declares nobody who may call it", def.Name, f.Name)
			}
		}
	}
}

func TestDeclarations(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		directive @public on FIELD_DEFINITION | OBJECT
		directive @authenticated on FIELD_DEFINITION | OBJECT
		directive @hasPermission(permission: String!) on FIELD_DEFINITION | OBJECT
		type Query {
			open: String @public
			forgotten: String
			forgottenCat: Cat
			cats: CatConnection! @hasPermission(permission: "cat:read")
		}
		type Cat @hasPermission(permission: "cat:read") { name: String secret: String @hasPermission(permission: "cat:secret") kittens: CatConnection friends: CatConnection @hasPermission(permission: "directory:read") stray: Stray }
		type CatConnection { edges: [CatEdge!]! }
		type CatEdge { node: Cat }
		type Stray { name: String }
	`})
	cat := needs("cat:read")
	want := map[string]door{
		"Query.open": {kind: "public"}, "Query.cats": cat,
		"Cat.name": inherited, "Cat.secret": needs("cat:secret"),
		"Cat.kittens": cat, "Cat.friends": cat,
		"CatConnection.edges": inherited, "CatEdge.node": cat, "Stray.name": inherited,
	}
	got := declare(schema)
	for field, d := range want {
		if f := got.named[field]; f == nil || f.door != d {
			t.Errorf("%s: %+v, want %+v", field, f, d)
		}
	}
	for _, closed := range []string{"Query.forgotten", "Query.forgottenCat", "Cat.stray"} {
		if d := got.named[closed]; d != nil {
			t.Errorf("%s is open: %+v", closed, d)
		}
	}
}

func TestAFieldThatNobodyHasDeclaredIsClosed(t *testing.T) {
	asked := false
	ctx := graphql.WithFieldContext(t.Context(), &graphql.FieldContext{Object: "Cat", Field: graphql.CollectedField{Field: &ast.Field{Name: "name"}}})
	_, err := (&Resolver{}).guardFields(&declarations{named: map[string]*declaration{"Cat.other": {door: inherited, silent: true}}})(ctx, func(context.Context) (any, error) {
		asked = true
		return "seen", nil
	})
	if err == nil || asked {
		t.Errorf("it is answered: %v", err)
	}
}

// TestTheMiddlewareAsksTheDoorItself: it does not rest on the directive that most
// fields have as well.
func TestTheMiddlewareAsksTheDoorItself(t *testing.T) {
	ctx := graphql.WithFieldContext(t.Context(), &graphql.FieldContext{Object: "Cat", Field: graphql.CollectedField{Field: &ast.Field{Name: "kittens"}}})
	ctx = context.WithValue(ctx, runningKey{}, &running{refusals: refusals{told: map[string]bool{"Cat.kittenscat:read": true}}}) // on record already
	_, err := (&Resolver{}).guardFields(&declarations{named: map[string]*declaration{"Cat.kittens": {door: needs("cat:read")}}})(ctx, func(context.Context) (any, error) { return "seen", nil })
	if err == nil {
		t.Error("it is answered")
	}
}

// TestADeclarationIsFoundByDefinitionAndByName: a field that is selected on an
// interface has the interface's definition, and the declaration of its object.
func TestADeclarationIsFoundByDefinitionAndByName(t *testing.T) {
	schema, all := generated.NewExecutableSchema(generated.Config{}).Schema(), graphFields()
	at := func(on, object, name string) *declaration {
		f := schema.Types[on].Fields.ForName(name)
		return all.of(&graphql.FieldContext{Object: object, Field: graphql.CollectedField{Field: &ast.Field{Name: name, Definition: f}}})
	}
	for _, c := range []struct{ on, object, name string }{{"Customer", "Customer", "notes"}, {"Node", "Customer", "id"}, {"Node", "Booking", "id"}} {
		if d := at(c.on, c.object, c.name); d == nil || d != all.named[c.object+"."+c.name] {
			t.Errorf("%s of %s: %+v", c.name, c.on, d)
		}
	}
	if d := at("Node", "Nobody", "id"); d != nil {
		t.Errorf("of a type that is none: %+v", d)
	}
}

// TestAFieldThatIsPassedOverHasNothingToAsk: the middleware leaves alone what has
// the door of the field above it, and is no root field.
func TestAFieldThatIsPassedOverHasNothingToAsk(t *testing.T) {
	silent := 0
	for name, d := range graphFields().named {
		object, _, _ := strings.Cut(name, ".")
		root := object == "Query" || object == "Mutation" || object == "Subscription"
		if d.silent != (d.door == inherited && !root) {
			t.Errorf("%s: %+v", name, d)
		}
		if d.silent {
			silent++
		}
	}
	if silent == 0 || !graphFields().named["Customer.notes"].own || graphFields().named["Customer.number"].own {
		t.Errorf("%d fields are passed over", silent)
	}
}
