package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

const owners = `CREATE TABLE owners (id int PRIMARY KEY, cat int REFERENCES cats (id), name text NOT NULL)`

// told counts the statements of the database.
func told(db *store.DB) (heard func() []string) {
	var all []string
	db.Watch(func(_ context.Context, s store.Statement) { all = append(all, s.Query) })
	return func() []string { defer func() { all = nil }(); return all }
}

func insertInto(table string, columns int) string {
	return `INSERT INTO ` + table + ` VALUES (` + store.Places(1, columns) + `)`
}

// TestInserts_that_are_made_together_are_one_statement has a row before the one that it
// refers to, as no database takes them one by one.
func TestInserts_that_are_made_together_are_one_statement(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db, cats, owners)
		heard, ctx := told(db), store.Together(t.Context())
		tx := begin(t, ctx, db, nil)
		for id := range 12 {
			if err := tx.Exec(ctx, insertInto("cats", 2), []any{id, fmt.Sprint("cat $", id)}, nil); err != nil {
				t.Fatal(err)
			}
			if err := tx.Exec(ctx, insertInto("owners", 3), []any{id, id, "Kim"}, nil); err != nil {
				t.Fatal(err)
			}
		}
		store.Gather(tx, func(ctx context.Context, _ *int) error {
			return tx.Exec(ctx, insertInto("cats", 2), []any{99, "gathered"}, nil)
		})
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if n, want := len(heard()), map[string]int{dialect.Postgres: 1, dialect.SQLite: 25}[db.Dialect]; n != want {
			t.Errorf("%d statements, want %d", n, want)
		}
		if n := count(t, db); n != 13 {
			t.Errorf("%d rows", n)
		}
		if name, err := one[string](t.Context(), db.Driver, `SELECT name FROM cats WHERE id = 11`); err != nil || name != "cat $11" {
			t.Errorf("the last row: %q, %v", name, err)
		}
	})
}

func TestInserts_that_wait_are_sent_before_anything_else(t *testing.T) {
	for name, next := range map[string]func(ctx context.Context, tx *store.Tx) error{
		"Query": func(ctx context.Context, tx *store.Tx) error {
			rows := &entsql.Rows{}
			return errors.Join(tx.Query(ctx, `SELECT id FROM cats`, []any{}, rows), onlyOne(rows))
		},
		"QueryContext": func(ctx context.Context, tx *store.Tx) error {
			rows, err := tx.QueryContext(ctx, `SELECT id FROM cats`)
			return errors.Join(err, onlyOne(rows))
		},
		"Exec": func(ctx context.Context, tx *store.Tx) error {
			return tx.Exec(ctx, `UPDATE cats SET name = name`, []any{}, nil)
		},
		"ExecContext": func(ctx context.Context, tx *store.Tx) error {
			result, err := tx.ExecContext(ctx, `UPDATE cats SET name = name`)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n != 1 {
				return fmt.Errorf("%d rows were changed: %w", n, err)
			}
			return nil
		},
		"an insert whose result is asked for": func(ctx context.Context, tx *store.Tx) error {
			var result entsql.Result
			return tx.Exec(ctx, insertInto("cats", 2), []any{2, "two"}, &result)
		},
		"an insert with a text in it": func(ctx context.Context, tx *store.Tx) error {
			return tx.Exec(ctx, `INSERT INTO cats VALUES (2, '$1')`, []any{}, nil)
		},
		"an insert made alone": func(_ context.Context, tx *store.Tx) error {
			return tx.Exec(context.Background(), insertInto("cats", 2), []any{2, "two"}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, db *store.DB) {
				must(t, db, cats)
				heard, ctx := told(db), store.Together(t.Context())
				tx := begin(t, ctx, db, nil)
				if err := tx.Exec(ctx, insertInto("cats", 2), []any{1, "one"}, nil); err != nil {
					t.Fatal(err)
				}
				if err := next(ctx, tx); err != nil {
					t.Error(err)
				}
				if said := heard(); len(said) != 2 || !strings.HasPrefix(said[0], "INSERT") {
					t.Errorf("statements %q", said)
				}
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

type cursor interface {
	Next() bool
	Err() error
	Close() error
}

func onlyOne(rows cursor) error {
	n := 0
	for rows.Next() {
		n++
	}
	if n != 1 {
		return errors.Join(fmt.Errorf("%d rows", n), rows.Err(), rows.Close())
	}
	return errors.Join(rows.Err(), rows.Close())
}

// TestInserts_that_wait_are_nothing_until_the_commit: what is refused is refused by
// the commit at the latest, and what is rolled back was never sent.
func TestInserts_that_wait_are_nothing_until_the_commit(t *testing.T) {
	db := openPostgres(t, store.Options{})
	must(t, db, cats)
	ctx := store.Together(t.Context())
	heard := told(db)
	tx := begin(t, ctx, db, nil)
	for range 2 {
		if err := tx.Exec(ctx, insertInto("cats", 2), []any{1, "one"}, nil); err != nil {
			t.Errorf("the insert waits: %v", err)
		}
	}
	if err := tx.Commit(); fault.CodeOf(store.Classify(err)) != fault.CodeConflict {
		t.Errorf("commit: %v, want CONFLICT", err)
	}
	tx = begin(t, ctx, db, nil)
	if err := tx.Exec(ctx, insertInto("cats", 2), []any{1, "one"}, nil); err != nil {
		t.Fatal(err)
	}
	heard()
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string(nil), heard()); diff != "" {
		t.Errorf("sent by the rollback: %s", diff)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// TestInserts_beyond_what_is_kept_prepared_go_in_several_statements.
func TestInserts_beyond_what_is_kept_prepared_go_in_several_statements(t *testing.T) {
	db := openPostgres(t, store.Options{})
	must(t, db, cats)
	ctx, stats := store.Together(t.Context()), statsOf(db)
	heard := told(db)
	tx := begin(t, ctx, db, nil)
	for id := range 300 {
		if err := tx.Exec(ctx, insertInto("cats", 2), []any{id, "cat"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if n := len(heard()); n != 3 { // 128 each
		t.Errorf("%d statements", n)
	}
	if n := count(t, db); n != 300 {
		t.Errorf("%d rows", n)
	}
	if n := stats().Bypassed; n != 0 {
		t.Errorf("%d statements were not kept", n)
	}
}
