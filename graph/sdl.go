package graph

import (
	"bytes"

	"github.com/vektah/gqlparser/v2/formatter"

	"clinicgraph/graph/generated"
)

// SDL is the whole published graph: sorted, described, and without anything that
// only the generator needs.
func SDL() string {
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{}}).Schema()
	for _, name := range []string{"goModel", "goField", "goTag", "goEnum", "goExtraField"} {
		delete(schema.Directives, name)
	}
	var out bytes.Buffer
	formatter.NewFormatter(&out, formatter.WithIndent("  ")).FormatSchema(schema)
	return out.String()
}
