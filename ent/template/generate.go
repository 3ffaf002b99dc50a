// Package template owns how ent's and entgql's code is generated here: what the
// schemas' annotations turn into, the repairs of the upstream templates, and the
// entity part of the graph's SDL. It runs at generation time only; the server
// never imports it.
package template

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"github.com/vektah/gqlparser/v2/ast"
)

// Options gives everything that entc.Generate needs besides its configuration.
// The entity part of the SDL is written to the file sdl.
func Options(sdl string) ([]entc.Option, error) {
	repaired, err := repairedTemplates()
	if err != nil {
		return nil, err
	}
	ours, err := ownTemplates()
	if err != nil {
		return nil, err
	}
	graph, err := entgql.NewExtension(
		entgql.WithSchemaGenerator(),
		entgql.WithRelaySpec(true),
		// Appends the upstream template, so it stands before WithTemplates,
		// which replaces them all.
		entgql.WithWhereInputs(true),
		entgql.WithTemplates(append(repaired, ours...)...),
		entgql.WithSchemaHook(completeSDL),
		entgql.WithOutputWriter(func(s *ast.Schema) error { return writeSDL(sdl, s) }),
	)
	if err != nil {
		return nil, err
	}
	return []entc.Option{entc.Extensions(declarations{}, graph)}, nil
}

// declarations is the extension that reads our annotations before any other
// extension or template sees the graph.
type declarations struct{ entc.DefaultExtension }

func (declarations) Hooks() []gen.Hook {
	return []gen.Hook{func(next gen.Generator) gen.Generator {
		return gen.GenerateFunc(func(g *gen.Graph) error {
			if err := declare(g); err != nil {
				return err
			}
			return next.Generate(g)
		})
	}}
}
