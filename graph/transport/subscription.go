package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/internal/fault"
)

// subscription is one that runs, over whatever carries it.
type subscription struct {
	ctx       context.Context
	exec      graphql.GraphExecutor
	recover   graphql.RecoverFunc
	responses graphql.ResponseHandler
}

// subscribe has the executor look at a subscription, with the rights of this
// moment, and start it: the same way as POST, and so under the same limits. What
// cannot be started is refused.
func subscribe(ctx context.Context, exec graphql.GraphExecutor, recovered graphql.RecoverFunc, renew func(context.Context) error, params *graphql.RawParams) (s *subscription, refused *graphql.Response) {
	defer func() {
		if thrown := recover(); thrown != nil {
			s, refused = nil, Refuse(refusable(ctx), exec, recovered(ctx, thrown))
		}
	}()
	ctx = graphql.StartOperationTrace(ctx)
	if err := renew(ctx); err != nil {
		return nil, Refuse(refusable(ctx), exec, err)
	}
	operation, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) == 0 && operation.Operation.Operation != ast.Subscription {
		errs = gqlerror.List{gqlerror.Wrap(fault.New(fault.CodeBadUserInput, "Queries and mutations are asked with POST and Accept: application/json."))}
	}
	if len(errs) > 0 {
		return nil, exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs)
	}
	responses, ctx := exec.DispatchOperation(ctx, operation)
	return &subscription{ctx, exec, recovered, responses}, nil
}

// next waits for a result. The last one is a refusal without data, or nil where
// the subscription has just ended. A panic ends this subscription alone.
func (s *subscription) next() (resp *graphql.Response, last bool) {
	defer func() {
		if thrown := recover(); thrown != nil {
			resp, last = Refuse(s.ctx, s.exec, s.recover(s.ctx, thrown)), true
		}
	}()
	if resp = s.responses(s.ctx); resp != nil {
		return resp, resp.Data == nil && len(resp.Errors) > 0
	}
	// Who ends a subscription for a reason that the client should know gives it as
	// the cause.
	if f, ok := fault.As(context.Cause(s.ctx)); ok {
		return Refuse(s.ctx, s.exec, f), true
	}
	return nil, true
}

// refusable gives a context in which an error can be presented before there is an
// operation.
func refusable(ctx context.Context) context.Context {
	return graphql.WithOperationContext(ctx, &graphql.OperationContext{})
}
