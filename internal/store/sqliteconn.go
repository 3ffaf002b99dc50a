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

// watchedConn is a connection that tells the ends of its statements. On
// PostgreSQL conn does the same beside its own work.
type watchedConn struct {
	sqliteConn
	watch *watch
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
	res, err := c.sqliteConn.ExecContext(ctx, query, args)
	r.end(err)
	return res, err
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
