package store

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// errRowsOpen refuses a statement on a connection that still has the rows of
// another one to deliver. lib/pq would lose the thread of the protocol and the
// connection with it.
var errRowsOpen = errors.New("store: the rows of the previous statement on this connection are still open")

// cachingConnector opens connections of lib/pq that keep their prepared
// statements.
type cachingConnector struct {
	driver.Connector
	limit    int // statements per connection; 0 keeps none
	counters *cacheCounters
	watch    *watch
}

func (c cachingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	raw, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := raw.(pqConn)
	if !ok {
		return nil, errors.Join(errors.New("store: lib/pq's connection has lost a method"), raw.Close())
	}
	return &conn{pqConn: inner, cache: newStmtCache(c.limit), counters: c.counters, watch: c.watch}, nil
}

// pqConn is what database/sql uses of a connection of lib/pq.
type pqConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// preparedStmt is what is used of a statement of lib/pq.
type preparedStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// conn is a connection with its prepared statements. Methods that are not
// spelled out here are lib/pq's own.
type conn struct {
	pqConn
	cache    *stmtCache
	counters *cacheCounters
	watch    *watch
	inTx     bool
	rowsOpen bool
	spoilt   bool // a cancel request may still be on its way to the server
}

// IsValid keeps the connection out of the pool when a statement on it was
// cancelled: lib/pq sends the cancel request on another connection and would
// let it hit the next statement, which is somebody else's.
func (c *conn) IsValid() bool { return !c.spoilt && c.pqConn.IsValid() }

// ResetSession is asked before a connection is used again.
func (c *conn) ResetSession(ctx context.Context) error {
	if c.spoilt {
		return driver.ErrBadConn
	}
	return c.pqConn.ResetSession(ctx)
}

// BeginTx starts a transaction and notes that errors in it end it.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	arrived(ctx)
	tx, err := c.pqConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	c.inTx = true
	return connTx{Tx: tx, conn: c}, nil
}

type connTx struct {
	driver.Tx
	conn *conn
}

func (t connTx) Commit() error {
	t.conn.inTx = false
	return t.Tx.Commit()
}

func (t connTx) Rollback() error {
	t.conn.inTx = false
	return t.Tx.Rollback()
}

// QueryContext runs a statement with rows, prepared if it may be.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	arrived(ctx)
	if c.rowsOpen {
		return nil, errRowsOpen
	}
	run := c.watch.begin(ctx, query)
	rows, err := c.query(ctx, query, args)
	if err != nil {
		c.noteCancel(ctx)
		run.end(err)
		return nil, err
	}
	inner, ok := rows.(pqRows)
	if !ok {
		return nil, errors.Join(errors.New("store: lib/pq's rows have lost a method"), rows.Close())
	}
	c.rowsOpen = true
	return &connRows{pqRows: inner, conn: c, run: run}, nil
}

func (c *conn) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	for again := true; ; again = false {
		s, err := c.statement(ctx, query, len(args))
		if err != nil {
			return nil, err
		}
		if s == nil {
			return c.pqConn.QueryContext(ctx, query, args)
		}
		rows, err := s.stmt.QueryContext(ctx, args)
		if err == nil || !c.dropStale(s, err) || !again {
			return rows, err
		}
	}
}

// ExecContext runs a statement without rows, prepared if it may be.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	arrived(ctx)
	if c.rowsOpen {
		return nil, errRowsOpen
	}
	run := c.watch.begin(ctx, query)
	res, err := c.exec(ctx, query, args)
	c.noteCancel(ctx)
	run.end(err)
	return res, err
}

func (c *conn) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	for again := true; ; again = false {
		s, err := c.statement(ctx, query, len(args))
		if err != nil {
			return nil, err
		}
		if s == nil {
			return c.pqConn.ExecContext(ctx, query, args)
		}
		res, err := s.stmt.ExecContext(ctx, args)
		if err == nil || !c.dropStale(s, err) || !again {
			return res, err
		}
	}
}

// statement gives the prepared statement of query, preparing it if it is new;
// nil when the cache does not take it.
func (c *conn) statement(ctx context.Context, query string, args int) (*cachedStmt, error) {
	if s := c.cache.get(query); s != nil {
		c.counters.hits.Add(1)
		return s, nil
	}
	if c.cache.limit == 0 || !cacheable(query, args) {
		c.counters.bypassed.Add(1)
		return nil, nil
	}
	raw, err := c.pqConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	prepared, ok := raw.(preparedStmt)
	if !ok {
		return nil, errors.Join(errors.New("store: lib/pq's statement has lost a method"), raw.Close())
	}
	c.counters.prepared.Add(1)
	s, evicted := c.cache.put(query, prepared)
	if evicted != nil {
		c.counters.evicted.Add(1)
		// The cost of closing is a round trip. A failure shows on the next use
		// of the connection, so it is not reported here.
		_ = evicted.stmt.Close()
	}
	return s, nil
}

// dropStale forgets a statement that the server no longer runs: the table under
// it has changed its columns, or somebody has deallocated it. It says whether
// the statement may be prepared and sent again, which is so outside a
// transaction: the server refused it before running it.
func (c *conn) dropStale(s *cachedStmt, err error) (again bool) {
	switch e := pq.As(err, pqerror.FeatureNotSupported, pqerror.InvalidSQLStatementName); {
	case e == nil:
		return false
	case e.Code == pqerror.FeatureNotSupported && e.Routine != "RevalidateCachedQuery":
		return false // a feature that the statement itself asked for
	}
	c.counters.dropped.Add(1)
	c.cache.remove(s)
	_ = s.stmt.Close() // as with an evicted one
	return !c.inTx
}

// noteCancel is called after a statement has ended.
func (c *conn) noteCancel(ctx context.Context) {
	if ctx.Err() != nil {
		c.spoilt = true
	}
}

// pqRows is what database/sql uses of the rows of lib/pq.
type pqRows interface {
	driver.RowsNextResultSet
	driver.RowsColumnTypeScanType
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypePrecisionScale
}

type connRows struct {
	pqRows
	conn *conn
	run  run
}

func (r *connRows) Next(dest []driver.Value) error { return r.run.next(r.pqRows.Next(dest)) }

func (r *connRows) Close() error {
	err := r.pqRows.Close()
	r.conn.rowsOpen = false
	r.conn.noteCancel(r.run.ctx)
	r.run.end(err)
	return err
}
