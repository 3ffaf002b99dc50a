package graph

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/graph/generated"
	"clinicgraph/graph/transport"
	"clinicgraph/internal/access"
	"clinicgraph/internal/paging"
)

// The limits of a request. Parsing deeper than the stack allows kills the
// process, and validation is quadratic in tokens: 1,000 take about 50 ms.
const (
	maxBody       = 100 << 10 // bytes
	maxTokens     = 1000
	maxErrors     = 10
	cachedQueries = 1000
)

// Options are the settings of the endpoint.
type Options struct {
	Log           *slog.Logger
	CursorKey     *paging.Key
	Introspection bool
	Documents     Documents // nil: every document is executed
}

// Handler serves the graph over POST. The viewer comes from the context.
func Handler(r *Resolver, o Options) http.Handler {
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: r, Directives: r.directives()})
	all := declare(schema.Schema())
	srv := handler.New(schema)
	srv.AddTransport(transport.POST{MaxBody: maxBody, Recover: recovered(o.Log)})
	srv.SetParserTokenLimit(maxTokens)
	srv.SetQueryCache(lru.New[*ast.QueryDocument](cachedQueries))
	srv.SetErrorPresenter(presenter(o.Log))
	srv.SetRecoverFunc(recovered(o.Log))
	srv.AroundResponses(cut)
	srv.Use(o.Documents)
	srv.Use(badBearer{all})
	if o.Introspection {
		srv.Use(extension.Introspection{})
	}
	srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		ctx = context.WithValue(ctx, refusalsKey{}, &refusals{told: map[string]bool{}})
		ctx = paging.WithKey(ctx, o.CursorKey)
		request := access.RequestOf(ctx)
		request.Operation = operationName(graphql.GetOperationContext(ctx))
		return next(access.WithRequest(ctx, request))
	})
	srv.AroundFields(r.guardFields(all))
	return srv
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
