package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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

type seenKey struct{}

// InterceptOperation observes an operation that reaches execution.
func (o *observer) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	op := o.describe(graphql.GetOperationContext(ctx))
	work := &store.Work{}
	ctx = store.WithWork(context.WithValue(ctx, seenKey{}, true), work)
	if o.begin != nil {
		ctx = o.begin(ctx, op)
	}
	answers := next(ctx)
	var once sync.Once
	done := func() {
		once.Do(func() {
			op.Statements, op.Rows = work.Statements(), work.Rows()
			o.finish(ctx, op)
		})
	}
	if op.Type != string(ast.Subscription) {
		return func(ctx context.Context) *graphql.Response {
			answer := answers(ctx)
			op.note(answer)
			done()
			return answer
		}
	}
	// A subscription ends with an answer that is none, or with its context: then
	// nobody asks any more.
	var mu sync.Mutex
	stop := context.AfterFunc(ctx, func() { mu.Lock(); defer mu.Unlock(); done() })
	return func(ctx context.Context) *graphql.Response {
		answer := answers(ctx)
		mu.Lock()
		defer mu.Unlock()
		op.note(answer)
		if answer == nil {
			stop()
			done()
		}
		return answer
	}
}

// InterceptResponse observes what is refused before it reaches execution.
func (o *observer) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	answer := next(ctx)
	if seen, _ := ctx.Value(seenKey{}).(bool); seen {
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
	op := Operation{Name: Clip(oc.OperationName), Began: oc.Stats.OperationStart}
	if op.Began.IsZero() {
		op.Began = time.Now()
	}
	if oc.RawQuery != "" {
		sum := sha256.Sum256([]byte(oc.RawQuery))
		op.Hash = hex.EncodeToString(sum[:6])
	}
	if oc.Operation != nil {
		op.Type = string(oc.Operation.Operation)
		op.Name = Clip(operationName(oc))
		op.Field = o.rootField(oc.Operation)
	}
	return op
}

// rootField is the root field of an operation, by its name in the schema and not
// by the client's. The document is valid.
func (o *observer) rootField(op *ast.OperationDefinition) (found string) {
	spread := map[string]bool{} // each fragment once: fragments fan out
	var walk func(ast.SelectionSet) bool
	walk = func(set ast.SelectionSet) bool {
		for _, s := range set {
			more := true
			switch s := s.(type) {
			case *ast.Field:
				if found != "" && found != s.Name {
					found = severalFields
					return false
				}
				found = s.Name
			case *ast.InlineFragment:
				more = walk(s.SelectionSet)
			case *ast.FragmentSpread:
				if !spread[s.Name] && s.Definition != nil {
					spread[s.Name] = true
					more = walk(s.Definition.SelectionSet)
				}
			}
			if !more {
				return false
			}
		}
		return true
	}
	walk(op.SelectionSet)
	return found
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
