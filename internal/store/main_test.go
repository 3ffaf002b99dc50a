package store_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"go.uber.org/goleak"

	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// each runs a test on both databases, each new and empty.
func each(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, openSQLite(t, filepath.Join(t.TempDir(), "clinic.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, openPostgres(t, store.Options{}))
	})
}

func openSQLite(t *testing.T, path string) *store.DB {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, db)
	return db
}

// openPostgres opens a new database; o.URL is set here.
func openPostgres(t *testing.T, o store.Options) *store.DB {
	t.Helper()
	o.URL = testdb.NewPostgresDatabase(t, "")
	db, err := store.OpenPostgres(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, db)
	return db
}

func closeAtEnd(t *testing.T, db *store.DB) {
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// with adds connection parameters to a URL.
func with(t *testing.T, base string, params ...string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for i := 0; i < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// must runs statements that prepare a test, each on a connection of its own.
func must(t *testing.T, db *store.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.Write.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// begin starts a transaction as an ent client does.
func begin(t *testing.T, ctx context.Context, db *store.DB, opts *sql.TxOptions) *store.Tx {
	t.Helper()
	tx, err := db.Driver.(*store.Driver).BeginTx(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// After the end of ctx SQLite has already rolled back.
		if err := tx.Rollback(); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	return tx.(*store.Tx)
}

// querier is a driver or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args, v any) error
}

// one reads a single value through ent's interface.
func one[T any](ctx context.Context, q querier, query string, args ...any) (value T, err error) {
	if args == nil {
		args = []any{}
	}
	var rows entsql.Rows
	if err := q.Query(ctx, query, args, &rows); err != nil {
		return value, err
	}
	if !rows.Next() {
		return value, errors.Join(errors.New("no row"), rows.Err(), rows.Close())
	}
	return value, errors.Join(rows.Scan(&value), rows.Close(), rows.Err())
}
