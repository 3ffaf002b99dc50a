package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
)

// errNoConnection says that all connections were taken, or none could be opened.
var errNoConnection = errors.New("store: no connection to the database in time")

type patienceKey struct{}

// patiently gives a context that ends after the wait, unless a connection has
// taken up the work by then: see arrived. Zero is no limit. The caller calls done
// when the work has ended.
func patiently(ctx context.Context, wait time.Duration) (_ context.Context, done func()) {
	if wait == 0 {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(wait, func() { cancel(errNoConnection) })
	return context.WithValue(ctx, patienceKey{}, timer), func() { timer.Stop(); cancel(nil) }
}

// arrived is called by a connection when it takes up work: the wait is over.
func arrived(ctx context.Context) {
	if timer, ok := ctx.Value(patienceKey{}).(*time.Timer); ok {
		timer.Stop()
	}
}

// waited adds to an error that the wait is what ended the context.
func waited(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errNoConnection) {
		return fmt.Errorf("%w: %w", errNoConnection, err)
	}
	return err
}

// patientRows are rows whose context ends with them.
type patientRows struct {
	entsql.ColumnScanner
	done   func()
	closed bool
	err    error
}

// Close closes the rows. What Err says afterwards is not that the context has
// ended.
func (r *patientRows) Close() error {
	err := r.ColumnScanner.Close()
	if !r.closed {
		r.closed, r.err = true, r.ColumnScanner.Err()
		r.done()
	}
	return err
}

// Err gives the error that ended the rows early, if one did.
func (r *patientRows) Err() error {
	if r.closed {
		return r.err
	}
	return r.ColumnScanner.Err()
}
