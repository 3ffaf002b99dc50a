package store_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

const cats = `CREATE TABLE cats (id int PRIMARY KEY, name text)`

func count(t *testing.T, db *store.DB) int {
	t.Helper()
	n, err := one[int](t.Context(), db.Driver, `SELECT count(*) FROM cats`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDriver(t *testing.T) {
	insert := `INSERT INTO cats VALUES (1, 'Tom')`
	noArgs := []any{}

	t.Run("refuses_every_write_outside_a_transaction", func(t *testing.T) {
		each(t, func(t *testing.T, db *store.DB) {
			must(t, db, cats)
			ctx, driver := t.Context(), db.Driver.(*store.Driver)
			var rows entsql.Rows
			for name, write := range map[string]func() error{
				"Exec":        func() error { return driver.Exec(ctx, insert, noArgs, nil) },
				"ExecContext": func() error { _, err := driver.ExecContext(ctx, insert); return err },
				"Query":       func() error { return driver.Query(ctx, insert+` RETURNING id`, noArgs, &rows) },
				"QueryContext": func() error {
					r, err := driver.QueryContext(ctx, insert+` RETURNING id`)
					if err == nil {
						err = errors.Join(r.Err(), r.Close())
					}
					return err
				},
				"Tx": func() error { _, err := driver.Tx(ctx); return err },
			} {
				if err := write(); !errors.Is(err, store.ErrWriteOutsideTx) {
					t.Errorf("%s: %v, want a refusal", name, err)
				}
			}
			if n := count(t, db); n != 0 {
				t.Errorf("%d rows were written", n)
			}
		})
	})

	t.Run("commits_and_rolls_back_transactions", func(t *testing.T) {
		each(t, func(t *testing.T, db *store.DB) {
			must(t, db, cats)
			ctx := t.Context()
			tx := begin(t, ctx, db, nil)
			var res sql.Result
			if err := tx.Exec(ctx, insert, noArgs, &res); err != nil {
				t.Fatal(err)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			if n := count(t, db); n != 0 {
				t.Errorf("%d rows after the rollback, want 0", n)
			}
			tx = begin(t, ctx, db, nil)
			if id, err := one[int](ctx, tx, insert+` RETURNING id`); id != 1 || err != nil {
				t.Errorf("INSERT ... RETURNING gives %d, %v", id, err)
			}
			if n := count(t, db); n != 0 {
				t.Errorf("%d rows before the commit, want 0", n)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			if n := count(t, db); n != 1 {
				t.Errorf("%d rows after the commit, want 1", n)
			}
			if err := tx.Rollback(); err != nil {
				t.Errorf("rollback after the commit: %v, want that it does nothing", err)
			}
			if err := tx.Commit(); !errors.Is(err, sql.ErrTxDone) || errors.Is(err, store.ErrCommitUnknown) {
				t.Errorf("second commit: %v, want that it is done", err)
			}
		})
	})

	t.Run("keeps_read-only_transactions_from_writing", func(t *testing.T) {
		each(t, func(t *testing.T, db *store.DB) {
			must(t, db, cats)
			// A writer holds the only write connection of SQLite meanwhile.
			begin(t, t.Context(), db, nil)
			tx := begin(t, t.Context(), db, &sql.TxOptions{ReadOnly: true})
			if n, err := one[int](t.Context(), tx, `SELECT count(*) FROM cats`); n != 0 || err != nil {
				t.Errorf("read: %d, %v", n, err)
			}
			if err := tx.Exec(t.Context(), insert, noArgs, nil); err == nil {
				t.Error("a read-only transaction has written")
			}
		})
	})

	t.Run("says_that_the_context_ended_the_transaction", func(t *testing.T) {
		each(t, func(t *testing.T, db *store.DB) {
			must(t, db, cats)
			ctx, cancel := context.WithCancel(t.Context())
			tx := begin(t, ctx, db, nil)
			if err := tx.Exec(ctx, insert, noArgs, nil); err != nil {
				t.Fatal(err)
			}
			cancel()
			// With a context of its own, a statement soon meets a transaction that is
			// gone.
			var err error
			for err == nil {
				_, err = one[int](t.Context(), tx, `SELECT count(*) FROM cats`)
			}
			if code := fault.CodeOf(store.Classify(err)); code != fault.CodeUnavailable {
				t.Errorf("statement: %s, %v; want UNAVAILABLE", code, err)
			}
			if err := tx.Commit(); !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrCommitUnknown) {
				t.Errorf("commit: %v, want that it was cancelled", err)
			}
			if n := count(t, db); n != 0 {
				t.Errorf("%d rows, want 0", n)
			}
		})
	})
}

func TestCommit_after_the_end_of_its_context_is_known_to_have_failed(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			tx := begin(t, ctx, db, nil)
			cancel()
			if err := tx.Commit(); !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrCommitUnknown) {
				t.Fatalf("%v, want that it was cancelled", err)
			}
		}
	})
}

// client has the BeginTx of an ent client.
type client struct{ driver dialect.Driver }

type clientTx struct{ dialect.Tx }

func (c client) BeginTx(ctx context.Context, opts *sql.TxOptions) (*clientTx, error) {
	tx, err := c.driver.(interface {
		BeginTx(context.Context, *sql.TxOptions) (dialect.Tx, error)
	}).BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &clientTx{tx}, nil
}

func TestBegin(t *testing.T) {
	t.Run("gives_the_transaction_under_the_client's", func(t *testing.T) {
		each(t, func(t *testing.T, db *store.DB) {
			must(t, db, cats)
			c := client{dialect.DebugWithContext(db.Driver, func(context.Context, ...any) {})}
			tx, under, err := store.Begin(t.Context(), c.BeginTx, nil)
			if err != nil {
				t.Fatal(err)
			}
			// As the job queue writes.
			if _, err := under.SQL().ExecContext(t.Context(), `INSERT INTO cats VALUES (1, 'Tom')`); err != nil {
				t.Fatal(err)
			}
			if n, err := one[int](t.Context(), tx, `SELECT count(*) FROM cats`); n != 1 || err != nil {
				t.Errorf("the client's transaction sees %d rows, %v; want 1", n, err)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			if n := count(t, db); n != 1 {
				t.Errorf("%d rows, want 1", n)
			}
		})
	})
	t.Run("refuses_a_client_of_another_driver", func(t *testing.T) {
		db := openSQLite(t, t.TempDir()+"/clinic.db")
		other := entsql.OpenDB(dialect.SQLite, db.Write)
		tx, _, err := store.Begin(t.Context(), other.BeginTx, nil)
		if err == nil {
			t.Error("no error")
		}
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	})
}
