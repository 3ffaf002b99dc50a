package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
	"clinicgraph/migrate"
)

// asServer, set to a file, makes this program a server that applies the
// migrations to it and prints how many.
const asServer = "CLINICGRAPH_TEST_APPLY"

func TestMain(m *testing.M) {
	if path := os.Getenv(asServer); path != "" {
		ctx := context.Background()
		db, err := store.OpenSQLite(ctx, path)
		if err == nil {
			var n int
			n, err = migrate.Apply(ctx, db)
			fmt.Print(n)
			err = errors.Join(err, db.Close())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// empty runs a test on both databases, each new and empty. open opens the same
// database again, as another server would.
func empty(t *testing.T, test func(t *testing.T, open func() *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "clinic #1?.db")
		test(t, func() *store.DB { return opened(t)(store.OpenSQLite(t.Context(), path)) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := testdb.NewPostgresDatabase(t, "")
		test(t, func() *store.DB {
			return opened(t)(store.OpenPostgres(t.Context(), store.Options{URL: url, StatementTimeout: -1}))
		})
	})
}

func opened(t *testing.T) func(*store.DB, error) *store.DB {
	return func(db *store.DB, err error) *store.DB {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return db
	}
}

// must runs statements that prepare a test.
func must(t *testing.T, db *store.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.Write.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}
