package graph

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"clinicgraph/graph/generated"
)

// SDL is the whole published graph: types and root fields sorted, all described,
// and without the directives that only the generator needs.
func SDL() (string, error) {
	// The served schema is shared: it is copied before it is changed.
	text := format(generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{}}).Schema())
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: text})
	if err != nil {
		return "", fmt.Errorf("read the schema back: %w", err)
	}
	for name := range schema.Directives {
		if ofGenerator(name) {
			delete(schema.Directives, name)
		}
	}
	for _, def := range schema.Types {
		def.Directives = published(def.Directives)
		for _, f := range def.Fields {
			f.Directives = published(f.Directives)
			for _, a := range f.Arguments {
				a.Directives = published(a.Directives)
			}
		}
		for _, v := range def.EnumValues {
			v.Directives = published(v.Directives)
		}
	}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if root != nil {
			slices.SortFunc(root.Fields, func(a, b *ast.FieldDefinition) int { return cmp.Compare(a.Name, b.Name) })
		}
	}
	return format(schema), nil
}

func format(schema *ast.Schema) string {
	var out bytes.Buffer
	formatter.NewFormatter(&out, formatter.WithIndent("  ")).FormatSchema(schema)
	return out.String()
}

// ofGenerator says whether a directive speaks to gqlgen and not to clients.
func ofGenerator(name string) bool { return strings.HasPrefix(name, "go") }

func published(all ast.DirectiveList) ast.DirectiveList {
	return slices.DeleteFunc(slices.Clone(all), func(d *ast.Directive) bool { return ofGenerator(d.Name) })
}
