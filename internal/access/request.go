package access

import "context"

// Request is what the logs say about the request that a change came with.
type Request struct {
	ID        string
	IP        string
	UserAgent string
	Operation string // the GraphQL operation's name, the job's kind, or the command
	Device    string // the device token that the client has shown; not for logs
	Purpose   string // what personal data are read for, as the client says; "": it does not
}

type requestKey struct{}

// WithRequest gives ctx the facts of its request.
func WithRequest(ctx context.Context, r Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestOf finds the facts of the request; all empty outside of one.
func RequestOf(ctx context.Context) Request {
	r, _ := ctx.Value(requestKey{}).(Request)
	return r
}

type deletedKey struct{}

// WithDeleted makes soft-deleted rows visible to the queries under ctx, for
// restore and retention. The row rules still apply.
func WithDeleted(ctx context.Context) context.Context {
	return context.WithValue(ctx, deletedKey{}, true)
}

// SeesDeleted says whether soft-deleted rows are asked for.
func SeesDeleted(ctx context.Context) bool {
	v, _ := ctx.Value(deletedKey{}).(bool)
	return v
}
