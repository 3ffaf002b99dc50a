package app

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/graph"
	"clinicgraph/internal/access"
	"clinicgraph/internal/needs"
)

type schemaCmd struct {
	Print schemaPrint `cmd:"" help:"Print the SDL."`
	Needs schemaNeeds `cmd:"" help:"Print which permissions the operations of a front end need, as JSON."`
}

type schemaPrint struct{}

// Run prints the published schema.
func (schemaPrint) Run(con terminal) error {
	text, err := graph.SDL()
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(con.out, text)
	return err
}

type schemaNeeds struct {
	Files []string `arg:"" type:"existingfile" help:"Documents of GraphQL, which may use each other's fragments."`
}

// scopesOf are the scopes that make a difference to a permission.
func scopesOf(permission string) []string {
	for _, p := range access.Registry() {
		if p.Name == permission {
			return p.Scopes()
		}
	}
	return nil
}

// Run prints what the operations in the files need.
func (n schemaNeeds) Run(con terminal) error {
	text, err := graph.SDL()
	if err != nil {
		return err
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: text})
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	sources := make([]*ast.Source, len(n.Files))
	for i, file := range n.Files {
		document, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		sources[i] = &ast.Source{Name: file, Input: string(document)}
	}
	operations, err := needs.Of(schema, scopesOf, sources...)
	if err != nil {
		return err
	}
	lines, err := json.MarshalIndent(operations, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(con.out, string(lines))
	return err
}
