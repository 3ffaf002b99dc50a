package graph

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/graph/generated"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/paging"
)

// The limits of a document. Parsing deeper than the stack allows kills the
// process, and validation is quadratic in tokens: 1,000 take about 50 ms.
const (
	maxTokens     = 1000
	cachedQueries = 1000
)

// Options are the settings of the endpoint.
type Options struct {
	Log           *slog.Logger
	CursorKey     *paging.Key
	Introspection bool
}

// Handler serves the graph over POST. The viewer comes from the context.
func Handler(r *Resolver, o Options) http.Handler {
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: r, Directives: r.directives()})
	all := declare(schema.Schema())
	srv := handler.New(schema)
	srv.AddTransport(transport.POST{})
	srv.SetParserTokenLimit(maxTokens)
	srv.SetQueryCache(lru.New[*ast.QueryDocument](cachedQueries))
	srv.SetErrorPresenter(presenter(o.Log))
	srv.SetRecoverFunc(recovered(o.Log))
	if o.Introspection {
		srv.Use(extension.Introspection{})
	}
	srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		oc := graphql.GetOperationContext(ctx)
		if presentedBadToken(ctx) && !allPublic(oc, all) {
			answerStatus(ctx, http.StatusUnauthorized)
			return refuse(ctx, fault.New(fault.CodeUnauthenticated, "The access token is not good, or no longer."))
		}
		ctx = context.WithValue(ctx, refusalsKey{}, &refusals{told: map[string]bool{}})
		ctx = paging.WithKey(ctx, o.CursorKey)
		request := access.RequestOf(ctx)
		request.Operation = operationName(oc)
		return next(access.WithRequest(ctx, request))
	})
	srv.AroundFields(r.guardFields(all))
	return srv
}

// refuse answers the operation with one error and no data.
func refuse(ctx context.Context, f *fault.Error) graphql.ResponseHandler {
	return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{{Message: f.Message, Extensions: extensions(ctx, f)}}})
}

// allPublic says whether every root field of the operation is @public: signing
// in and refreshing work with an access token that has expired.
func allPublic(oc *graphql.OperationContext, all declarations) bool {
	object := "Query"
	if oc.Operation.Operation == ast.Mutation {
		object = "Mutation"
	}
	for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{object}) {
		if all[object+"."+f.Name].kind != "public" {
			return false
		}
	}
	return true
}

// operationName is what the logs call an operation: its name, or its first root
// field.
func operationName(oc *graphql.OperationContext) string {
	if oc.OperationName != "" {
		return oc.OperationName
	}
	if oc.Operation.Name != "" {
		return oc.Operation.Name
	}
	for _, s := range oc.Operation.SelectionSet {
		if f, ok := s.(*ast.Field); ok {
			return f.Name
		}
	}
	return ""
}
