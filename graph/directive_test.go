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
			if _, ok := all[def.Name+"."+f.Name]; !ok {
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
	cat := door{"hasPermission", "cat:read"}
	want := declarations{
		"Query.open": {kind: "public"}, "Query.cats": cat,
		"Cat.name": inherited, "Cat.secret": {"hasPermission", "cat:secret"},
		"Cat.kittens": cat, "Cat.friends": cat,
		"CatConnection.edges": inherited, "CatEdge.node": cat, "Stray.name": inherited,
	}
	got := declare(schema)
	for field, d := range want {
		if got[field] != d {
			t.Errorf("%s: %+v, want %+v", field, got[field], d)
		}
	}
	for _, closed := range []string{"Query.forgotten", "Query.forgottenCat", "Cat.stray"} {
		if d, ok := got[closed]; ok {
			t.Errorf("%s is open: %+v", closed, d)
		}
	}
}

func TestAFieldThatNobodyHasDeclaredIsClosed(t *testing.T) {
	asked := false
	ctx := graphql.WithFieldContext(t.Context(), &graphql.FieldContext{Object: "Cat", Field: graphql.CollectedField{Field: &ast.Field{Name: "name"}}})
	_, err := (&Resolver{}).guardFields(declarations{"Cat.other": inherited})(ctx, func(context.Context) (any, error) {
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
	ctx = context.WithValue(ctx, refusalsKey{}, &refusals{told: map[string]bool{"Cat.kittenscat:read": true}}) // on record already
	_, err := (&Resolver{}).guardFields(declarations{"Cat.kittens": {"hasPermission", "cat:read"}})(ctx, func(context.Context) (any, error) { return "seen", nil })
	if err == nil {
		t.Error("it is answered")
	}
}
