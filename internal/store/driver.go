package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// ErrWriteOutsideTx refuses a statement that may write and is not in an
// explicit transaction. database/sql silently repeats such a statement when
// the connection breaks after it was sent, so it could take effect twice.
var ErrWriteOutsideTx = errors.New("store: write outside a transaction")

// ErrImplicitTx refuses the transactions that ent would open by itself for a
// write of several statements, and client.Tx with them: the verb owns its
// transaction.
var ErrImplicitTx = fmt.Errorf("%w: begin it with BeginTx", ErrWriteOutsideTx)

// Driver is the ent driver of an open database. Queries outside transactions
// go to the read pool, transactions to the write pool. There is no way around
// the refusal of writes outside transactions.
type Driver struct {
	dialect string
	write   *sql.DB
	read    *sql.DB
	reader  entsql.Conn
	wait    time.Duration // for a connection to PostgreSQL; 0 is as long as the context lasts
	rewrite func(query string, args []any) (string, []any)
}

var _ dialect.Driver = (*Driver)(nil)

func newDriver(name string, write, read *sql.DB) *Driver {
	return &Driver{dialect: name, write: write, read: read, reader: entsql.Conn{ExecQuerier: read}}
}

// Dialect is the name of the dialect as ent knows it.
func (d *Driver) Dialect() string { return d.dialect }

// Close does nothing, so that closing an ent client does not take the pools
// from the job queue: DB.Close closes them.
func (d *Driver) Close() error { return nil }

// Query runs a statement that only reads, outside any transaction.
func (d *Driver) Query(ctx context.Context, query string, args, v any) error {
	if !onlyReads(query) {
		return ErrWriteOutsideTx
	}
	if all, ok := args.([]any); ok && d.rewrite != nil {
		query, args = d.rewrite(query, all)
	}
	query, args = d.lists(query, args)
	ctx, done := patiently(ctx, d.wait)
	if err := d.reader.Query(ctx, query, args, v); err != nil {
		defer done()
		return waited(ctx, err)
	}
	if rows, ok := v.(*entsql.Rows); ok { // it is, or there was an error
		rows.ColumnScanner = &patientRows{ColumnScanner: rows.ColumnScanner, done: done}
	}
	return nil
}

// lists gives the lists of a statement as the database likes them best.
func (d *Driver) lists(query string, args any) (string, any) {
	if all, ok := args.([]any); ok && d.dialect == dialect.Postgres {
		return asArrays(query, all)
	}
	return query, args
}

// QueryContext is Query in the shape of database/sql. Its wait for a connection
// ends with ctx alone.
func (d *Driver) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if !onlyReads(query) {
		return nil, ErrWriteOutsideTx
	}
	return d.read.QueryContext(ctx, query, args...)
}

// Exec is refused.
func (d *Driver) Exec(context.Context, string, any, any) error { return ErrWriteOutsideTx }

// ExecContext is refused.
func (d *Driver) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, ErrWriteOutsideTx
}

// Tx is refused: see ErrImplicitTx.
func (d *Driver) Tx(context.Context) (dialect.Tx, error) { return nil, ErrImplicitTx }

// BeginTx starts a transaction, which ends with ctx at the latest. A read-only
// one runs on the read pool. On SQLite a writing one holds the only write lock
// from its begin to its end.
func (d *Driver) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	pool := d.write
	if opts != nil && opts.ReadOnly {
		pool = d.read
	}
	patient, done := patiently(ctx, d.wait)
	tx, err := pool.BeginTx(patient, opts)
	if err != nil {
		defer done()
		return nil, waited(patient, err)
	}
	t := &Tx{Conn: entsql.Conn{ExecQuerier: tx}, driver: d, ctx: ctx, tx: tx, done: done}
	if began, ok := ctx.Value(beganKey{}).(*began); ok {
		began.tx = t
	}
	return t, nil
}

