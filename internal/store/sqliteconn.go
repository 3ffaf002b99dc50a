package store

import (
	"context"
	"database/sql/driver"
	"errors"
)

// sqliteConn is what database/sql uses of a connection of the SQLite driver.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// sqliteRows is what it uses of the rows.
type sqliteRows interface {
	driver.RowsColumnTypeScanType
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
}

// keptWrites is how many statements that write a connection keeps prepared.
const keptWrites = 256

// watchedConn is a connection that keeps the statements prepared that write, and tells
// the ends of all. On PostgreSQL conn does the same.
type watchedConn struct {
	sqliteConn
	watch *watch
	kept  *stmtCache
}

// Close closes the connection and what it keeps.
func (c *watchedConn) Close() error {
	var errs []error
	for _, s := range c.kept.byText {
		errs = append(errs, s.stmt.Close())
	}
	clear(c.kept.byText)
	return errors.Join(append(errs, c.sqliteConn.Close())...)
}

// QueryContext runs a statement with rows.
func (c *watchedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	r := c.watch.begin(ctx, query)
	rows, err := c.sqliteConn.QueryContext(ctx, query, args)
	if err != nil {
		r.end(err)
		return nil, err
	}
	inner, ok := rows.(sqliteRows)
	if !ok {
		return nil, errors.Join(errors.New("store: the rows of the SQLite driver have lost a method"), rows.Close())
	}
	return &watchedRows{sqliteRows: inner, run: r}, nil
}

// ExecContext runs a statement without rows.
func (c *watchedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	r := c.watch.begin(ctx, query)
	res, err := c.exec(ctx, query, args)
	r.end(err)
	return res, err
}

// exec keeps the statement: to prepare one means to prepare the triggers that it sets
// off, and takes as long as to run it. SQLite prepares it again where the schema has
// changed.
func (c *watchedConn) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if s := c.kept.get(query); s != nil {
		return s.stmt.ExecContext(ctx, args)
	}
	if !cacheable(query, len(args)) {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	raw, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	prepared, ok := raw.(preparedStmt)
	if !ok {
		return nil, errors.Join(errors.New("store: the statement of the SQLite driver has lost a method"), raw.Close())
	}
	s, evicted := c.kept.put(query, prepared)
	if evicted != nil {
		if err := evicted.stmt.Close(); err != nil {
			return nil, err
		}
	}
	return s.stmt.ExecContext(ctx, args)
}

type watchedRows struct {
	sqliteRows
	run run
}

func (r *watchedRows) Next(dest []driver.Value) error { return r.run.next(r.sqliteRows.Next(dest)) }

func (r *watchedRows) Close() error {
	err := r.sqliteRows.Close()
	r.run.end(err)
	return err
}
