package testdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/ent"
	_ "clinicgraph/ent/runtime" // the schemas' policies and defaults
	"clinicgraph/internal/guard"
	"clinicgraph/internal/store"
	"clinicgraph/migrate"
)

// Each runs a test on SQLite and on PostgreSQL, in parallel, each time with a
// migrated database of its own and the real clock.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	EachAt(t, Now, test)
}

// EachAt is Each with the test's clock for the times that the guard fills in. It
// is asked from several goroutines, and gives UTC in whole microseconds.
func EachAt(t *testing.T, now func() time.Time, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, Guarded(OpenDB(t, dialect.SQLite), now))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, Guarded(OpenDB(t, dialect.Postgres), now))
	})
}

// Open opens a migrated database of the test's own, of dialect.SQLite or
// dialect.Postgres, behind a guarded client with the real clock.
func Open(tb testing.TB, d string) *store.Store {
	tb.Helper()
	return Guarded(OpenDB(tb, d), Now)
}

// Guarded puts a guarded client on a database, as the server does.
func Guarded(db *store.DB, now func() time.Time) *store.Store {
	client := ent.NewClient(ent.Driver(db.Driver))
	guard.Install(client, now, guard.Record{})
	return &store.Store{Client: client, DB: db}
}

// Now is the real clock, as the server has it: UTC, in the microseconds that
// both databases keep.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// OpenDB opens a migrated database of the test's own and closes it at its end.
func OpenDB(tb testing.TB, d string) *store.DB {
	tb.Helper()
	var db *store.DB
	var err error
	// The test's own context ends before its cleanup.
	switch ctx := context.Background(); d {
	case dialect.SQLite:
		db, err = store.OpenSQLite(ctx, NewSQLiteFile(tb))
	case dialect.Postgres:
		db, err = store.OpenPostgres(ctx, store.Options{URL: NewPostgresDatabase(tb, migrated.Get(tb, migratePostgres))})
	default:
		err = fmt.Errorf("there is no dialect %q", d)
	}
	if err != nil {
		tb.Fatalf("testdb: %v", err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("testdb: %v", err)
		}
	})
	return db
}

// migrated is a PostgreSQL database with the clinic's schema.
var migrated Template

func migratePostgres(url string) error {
	ctx := context.Background()
	db, err := store.OpenPostgres(ctx, store.Options{URL: url, StatementTimeout: -1})
	if err != nil {
		return err
	}
	_, err = migrate.Apply(ctx, db)
	return errors.Join(err, db.Close())
}

// NewSQLiteFile makes a migrated database file for a test.
func NewSQLiteFile(tb testing.TB) (path string) {
	tb.Helper()
	image, err := sqliteImage()
	if err != nil {
		tb.Fatalf("testdb: build the template database: %v", err)
	}
	path = filepath.Join(tb.TempDir(), "clinic.db")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		tb.Fatalf("testdb: %v", err)
	}
	return path
}

// sqliteImage is a migrated database file, made when the first test asks.
var sqliteImage = sync.OnceValues(func() (image []byte, err error) {
	dir, err := os.MkdirTemp("", "clinicgraph-template-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "clinic.db")
	ctx := context.Background()
	db, err := store.OpenSQLite(ctx, path)
	if err != nil {
		return nil, err
	}
	_, err = migrate.Apply(ctx, db)
	// Closing the last connection writes everything to the one file.
	if err := errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