// Begin starts a transaction through begin, the BeginTx method of an ent
// client, and gives beside begin's own result the transaction under it, which
// the ent client hides:
//
//	tx, stx, err := store.Begin(ctx, client.BeginTx, nil)
//
// Jobs are then enqueued in stx.SQL(), and tx.Commit ends both.
func Begin[T any](ctx context.Context, begin func(context.Context, *sql.TxOptions) (T, error), opts *sql.TxOptions) (T, *Tx, error) {
	var b began
	tx, err := begin(context.WithValue(ctx, beganKey{}, &b), opts)
	if err != nil {
		return tx, nil, err
	}
	if b.tx == nil {
		return tx, nil, errors.New("store: begin transaction: the client does not use a driver of this package")
	}
	return tx, b.tx, nil
}

// began carries the transaction from Driver.BeginTx back to Begin.
type began struct{ tx *Tx }

type beganKey struct{}

// Tx is an open transaction. Statements in it share one connection: the rows
// of one are closed before the next is sent.
type Tx struct {
	entsql.Conn
	driver *Driver
	ctx    context.Context
	tx     *sql.Tx
	done   func() // ends the context under it

	gathered []gathered
	waiting  inserts
	after    []func() // of AfterCommit
}

var (
	_ dialect.Tx = (*Tx)(nil)
	_ driver.Tx  = (*Tx)(nil)
)

// SQL is the transaction as database/sql knows it, for the job queue. It is
// committed and rolled back through Tx only, and does not see what waits to be sent.
func (t *Tx) SQL() *sql.Tx { return t.tx }

// Exec runs a statement without rows, or keeps it for later: see Together.
func (t *Tx) Exec(ctx context.Context, query string, args, v any) error {
	if kept, err := t.keep(ctx, query, args, v); kept || err != nil {
		return err
	}
	if err := t.send(ctx); err != nil {
		return err
	}
	query, args = t.driver.lists(query, args)
	return t.cause(t.Conn.Exec(ctx, query, args, v))
}

// Query runs a statement with rows.
func (t *Tx) Query(ctx context.Context, query string, args, v any) error {
	if err := t.send(ctx); err != nil {
		return err
	}
	query, args = t.driver.lists(query, args)
	return t.cause(t.Conn.Query(ctx, query, args, v))
}

// ExecContext is Exec in the shape of database/sql.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	return result, t.Exec(ctx, query, args, &result)
}

// QueryContext is Query in the shape of database/sql.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := t.send(ctx); err != nil {
		return nil, err
	}
	query, all := t.driver.lists(query, args)
	rows, err := t.tx.QueryContext(ctx, query, all.([]any)...)
	return rows, t.cause(err)
}

// Commit makes the transaction's writes lasting. An error that leaves open
// whether it did is ErrCommitUnknown in a fault of code UNAVAILABLE; after any
// other error nothing was written.
func (t *Tx) Commit() error {
	defer t.done()
	if err := t.ctx.Err(); err != nil {
		return errors.Join(err, ignoreTxDone(t.tx.Rollback()))
	}
	if err := t.writeGathered(); err != nil {
		return errors.Join(err, ignoreTxDone(t.tx.Rollback()))
	}
	if err := t.send(t.ctx); err != nil {
		return errors.Join(err, ignoreTxDone(t.tx.Rollback()))
	}
	err := t.tx.Commit()
	if err != nil && notCommitted(err) {
		return t.cause(err)
	}
	for _, do := range t.after {
		do()
	}
	if err != nil {
		return commitUnknown(err)
	}
	return nil
}

// Rollback undoes the transaction. Once the transaction has ended, by Commit or
// with its context, it does nothing. An error means that the connection is
// lost, and the transaction with it.
func (t *Tx) Rollback() error {
	defer t.done()
	return ignoreTxDone(t.tx.Rollback())
}

// cause adds why the transaction is gone when its context ended it: the error
// of the driver then only says that it is gone.
func (t *Tx) cause(err error) error {
	if err == nil || t.ctx.Err() == nil {
		return err
	}
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, driver.ErrBadConn) {
		return fmt.Errorf("%w: %w", context.Cause(t.ctx), err)
	}
	return err
}

func ignoreTxDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
