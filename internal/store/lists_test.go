package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/internal/store"
)

// TestLists_of_any_length_are_one_statement compares lists of ids and of texts with
// what a list of comparisons finds, outside of a transaction and in one.
func TestLists_of_any_length_are_one_statement(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{MaxConns: 1})
	ctx := t.Context()
	// What an array must escape, and what it must not take for nothing.
	texts := []string{"plain", `quo"te`, `back\slash`, "com,ma", "{brace}", "", "NULL", " blank ", "élan", "a\nb"}
	var ids []uuid.UUID
	must(t, db, `CREATE TABLE lists (id uuid PRIMARY KEY, v varchar NOT NULL)`)
	tx := begin(t, ctx, db, nil)
	for _, text := range texts {
		id := uuid.New()
		ids = append(ids, id)
		if err := tx.Exec(ctx, `INSERT INTO lists VALUES ($1, $2)`, []any{id, text}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	stats := statsOf(db)
	ask := func(q querier) {
		t.Helper()
		for n := 1; n <= len(texts); n++ {
			var marks []string
			var some, named []any
			for i := range n {
				marks = append(marks, fmt.Sprint("$", i+1))
				some, named = append(some, ids[i]), append(named, texts[i])
			}
			for column, args := range map[string][]any{"id": some, "v": named} {
				query := fmt.Sprintf(`SELECT count(*) FROM lists WHERE %s IN (%s) AND v <> $%d`, column, strings.Join(marks, ", "), n+1)
				found, err := one[int](ctx, q, query, append(args, "nothing")...)
				if err != nil || found != n {
					t.Errorf("%d of %d by %s: %v", found, n, column, err)
				}
			}
		}
	}
	ask(db.Driver)
	tx = begin(t, ctx, db, nil)
	ask(tx)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	// For each column one for lists of one, and one for all others.
	if diff := cmp.Diff(uint64(4), uint64(stats().Prepared)); diff != "" {
		t.Errorf("statements prepared (-want +got):\n%s", diff)
	}
}
