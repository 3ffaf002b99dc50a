// Package store owns the way to the database: opening PostgreSQL and SQLite,
// their pools and settings, the transaction, the repetition of what lost
// against another transaction, and the translation of driver errors into
// faults. It never holds a rule of the clinic and never writes a query for one.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
)

// DB is an open database.
type DB struct {
	// Dialect is dialect.Postgres ("postgres") or dialect.SQLite ("sqlite3").
	Dialect string

	// Driver is for ent.NewClient(ent.Driver(db.Driver)). It is a *Driver, which
	// refuses every write that is not in a transaction begun with BeginTx.
	Driver dialect.Driver

	// Write is the pool of transactions and of the job queue. On SQLite it is
	// one connection: holding a transaction open and asking Write for another
	// connection waits for ever.
	Write *sql.DB

	// Read is the pool of queries outside transactions. On PostgreSQL it is
	// Write; on SQLite its connections cannot write.
	Read *sql.DB

	own       *Driver // under Driver, whoever wraps it
	cache     *cacheCounters
	watch     *watch
	listenURL string
	wait      time.Duration // for a connection; 0 is as long as the context lasts
}

func newDB(name string, write, read *sql.DB, w *watch) *DB {
	own := newDriver(name, write, read)
	return &DB{Dialect: name, Driver: own, Write: write, Read: read, watch: w, own: own}
}

// Rewrite has each statement of ent that only reads and is in no transaction go through
// to, which gives another one that finds the same, or itself. Call it before the
// database is used.
func (db *DB) Rewrite(to func(query string, args []any) (string, []any)) { db.own.rewrite = to }

// Close closes both pools and waits for the queries in progress.
func (db *DB) Close() error {
	if db.Read == db.Write {
		return db.Write.Close()
	}
	return errors.Join(db.Read.Close(), db.Write.Close())
}

// Ping asks the database for an answer within ctx. On SQLite only the read pool
// is asked, since a long write transaction is no outage.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.Read.PingContext(ctx); err != nil {
		return fmt.Errorf("ping %s: %w", db.Dialect, err)
	}
	return nil
}

// CacheStats gives the counts of the prepared-statement cache since the
// database was opened; all zero on SQLite, which has none.
func (db *DB) CacheStats() CacheStats {
	if db.cache == nil {
		return CacheStats{}
	}
	return db.cache.snapshot()
}
