package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// Statement is one statement that the database has answered. Its arguments are
// not part of it: they are the data of people.
type Statement struct {
	Query  string        // its text, with placeholders
	Began  time.Time     // when it was sent
	Took   time.Duration // until its last row was read, or its rows were given up
	Rows   int           // that were read; 0 without rows
	Failed bool          // the text of the driver's error may hold values, and stays out
}

// Verb is the first word of the statement in capitals, such as SELECT; OTHER
// where it is none of the usual ones, so that it can be a label.
func (s Statement) Verb() string {
	switch verb := firstWord(s.Query); verb {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH":
		return verb
	default:
		return "OTHER"
	}
}

// Text is the statement's text, cut to the given length.
func (s Statement) Text(most int) string { return s.Query[:min(len(s.Query), most)] }

// Watch has each statement told to fn when it has ended, on the goroutine that
// ran it and with its connection still taken: fn asks nothing of the database.
// What begins and ends transactions is no statement here. Call it before the
// database is used; nil ends it.
func (db *DB) Watch(fn func(ctx context.Context, s Statement)) {
	if fn == nil {
		db.watch.told.Store(nil)
		return
	}
	db.watch.told.Store(&fn)
}

// Work counts what somebody asks of the database. It is safe for concurrent use.
type Work struct{ statements, rows atomic.Int64 }

// Statements is the number of statements so far.
func (w *Work) Statements() int64 { return w.statements.Load() }

// Rows is the number of rows read so far.
func (w *Work) Rows() int64 { return w.rows.Load() }

type workKey struct{}

// WithWork has everything that is asked of the database under ctx counted in w,
// and in no Work further out.
func WithWork(ctx context.Context, w *Work) context.Context {
	return context.WithValue(ctx, workKey{}, w)
}

// watch is what the connections of a database tell the ends of their statements.
type watch struct {
	told atomic.Pointer[func(context.Context, Statement)]
}

// run is one statement at work on one connection.
type run struct {
	watch *watch
	ctx   context.Context
	query string
	began time.Time
	rows  int
	fails bool
}

// begin is called when a statement is sent.
func (w *watch) begin(ctx context.Context, query string) run {
	return run{watch: w, ctx: ctx, query: query, began: time.Now()}
}

// next counts a row; err is what asking for it gave.
func (r *run) next(err error) error {
	switch {
	case err == nil:
		r.rows++
	case !errors.Is(err, io.EOF):
		r.fails = true
	}
	return err
}

// end is called once, when the statement has failed, was done, or its rows are
// closed.
func (r *run) end(err error) {
	// database/sql asks again on another connection, or in another way.
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, driver.ErrSkip) || r.watch == nil {
		return
	}
	if w, ok := r.ctx.Value(workKey{}).(*Work); ok {
		w.statements.Add(1)
		w.rows.Add(int64(r.rows))
	}
	if told := r.watch.told.Load(); told != nil {
		(*told)(r.ctx, Statement{Query: r.query, Began: r.began, Took: time.Since(r.began), Rows: r.rows, Failed: r.fails || err != nil})
	}
}
