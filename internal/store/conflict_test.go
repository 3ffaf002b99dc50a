package store_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

var noArgs = []any{}

func TestRetryable_is_what_lost_against_another_transaction(t *testing.T) {
	t.Run("postgres_serialization", func(t *testing.T) {
		t.Parallel()
		db := openPostgres(t, store.Options{})
		must(t, db, cats, `INSERT INTO cats VALUES (1, 'Tom')`)
		ctx, opts := t.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead}
		tx := begin(t, ctx, db, opts)
		if _, err := one[string](ctx, tx, `SELECT name FROM cats`); err != nil {
			t.Fatal(err)
		}
		must(t, db, `UPDATE cats SET name = 'Kit'`)
		checkLost(t, tx.Exec(ctx, `UPDATE cats SET name = 'Mog'`, noArgs, nil))
	})

	t.Run("postgres_serialization_at_commit", func(t *testing.T) {
		t.Parallel()
		db := openPostgres(t, store.Options{})
		must(t, db, cats)
		ctx, opts := t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable}
		// Each counts and adds: one of the two counts is wrong.
		txs := []*store.Tx{begin(t, ctx, db, opts), begin(t, ctx, db, opts)}
		for i, tx := range txs {
			if _, err := one[int](ctx, tx, `SELECT count(*) FROM cats`); err != nil {
				t.Fatal(err)
			}
			if err := tx.Exec(ctx, `INSERT INTO cats VALUES ($1)`, []any{i}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := txs[0].Commit(); err != nil {
			t.Fatal(err)
		}
		err := txs[1].Commit()
		checkLost(t, err)
		if errors.Is(err, store.ErrCommitUnknown) {
			t.Errorf("the server has refused the commit, yet its outcome counts as unknown: %v", err)
		}
	})

	t.Run("postgres_deadlock", func(t *testing.T) {
		t.Parallel()
		db := openPostgres(t, store.Options{})
		must(t, db, cats, `INSERT INTO cats VALUES (0, 'Tom'), (1, 'Kit')`)
		ctx := t.Context()
		txs := []*store.Tx{begin(t, ctx, db, nil), begin(t, ctx, db, nil)}
		for i, tx := range txs {
			if err := tx.Exec(ctx, `UPDATE cats SET name = 'x' WHERE id = $1`, []any{i}, nil); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, tx := range txs {
			wg.Go(func() {
				errs[i] = tx.Exec(ctx, `UPDATE cats SET name = 'y' WHERE id = $1`, []any{1 - i}, nil)
				if errs[i] != nil {
					errs[i] = errors.Join(errs[i], tx.Rollback())
				}
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("want one loser: %v", errs)
		}
		checkLost(t, errors.Join(errs...))
	})

	t.Run("sqlite_busy", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "clinic.db")
		db, other := openSQLite(t, path), openSQLite(t, path)
		must(t, db, `PRAGMA busy_timeout(0)`, cats)
		begin(t, t.Context(), other, nil)
		_, err := db.Driver.(*store.Driver).BeginTx(t.Context(), nil)
		checkLost(t, err)
	})
}

func checkLost(t *testing.T, err error) {
	t.Helper()
	if !store.Retryable(err) || !store.Retryable(store.Classify(err)) {
		t.Errorf("%v is not retryable", err)
	}
	checkFault(t, "the loser", err, fault.CodeUnavailable)
}

func TestStatementTimeout_is_unavailable(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{StatementTimeout: 50 * time.Millisecond})
	_, err := one[string](t.Context(), db.Driver, `SELECT pg_sleep(30)::text`)
	checkFault(t, "a slow statement", err, fault.CodeUnavailable)
	if store.Retryable(err) {
		t.Error("a slow statement is retryable")
	}
}

func TestLockTimeout_is_unavailable(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{})
	must(t, db, cats, `INSERT INTO cats VALUES (1, 'Tom')`)
	ctx, update := t.Context(), `UPDATE cats SET name = 'Kit'`
	holder, waiter := begin(t, ctx, db, nil), begin(t, ctx, db, nil)
	if err := holder.Exec(ctx, update, noArgs, nil); err != nil {
		t.Fatal(err)
	}
	if err := waiter.Exec(ctx, `SET LOCAL lock_timeout = 20`, noArgs, nil); err != nil {
		t.Fatal(err)
	}
	checkFault(t, "a wait for a lock", waiter.Exec(ctx, update, noArgs, nil), fault.CodeUnavailable)
}

func TestRetry_lets_every_transaction_through(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db, `CREATE TABLE counters (n int)`, `INSERT INTO counters VALUES (0)`)
		const writers, each = 4, 5
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range each {
					// Four writers can lose more than three times in a row; the caller
					// that may ask again is a client.
					err := errors.New("not begun")
					for err != nil {
						err = store.Retry(t.Context(), func(ctx context.Context) error { return increment(ctx, db) })
						if err != nil && !store.Retryable(err) {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		wg.Wait()
		if n, err := one[int](t.Context(), db.Driver, `SELECT n FROM counters`); n != writers*each || err != nil {
			t.Errorf("counted to %d, %v; want %d", n, err, writers*each)
		}
	})
}

// increment reads and writes without a lock: at this isolation the database
// finds the lost update.
func increment(ctx context.Context, db *store.DB) (err error) {
	begun, err := db.Driver.(*store.Driver).BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return err
	}
	tx := begun.(*store.Tx)
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	n, err := one[int](ctx, tx, `SELECT n FROM counters`)
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, `UPDATE counters SET n = $1`, []any{n + 1}, nil); err != nil {
		return err
	}
	return tx.Commit()
}
