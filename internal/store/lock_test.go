package store_test

import (
	"testing"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

func TestALockIsHeldUntilItsTransactionEnds(t *testing.T) {
	db := openPostgres(t, store.Options{})
	first := begin(t, t.Context(), db, nil)
	if err := db.Lock(t.Context(), first.SQL(), "work"); err != nil {
		t.Fatal(err)
	}

	impatient := begin(t, t.Context(), db, nil)
	if _, err := impatient.SQL().ExecContext(t.Context(), `SET LOCAL lock_timeout = '20ms'`); err != nil {
		t.Fatal(err)
	}
	if err := db.Lock(t.Context(), impatient.SQL(), "other work"); err != nil {
		t.Errorf("a lock of another name: %v", err)
	}
	if err := db.Lock(t.Context(), impatient.SQL(), "work"); fault.CodeOf(store.Classify(err)) != fault.CodeUnavailable {
		t.Errorf("a lock that is held: %v, want UNAVAILABLE", err)
	}

	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	second := begin(t, t.Context(), db, nil)
	if err := db.Lock(t.Context(), second.SQL(), "work"); err != nil {
		t.Errorf("a lock whose transaction has ended: %v", err)
	}
}
