package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/internal/fault"
)

// Bearer is what the authentication middleware tells the endpoint about the
// request's token.
type Bearer struct {
	Presented bool // a token came with the request
	Bad       bool // and it was refused
}

type bearerKey struct{}

// WithBearer puts the facts about the request's token into its context.
func WithBearer(ctx context.Context, b Bearer) context.Context {
	return context.WithValue(ctx, bearerKey{}, b)
}

func bearerOf(ctx context.Context) Bearer {
	b, _ := ctx.Value(bearerKey{}).(Bearer)
	return b
}

// badBearer refuses the operations of a request whose token is bad, unless every
// root field is @public: signing in and refreshing work with an access token that
// has expired.
type badBearer struct{ all *declarations }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = badBearer{}

// ExtensionName implements graphql.HandlerExtension.
func (badBearer) ExtensionName() string { return "BadBearer" }

// Validate implements graphql.HandlerExtension.
func (badBearer) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (b badBearer) MutateOperationContext(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	if !bearerOf(ctx).Bad || b.allPublic(oc) {
		return nil
	}
	return gqlerror.Wrap(fault.New(fault.CodeUnauthenticated, "The access token is not good, or no longer."))
}

func (b badBearer) allPublic(oc *graphql.OperationContext) bool {
	object := rootType(oc.Operation)
	for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{object}) {
		if d := b.all.named[object+"."+f.Name]; d == nil || d.kind != "public" {
			return false
		}
	}
	return true
}

// rootType names the type of an operation's root fields.
func rootType(operation *ast.OperationDefinition) string {
	switch operation.Operation {
	case ast.Mutation:
		return "Mutation"
	case ast.Subscription:
		return "Subscription"
	default:
		return "Query"
	}
}
