package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"clinicgraph/internal/store"
)

// heard collects what a database tells of its statements.
type heard struct {
	mu  sync.Mutex
	all []store.Statement
}

func (h *heard) listen(_ context.Context, s store.Statement) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, s)
}

// about gives those with the text in them.
func (h *heard) about(text string) (found []store.Statement) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.all {
		if strings.Contains(s.Query, text) {
			found = append(found, s)
		}
	}
	return found
}

// placeholders writes the arguments of a statement as the dialect wants them.
func placeholders(db *store.DB, query string) string {
	if db.LocksRows() {
		return strings.NewReplacer("?1", "$1", "?2", "$2").Replace(query)
	}
	return query
}

func TestStatements_are_told_and_counted_inside_transactions_and_outside(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db, cats)
		var h heard
		db.Watch(h.listen)
		var outer, work store.Work
		ctx := store.WithWork(store.WithWork(t.Context(), &outer), &work)

		insert := placeholders(db, `INSERT INTO cats VALUES (?1, ?2)`)
		tx := begin(t, ctx, db, nil)
		for i, name := range []string{"Tom", "Felix", "Garfield"} {
			if err := tx.Exec(ctx, insert, []any{i, name}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Exec(ctx, insert, []any{1, "Tom again"}, nil); err == nil {
			t.Fatal("a second cat with one id was let in")
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		// Nobody counts here.
		if _, err := one[int](t.Context(), db.Driver, `SELECT count(*) FROM cats`); err != nil {
			t.Fatal(err)
		}
		rows, err := db.Read.QueryContext(ctx, placeholders(db, `SELECT 1 UNION SELECT 2 UNION SELECT ?1 -- three`), 3)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}

		if work.Statements() != 5 || work.Rows() != 3 || outer.Statements() != 0 {
			t.Errorf("%d statements and %d rows counted, %d further out; want 5, 3 and 0", work.Statements(), work.Rows(), outer.Statements())
		}
		told := h.about("INSERT INTO cats")
		if len(told) != 4 || told[0].Failed || !told[3].Failed || told[0].Verb() != "INSERT" {
			t.Errorf("told of %+v", told)
		}
		if told := h.about("-- three"); len(told) != 1 || told[0].Rows != 3 || told[0].Took <= 0 || told[0].Began.IsZero() {
			t.Errorf("told of %+v", told)
		}
		for _, s := range h.all {
			if strings.Contains(s.Query, "Tom") {
				t.Errorf("an argument is told: %q", s.Query)
			}
		}
		db.Watch(nil)
		before := len(h.all)
		if _, err := one[int](ctx, db.Driver, `SELECT count(*) FROM cats`); err != nil || len(h.all) != before {
			t.Errorf("told after the end: %v", err)
		}
	})
}

func TestVerbs_are_a_bounded_set(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT 1": "SELECT", "-- why\n(select 1)": "SELECT", "WITH a AS (SELECT 1) SELECT * FROM a": "WITH",
		"INSERT INTO a VALUES (1)": "INSERT", "update a set b = 1": "UPDATE", "DELETE FROM a": "DELETE",
		"CREATE TABLE a (b int)": "OTHER", "": "OTHER", "robert'); DROP TABLE": "OTHER",
	} {
		if got := (store.Statement{Query: query}).Verb(); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}
