package graph

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// TestASubscriptionThatNobodyAsksAnyMoreHasEnded: what carries it may be gone
// before it has asked for the answer that says so.
func TestASubscriptionThatNobodyAsksAnyMoreHasEnded(t *testing.T) {
	for name, asked := range map[string]int{"once its context ends": 0, "and is counted once": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ended := 0
				o := &observer{log: slog.New(slog.DiscardHandler), schema: &ast.Schema{}, end: func(context.Context, Operation) { ended++ }}
				ctx, cancel := context.WithCancel(graphql.WithOperationContext(t.Context(), &graphql.OperationContext{
					Operation: &ast.OperationDefinition{Operation: ast.Subscription},
				}))
				answers := o.InterceptOperation(ctx, func(context.Context) graphql.ResponseHandler {
					return func(ctx context.Context) *graphql.Response {
						if ctx.Err() != nil {
							return nil
						}
						return &graphql.Response{}
					}
				})
				answers(ctx)
				if ended != 0 {
					t.Error("it has ended while it lasts")
				}
				cancel()
				synctest.Wait()
				for range asked {
					answers(ctx)
				}
				if ended != 1 {
					t.Errorf("its end is told %d times", ended)
				}
			})
		})
	}
}
