package graph

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/graph/compiled"
	"clinicgraph/graph/generated"
	"clinicgraph/graph/transport"
	"clinicgraph/internal/access"
	"clinicgraph/internal/paging"
)

// initTimeout is how long a socket waits for its first message.
const initTimeout = 5 * time.Second

// Options are the settings of the endpoint.
type Options struct {
	Log           *slog.Logger
	CursorKey     *paging.Key
	Introspection bool
	Documents     Documents // nil: every document is executed
	Limits        Limits    // zero: DefaultLimits
	GET           bool      // queries are served by GET, too

	// Of subscriptions: who holds an access token, the other origins whose pages
	// may connect, and how many operations a socket carries.
	Authenticate func(ctx context.Context, token string) (*access.Viewer, error)
	Origins      []string
	Operations   int
	Now          func() time.Time

	// Charge is asked before an operation runs, where it is set: what it costs, and
	// its sensitive mutation, if it has one. Its error is the answer.
	Charge func(ctx context.Context, cost int, sensitive string) error

	// Reads answers queries by plans where it is set.
	Reads *Reads

	// SlowOperation is from when on an operation is logged as a slow one; 0 is
	// never. Begin and End may be nil: the first is told of an operation before it
	// runs, the second of every one that has ended.
	SlowOperation time.Duration
	Begin         func(context.Context, Operation) context.Context
	End           func(context.Context, Operation)
}

// Endpoint serves the graph. The viewer of a request comes from its context, that
// of a socket from its first message.
type Endpoint struct {
	http.Handler
	Reads   *compiled.Engine // nil: the executor answers everything
	streams *transport.Streams
}

// Close ends all subscriptions and takes no more: sockets close with 1001. What
// has not ended when ctx does is cut off.
func (e *Endpoint) Close(ctx context.Context) error { return e.streams.Close(ctx) }

// Handler puts the endpoint together.
func Handler(r *Resolver, o Options) *Endpoint {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	whole := generated.NewExecutableSchema(generated.Config{}).Schema()
	schema := generated.NewExecutableSchema(generated.Config{Schema: served(whole), Resolvers: r, Directives: r.directives()})
	all := declare(schema.Schema())
	limits := newLimiter(o, schema.Schema())
	var reads *compiled.Engine
	if o.Reads != nil {
		reads = plans(schema, r.Client, o.Reads, o.Log)
		schema = reads
	}
	srv := handler.New(schema)
	streams, maxBody := &transport.Streams{}, int64(o.Limits.BodyBytes)
	srv.AddTransport(&transport.WebSocket{
		Hub: r.Live, Streams: streams, Authenticate: o.Authenticate, Origins: o.Origins, Operations: o.Operations, Depth: o.Limits.JSONDepth,
		InitTimeout: initTimeout, Now: o.Now, Recover: recovered(o.Log),
	})
	srv.AddTransport(&transport.SSE{Hub: r.Live, Streams: streams, MaxBody: maxBody, Depth: o.Limits.JSONDepth, Now: o.Now, Recover: recovered(o.Log)})
	if o.GET {
		srv.AddTransport(transport.GET{Depth: o.Limits.JSONDepth, Recover: recovered(o.Log)})
		srv.Use(transport.QueriesByGET{})
	}
	srv.AddTransport(transport.POST{MaxBody: maxBody, Depth: o.Limits.JSONDepth, Recover: recovered(o.Log), GET: o.GET})
	srv.SetParserTokenLimit(o.Limits.Tokens)
	srv.SetQueryCache(limits.kept)
	srv.SetDisableSuggestion(!o.Introspection)
	srv.SetValidationRulesFn(validation(o.Introspection, o.Limits.Errors))
	srv.SetErrorPresenter(presenter(o.Log))
	srv.SetRecoverFunc(recovered(o.Log))
	// The first extension is the outermost.
	srv.Use(&observer{log: o.Log, slow: o.SlowOperation, begin: o.Begin, end: o.End})
	srv.AroundResponses(cut(o.Limits.Errors))
	srv.Use(o.Documents)
	srv.Use(badBearer{all})
	srv.Use(limits) // after what settles which document runs, and for whom
	if o.Introspection {
		srv.Use(extension.Introspection{})
	}
	srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		ctx = paging.WithKey(ctx, o.CursorKey)
		request := access.RequestOf(ctx)
		request.Operation = operationName(graphql.GetOperationContext(ctx).Operation)
		return next(access.WithRequest(ctx, request))
	})
	srv.AroundResponses(remembering)
	srv.AroundResponses(r.recording)
	srv.AroundFields(r.guardFields(all))
	return &Endpoint{srv, reads, streams}
}

// operationName is what the logs call an operation: its name, or its first root
// field.
func operationName(operation *ast.OperationDefinition) string {
	if operation.Name != "" {
		return operation.Name
	}
	for _, s := range operation.SelectionSet {
		if f, ok := s.(*ast.Field); ok {
			return f.Name
		}
	}
	return ""
}
