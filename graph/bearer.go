package graph

import (
	"context"
)

// Bearer is what the authentication middleware tells the endpoint about the
// request's token, and how the endpoint sets the status of the answer.
type Bearer struct {
	Presented bool           // a token came with the request
	Bad       bool           // and it was refused
	Status    func(code int) // sets the status of the answer, before its first byte
}

type bearerKey struct{}

// WithBearer puts the facts about the request's token into its context.
func WithBearer(ctx context.Context, b Bearer) context.Context {
	return context.WithValue(ctx, bearerKey{}, b)
}

func presentedToken(ctx context.Context) bool {
	b, _ := ctx.Value(bearerKey{}).(Bearer)
	return b.Presented
}

func presentedBadToken(ctx context.Context) bool {
	b, _ := ctx.Value(bearerKey{}).(Bearer)
	return b.Bad
}

func answerStatus(ctx context.Context, code int) {
	if b, _ := ctx.Value(bearerKey{}).(Bearer); b.Status != nil {
		b.Status(code)
	}
}
