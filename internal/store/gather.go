package store

import "context"

// gathered is what one part of the program gathers in a transaction.
type gathered struct {
	what  any
	write func(context.Context) error
}

// Gather gives the transaction's own T, a zero one at first, and has write called
// with it by Commit before anything is committed: for rows that are written
// together rather than one by one. An error of write undoes the transaction.
func Gather[T any](t *Tx, write func(context.Context, *T) error) *T {
	for _, g := range t.gathered {
		if what, ok := g.what.(*T); ok {
			return what
		}
	}
	what := new(T)
	t.gathered = append(t.gathered, gathered{what, func(ctx context.Context) error { return write(ctx, what) }})
	return what
}

// writeGathered writes what was gathered, together with what waits.
func (t *Tx) writeGathered() error {
	ctx := t.ctx
	if len(t.waiting.texts) > 0 {
		ctx = Together(ctx)
	}
	for _, g := range t.gathered {
		if err := g.write(ctx); err != nil {
			return err
		}
	}
	return nil
}
