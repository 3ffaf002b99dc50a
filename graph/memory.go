package graph

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// memory keeps what several objects of one response ask for, so that it is read
// once: a hundred sessions of one user ask once what the user holds.
type memory struct {
	mu   sync.Mutex
	kept map[any]any

	reads reads
}

type memoryKey struct{}

// remembering gives each response a memory of its own: what one event of a
// subscription has read is old for the next.
func remembering(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	return next(context.WithValue(ctx, memoryKey{}, &memory{kept: map[any]any{}}))
}

// remember gives what read finds, which runs once for a key and response. In a
// mutation nothing is remembered: what one root field has changed the next must
// not know from before.
func remember[T any](ctx context.Context, key any, read func() (T, error)) (T, error) {
	m, ok := ctx.Value(memoryKey{}).(*memory)
	if !ok || graphql.GetOperationContext(ctx).Operation.Operation == "mutation" {
		return read()
	}
	m.mu.Lock()
	once, known := m.kept[key].(func() (T, error))
	if !known {
		once = sync.OnceValues(read)
		m.kept[key] = once
	}
	m.mu.Unlock()
	return once()
}
