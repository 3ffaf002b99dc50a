package store_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

func TestStatements_whose_table_has_changed(t *testing.T) {
	t.Parallel()
	read := `SELECT * FROM cats`
	open := func(t *testing.T) (*store.DB, func()) {
		db := openPostgres(t, store.Options{MaxConns: 2})
		must(t, db, cats, `INSERT INTO cats VALUES (1, 'Tom')`)
		change := func() { must(t, db, `ALTER TABLE cats ALTER COLUMN id TYPE text`) }
		return db, change
	}
	first := func(ctx context.Context, q interface {
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}) (id, name string, err error) {
		rows, err := q.QueryContext(ctx, read)
		if err != nil {
			return "", "", err
		}
		rows.Next()
		return id, name, errors.Join(rows.Scan(&id, &name), rows.Close(), rows.Err())
	}

	t.Run("are_prepared_anew_outside_transactions", func(t *testing.T) {
		db, change := open(t)
		driver := db.Driver.(*store.Driver)
		if _, _, err := first(t.Context(), driver); err != nil {
			t.Fatal(err)
		}
		change()
		stats := statsOf(db)
		if id, name, err := first(t.Context(), driver); id != "1" || name != "Tom" || err != nil {
			t.Errorf("%q, %q, %v; want the cat", id, name, err)
		}
		if got := stats(); got.Dropped != 1 {
			t.Errorf("%d statements dropped, want 1", got.Dropped)
		}
	})
	t.Run("end_the_transaction_and_are_prepared_anew_in_the_next", func(t *testing.T) {
		db, change := open(t)
		must(t, db, `DEALLOCATE ALL`)
		conn, err := db.Read.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, _, err := first(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		change()
		stats := statsOf(db)
		tx, err := conn.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := first(t.Context(), tx); pq.As(err, pqerror.FeatureNotSupported) == nil {
			t.Errorf("in the transaction: %v, want the refusal", err)
		}
		if got := stats(); got.Dropped != 1 || got.Prepared != 0 {
			t.Errorf("%+v, want one dropped and none prepared", got)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		if id, _, err := first(t.Context(), conn); id != "1" || err != nil {
			t.Errorf("after the transaction: %q, %v; want the cat", id, err)
		}
	})
	t.Run("are_prepared_anew_when_somebody_deallocated_them", func(t *testing.T) {
		db := openPostgres(t, store.Options{MaxConns: 1})
		must(t, db, cats)
		insert := `INSERT INTO cats VALUES (1, 'Tom')`
		must(t, db, insert, `DELETE FROM cats`, `DEALLOCATE ALL`, insert)
		if n := count(t, db); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
	})
}

// TestCancelledStatement_takes_its_connection_with_it: lib/pq's cancel request
// travels on a connection of its own and may arrive when the server already
// runs the next statement.
func TestCancelledStatement_takes_its_connection_with_it(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(ctx context.Context, db *store.DB) error{
		"query": func(ctx context.Context, db *store.DB) error {
			_, err := one[string](ctx, db.Driver, `SELECT pg_sleep(30)::text`)
			return err
		},
		"rows": func(ctx context.Context, db *store.DB) error {
			rows, err := db.Read.QueryContext(ctx, `SELECT i, pg_sleep(i / 100000 * 30)::text FROM generate_series(1, 100000) i`)
			if err != nil {
				return err
			}
			for rows.Next() {
			}
			return errors.Join(rows.Err(), rows.Close())
		},
		"exec": func(ctx context.Context, db *store.DB) error {
			_, err := db.Write.ExecContext(ctx, `SELECT pg_sleep(30)`)
			return err
		},
	} {
		db := openPostgres(t, store.Options{MaxConns: 1})
		backend := func() int {
			pid, err := one[int](t.Context(), db.Driver, `SELECT pg_backend_pid()`)
			if err != nil {
				t.Fatalf("%s: the next statement: %v", name, err)
			}
			return pid
		}
		before := backend()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		checkFault(t, name, run(ctx, db), fault.CodeUnavailable)
		cancel()
		if backend() == before {
			t.Errorf("%s: the connection is used again", name)
		}
	}
}
