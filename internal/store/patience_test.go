package store_test

import (
	"context"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// TestNobodyWaitsForAConnectionForLong: where all are taken, whoever asks for one
// is told so, within the time that was set and not within their own.
func TestNobodyWaitsForAConnectionForLong(t *testing.T) {
	db := openPostgres(t, store.Options{MaxConns: 1, Wait: 50 * time.Millisecond})
	driver := db.Driver.(*store.Driver)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	taken, err := driver.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func() error{
		"to read":  func() error { return driver.Query(ctx, "SELECT 1", []any{}, &entsql.Rows{}) },
		"to write": func() error { _, err := driver.BeginTx(ctx, nil); return err },
	} {
		err := ask()
		if f, ok := fault.As(store.Classify(err)); !ok || f.Code != fault.CodeUnavailable {
			t.Errorf("%s: %v", name, err)
		}
		if ctx.Err() != nil {
			t.Fatalf("%s: it waited for its own time", name)
		}
	}
	// Work that has its connection goes on for longer than the wait.
	var rows entsql.Rows
	if err := taken.Query(ctx, "SELECT pg_sleep(0.1)", []any{}, &rows); err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Error(rows.Err())
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
	if err := taken.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := driver.Query(ctx, "SELECT pg_sleep(0.1)", []any{}, &rows); err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
}
