package e2e

import (
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/graph"
)

// schema is the published graph.
var schema = func() *ast.Schema {
	text, err := graph.SDL()
	if err != nil {
		panic(err)
	}
	return gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphqls", Input: text})
}()

// listFields are the root fields that give connections of entities, with their
// entity.
func listFields() map[string]string {
	fields := map[string]string{}
	for _, f := range schema.Query.Fields {
		if entity, ok := strings.CutSuffix(f.Type.Name(), "Connection"); ok && ent.Meta[entity].Table != "" {
			fields[f.Name] = entity
		}
	}
	return fields
}
