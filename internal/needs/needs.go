// Package needs owns what the operations of a front end need of permissions, read
// off the doors that the published schema declares. It never asks who has them, and
// knows no database: whether a row is somebody's to see is not in a schema.
package needs

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Operation is what one named operation needs.
type Operation struct {
	Kind     string `json:"kind"`     // query, mutation or subscription
	SignedIn bool   `json:"signedIn"` // whether somebody must be

	// Needs are the permissions without which the operation gives nothing, at any
	// scope: how far one reaches decides about rows.
	Needs []string `json:"needs"`
	// Parts are those of its parts that are null without permissions, by the path of
	// answer names. What can be left out of an answer is no reason not to ask.
	Parts map[string][]string `json:"parts"`
	// Scopes are those at which a permission of Needs or Parts gives different rows or
	// reaches different objects, narrow to wide. One that is the same at any is not in it.
	Scopes map[string][]string `json:"scopes"`
}

// Of reads the documents, which may use each other's fragments, and gives what each
// operation needs, by name. Scopes gives those that make a difference to a permission.
// Its errors name the file and the line: a document that
// does not fit the schema, an operation without a name, and one name for two.
func Of(schema *ast.Schema, scopes func(permission string) []string, sources ...*ast.Source) (map[string]Operation, error) {
	all := &ast.QueryDocument{}
	for _, source := range sources {
		doc, err := parser.ParseQuery(source)
		if err != nil {
			return nil, err
		}
		all.Operations = append(all.Operations, doc.Operations...)
		all.Fragments = append(all.Fragments, doc.Fragments...)
	}
	if errs := validator.ValidateWithRules(schema, all, rules.NewDefaultRules()); len(errs) > 0 {
		return nil, errs
	}
	needs := make(map[string]Operation, len(all.Operations))
	for _, o := range all.Operations {
		if o.Name == "" {
			return nil, gqlerror.ErrorPosf(o.Position, "an operation without a name cannot be listed")
		}
		r := reader{schema: schema, parts: map[string][]string{}}
		r.read(o.SelectionSet, "", nil, false)
		for _, permissions := range r.parts {
			slices.Sort(permissions)
		}
		slices.Sort(r.whole)
		needs[o.Name] = Operation{
			Kind: string(o.Operation), SignedIn: r.signedIn, Needs: append([]string{}, r.whole...), Parts: r.parts, Scopes: r.scopes(scopes),
		}
	}
	return needs, nil
}

// reader collects what the doors on the way through one operation ask for.
type reader struct {
	schema   *ast.Schema
	signedIn bool
	whole    []string
	parts    map[string][]string
}

// scopes are those that make a difference, by permission.
func (r *reader) scopes(of func(permission string) []string) map[string][]string {
	all := map[string][]string{}
	for _, permissions := range append(slices.Collect(maps.Values(r.parts)), r.whole) {
		for _, p := range permissions {
			if scopes := of(p); len(scopes) > 0 {
				all[p] = scopes
			}
		}
	}
	return all
}

// read goes through a selection at the path. Part is the nearest answer above it
// that may be null; empty where that is the whole. Maybe says that the selection is
// one of several that an object may match.
func (r *reader) read(set ast.SelectionSet, part string, path []string, maybe bool) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.InlineFragment:
			r.read(s.SelectionSet, part, path, maybe || narrows(r.schema, s.ObjectDefinition, s.TypeCondition))
		case *ast.FragmentSpread:
			r.read(s.Definition.SelectionSet, part, path, maybe || narrows(r.schema, s.ObjectDefinition, s.Definition.TypeCondition))
		case *ast.Field:
			if strings.HasPrefix(s.Name, "__") {
				continue
			}
			here := append(slices.Clone(path), s.Alias)
			own := part
			// A field at the root that is refused leaves nothing of it, nullable or not.
			if len(path) > 0 && (!s.Definition.Type.NonNull || maybe) {
				own = strings.Join(here, ".")
			}
			r.ask(s.Definition.Directives, own)
			below := own
			if element := s.Definition.Type.Elem; element != nil && !element.NonNull {
				below = strings.Join(here, ".")
			}
			// The door of a type stands before each of its fields.
			if to := r.schema.Types[s.Definition.Type.Name()]; to.Kind == ast.Object {
				r.ask(to.Directives, below)
			}
			r.read(s.SelectionSet, below, here, false)
		}
	}
}

// narrows says whether a fragment on the type leaves out some of the objects.
func narrows(schema *ast.Schema, of *ast.Definition, to string) bool {
	return of != nil && to != "" && of.Name != to && schema.Types[of.Name].IsAbstractType()
}

// ask notes what a door asks for.
func (r *reader) ask(doors ast.DirectiveList, part string) {
	if doors.ForName("authenticated") != nil && part == "" {
		r.signedIn = true
	}
	for _, door := range doors.ForNames("hasPermission") {
		permission := door.Arguments.ForName("permission").Value.Raw
		switch {
		case part == "":
			r.signedIn = true
			if !slices.Contains(r.whole, permission) {
				r.whole = append(r.whole, permission)
			}
		case !slices.Contains(r.parts[part], permission):
			r.parts[part] = append(r.parts[part], permission)
		}
	}
}
