package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/graph/compiled"
	"clinicgraph/graph/generated"
	"clinicgraph/internal/access"
	"clinicgraph/internal/guard"
	"clinicgraph/internal/ids"
)

// Planned is an operation of a front end and what compiled reads make of it.
type Planned struct {
	Operation string
	compiled.Explanation
}

// Plans says what compiled reads make of the operations in the documents, on the
// dialect of ent, for somebody with the role. Variables that must be given are, and
// the others are not. It asks no database. An error is that of a document.
func Plans(ctx context.Context, dialect string, role access.Role, documents ...string) ([]Planned, error) {
	next := generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{}})
	engine := compiled.New(next, compiled.Config{
		Dialect: dialect, Rules: guard.RulesFrom, Resolved: resolvedFields(), Personal: personalBit,
		Panicked: func(ctx context.Context, thrown any, _ []byte) {
			slog.ErrorContext(ctx, "compiled read panicked", slog.Any("panic", thrown))
		},
	})
	ctx = access.NewContext(ctx, exampleOf(role))
	var all []Planned
	for _, text := range documents {
		document, errs := gqlparser.LoadQueryWithRules(next.Schema(), text, nil)
		if len(errs) > 0 {
			return nil, errs
		}
		for _, op := range document.Operations {
			if op.Operation != ast.Query {
				continue
			}
			variables, err := exampleValues(next.Schema(), op)
			if err != nil {
				return nil, err
			}
			oc := &graphql.OperationContext{RawQuery: text, OperationName: op.Name, Doc: document, Operation: op, Variables: variables}
			all = append(all, Planned{op.Name, engine.Explain(graphql.WithOperationContext(ctx, oc), oc)})
		}
	}
	return all, nil
}

// exampleOf is somebody with one role, one unit and one profile.
func exampleOf(role access.Role) *access.Viewer {
	v := &access.Viewer{
		UserID: ids.New(ids.User), Username: "example", Practitioner: role.Name == access.RoleDoctor,
		Units: []uuid.UUID{ids.New(ids.OrganizationalUnit)}, Profiles: []uuid.UUID{ids.New(ids.Customer)},
	}
	for _, g := range role.Grants {
		v.Grants = append(v.Grants, access.Grant{Permission: g.Permission, Scope: g.Scope, Allowed: true, Source: access.SourceRole, Role: role.Name})
	}
	return v
}

// exampleValues gives the variables that must be given.
func exampleValues(schema *ast.Schema, op *ast.OperationDefinition) (map[string]any, error) {
	values := map[string]any{}
	for _, v := range op.VariableDefinitions {
		switch {
		case v.DefaultValue != nil:
			value, err := v.DefaultValue.Value(nil)
			if err != nil {
				return nil, fmt.Errorf("variable %s: %w", v.Variable, err)
			}
			values[v.Variable] = value
		case v.Type.NonNull:
			value, err := exampleValue(schema, v.Type)
			if err != nil {
				return nil, fmt.Errorf("variable %s: %w", v.Variable, err)
			}
			values[v.Variable] = value
		}
	}
	return values, nil
}

func exampleValue(schema *ast.Schema, typ *ast.Type) (any, error) {
	if typ.Elem != nil {
		element, err := exampleValue(schema, typ.Elem)
		return []any{element, element}, err
	}
	def := schema.Types[typ.NamedType]
	switch {
	case def.Kind == ast.Enum:
		return def.EnumValues[0].Name, nil
	case def.Kind == ast.InputObject:
		object := map[string]any{}
		for _, f := range def.Fields {
			if f.Type.NonNull && f.DefaultValue == nil {
				value, err := exampleValue(schema, f.Type)
				if err != nil {
					return nil, err
				}
				object[f.Name] = value
			}
		}
		return object, nil
	}
	examples := map[string]any{
		"ID": ids.New(ids.Booking).String(), "String": "example", "Int": int64(20), "Int64": int64(20), "Boolean": true,
		"Time": "2026-01-31T09:30:00Z", "Date": "2026-01-31",
	}
	if value, ok := examples[typ.NamedType]; ok {
		return value, nil
	}
	return nil, errors.New("there is no example of the type " + typ.NamedType)
}
