package graph

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// Operation is what the log, the metrics and the traces learn of one operation
// when it has ended. It holds no variables and nobody's name.
type Operation struct {
	Type  string // query, mutation or subscription; "" when the document could not be read
	Name  string // what the client calls it, cut to 64 bytes: never a label of a metric
	Field string // its root field, "several" of them, or "": a bounded set
	Hash  string // of the document: SHA-256, the first 12 hexadecimal digits; "" without one

	Viewer     uuid.UUID // zero: anonymous
	Code       fault.Code
	Errors     int
	Refused    bool // nothing of it was executed
	Cost       int
	Statements int64 // of SQL
	Rows       int64 // read
	Answers    int   // one, or the events of a subscription
	Began      time.Time
	Took       time.Duration // of a subscription: how long it lived
	Slow       bool
}

// severalFields is the root field of an operation that has more than one.
const severalFields = "several"

// maxName is how much is kept of a name that a client has chosen.
const maxName = 64

// observer is the outermost extension: it sees every operation, those included
// that are refused before anything is executed, over every transport.
type observer struct {
	schema *ast.Schema
	log    *slog.Logger
	slow   time.Duration // 0: nothing is
	begin  func(context.Context, Operation) context.Context
	end    func(context.Context, Operation)
}

var _ interface {
	graphql.OperationParameterMutator
	graphql.OperationInterceptor
	graphql.ResponseInterceptor
} = (*observer)(nil)

// ExtensionName implements graphql.HandlerExtension.
func (*observer) ExtensionName() string { return "Observer" }

// Validate implements graphql.HandlerExtension.
func (o *observer) Validate(s graphql.ExecutableSchema) error {
	o.schema = s.Schema()
	return nil
}

// MutateOperationParameters keeps the document of an operation that the next
// extensions refuse: the executor would do so only after them.
func (*observer) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	oc := graphql.GetOperationContext(ctx)
	oc.RawQuery, oc.OperationName = p.Query, p.OperationName
	return nil
}

// running is an operation that has reached execution.
type running struct {
	op       Operation
	work     store.Work
	refusals refusals

	mu   sync.Mutex
	told bool // that it has ended
}

type runningKey struct{}

// runningOf gives the operation that ctx belongs to; nil where none is executed.
func runningOf(ctx context.Context) *running {
	run, _ := ctx.Value(runningKey{}).(*running)
	return run
}

// InterceptOperation observes an operation that reaches execution.
func (o *observer) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	run := &running{op: o.describe(graphql.GetOperationContext(ctx))}
	ctx = store.WithWork(context.WithValue(ctx, runningKey{}, run), &run.work)
	if o.begin != nil {
		ctx = o.begin(ctx, run.op)
	}
	answers := next(ctx)
	if run.op.Type != string(ast.Subscription) {
		return func(answering context.Context) *graphql.Response {
			answer := answers(answering)
			o.ended(ctx, run, answer, true)
			return answer
		}
	}
	// A subscription ends with an answer that is none, or with its context: then
	// nobody asks any more.
	stop := context.AfterFunc(ctx, func() { o.ended(ctx, run, nil, true) })
	return func(answering context.Context) *graphql.Response {
		answer := answers(answering)
		if answer == nil {
			stop()
		}
		o.ended(ctx, run, answer, answer == nil)
		return answer
	}
}

// ended notes an answer, and tells of the operation where that is its end.
func (o *observer) ended(ctx context.Context, run *running, answer *graphql.Response, end bool) {
	run.mu.Lock()
	defer run.mu.Unlock()
	run.op.note(answer)
	if !end || run.told {
		return
	}
	run.told = true
	run.op.Statements, run.op.Rows = run.work.Statements(), run.work.Rows()
	o.finish(ctx, run.op)
}

// InterceptResponse observes what is refused before it reaches execution.
func (o *observer) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	answer := next(ctx)
	if runningOf(ctx) != nil {
		return answer
	}
	op := Operation{Began: time.Now()}
	if graphql.HasOperationContext(ctx) {
		op = o.describe(graphql.GetOperationContext(ctx))
	}
	op.note(answer)
	op.Refused = true
	o.finish(ctx, op)
	return answer
}

// describe says what is known of an operation before it runs.
func (o *observer) describe(oc *graphql.OperationContext) Operation {
	op := Operation{Name: Clip(oc.OperationName)}
	switch known := askedOf(oc).known; {
	case known != nil:
		op = known.says
	case oc.Operation != nil:
		op = say(oc.RawQuery, oc.Operation)
	case oc.RawQuery != "":
		op.Hash = hashOf(oc.RawQuery)
	}
	if op.Began = oc.Stats.OperationStart; op.Began.IsZero() {
		op.Began = time.Now()
	}
	return op
}

// note adds an answer to what is known.
func (op *Operation) note(answer *graphql.Response) {
	if answer == nil {
		return
	}
	op.Answers++
	op.Errors += len(answer.Errors)
	if op.Code == "" && len(answer.Errors) > 0 {
		op.Code = codeOf(answer.Errors[0])
	}
	op.Refused = op.Answers == 1 && len(answer.Errors) > 0 && len(answer.Data) == 0
}

func codeOf(err *gqlerror.Error) fault.Code {
	switch code := err.Extensions["code"].(type) {
	case fault.Code:
		return code
	case string:
		return fault.Code(code)
	default:
		return fault.CodeInternal
	}
}

// finish tells everybody about an operation that has ended.
func (o *observer) finish(ctx context.Context, op Operation) {
	op.Took = time.Since(op.Began)
	op.Slow = o.slow > 0 && op.Took >= o.slow && op.Type != string(ast.Subscription)
	if v := access.FromContext(ctx); v != nil {
		op.Viewer = v.UserID
	}
	op.Cost = CostOf(ctx)
	if n, ok := ctx.Value(countKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
	if o.end != nil {
		o.end(ctx, op)
	}
	o.write(ctx, op)
}

// write is the one line of the log about an operation.
func (o *observer) write(ctx context.Context, op Operation) {
	level, message := slog.LevelInfo, "operation"
	if op.Slow {
		level, message = slog.LevelWarn, "slow operation"
	}
	if o.log == nil || !o.log.Enabled(ctx, level) {
		return
	}
	viewer := ""
	if op.Viewer != uuid.Nil {
		viewer = op.Viewer.String()
	}
	o.log.LogAttrs(ctx, level, message,
		slog.String("request_id", access.RequestOf(ctx).ID),
		slog.String("type", op.Type), slog.String("name", op.Name), slog.String("field", op.Field), slog.String("hash", op.Hash),
		slog.String("viewer", viewer), slog.String("code", op.Outcome()), slog.Int("errors", op.Errors),
		slog.Int("cost", op.Cost), slog.Int64("statements", op.Statements), slog.Int64("rows", op.Rows),
		slog.Int("answers", op.Answers), slog.Duration("took", op.Took))
}

// Outcome is the code of the first error, OK without one, or NONE where the
// context ended before there was an answer.
func (op Operation) Outcome() string {
	switch {
	case op.Code != "":
		return string(op.Code)
	case op.Answers == 0 && op.Type != string(ast.Subscription):
		return "NONE"
	default:
		return "OK"
	}
}

type countKey struct{}

// CountOperations gives a context in which the operations that end are counted,
// so that the HTTP side knows what has been logged already.
func CountOperations(ctx context.Context) (context.Context, *atomic.Int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, countKey{}, n), n
}

// Clip cuts a name that a client has chosen, for the log.
func Clip(name string) string {
	if len(name) > maxName {
		return name[:maxName]
	}
	return name
}
