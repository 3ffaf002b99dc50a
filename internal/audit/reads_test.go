package audit_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"clinicgraph/ent/auditlog"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// TestReadsOfManyAreOneStatement, and of more than a thousand two: what a page
// costs must not grow with its rows.
func TestReadsOfManyAreOneStatement(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		rules, err := audit.NewRules([]string{"OWN_DATA_READ=sampled:2"})
		if err != nil {
			t.Fatal(err)
		}
		counted := map[string]int{}
		security := &audit.Security{Store: s, Rules: rules, Log: slog.New(slog.DiscardHandler), Counted: func(event string) { counted[event]++ }}
		s.Client.AuditLog.Use(rules.Hook())
		reads := func(n int, own bool) (all []audit.Read) {
			for range n {
				all = append(all, audit.Read{Subject: uuid.New(), Own: own, Fields: "Customer.phone"})
			}
			return all
		}
		statements := statementsOf(s.DB)
		system := access.WithRequest(access.System(t.Context(), "test"), access.Request{ID: "request-1", Purpose: "TREAT"})
		for _, test := range []struct {
			reads      []audit.Read
			statements int64
			rows       int
		}{
			{nil, 0, 0}, {reads(1, false), 1, 1}, {reads(50, false), 1, 51}, {reads(1000, false), 1, 1051}, {reads(1001, false), 2, 2052},
			{append(reads(3, true), reads(1, false)...), 1, 2053}, // one of two of the own, and each of the others
		} {
			before := statements()
			if err := security.RecordReads(system, test.reads); err != nil {
				t.Fatal(err)
			}
			if n := statements() - before; n != test.statements {
				t.Errorf("%d reads: %d statements, want %d", len(test.reads), n, test.statements)
			}
			if n := s.Client.AuditLog.Query().Where(auditlog.Event(audit.EventPersonalRead), auditlog.Purpose("TREAT"), auditlog.RequestID("request-1")).CountX(system); n != test.rows {
				t.Errorf("%d rows, want %d", n, test.rows)
			}
		}
		own := s.Client.AuditLog.Query().Where(auditlog.Event(audit.EventOwnDataRead)).CountX(system)
		if own != 2 || counted[audit.EventOwnDataRead] != 2 || counted[audit.EventPersonalRead] != 2053 {
			t.Errorf("%d own reads on record; counted %v", own, counted)
		}
	})
}

// statementsOf counts the statements that write to the audit log.
func statementsOf(db *store.DB) func() int64 {
	var n atomic.Int64
	db.Watch(func(_ context.Context, s store.Statement) {
		if strings.Contains(s.Query, "INSERT INTO audit_logs") {
			n.Add(1)
		}
	})
	return n.Load
}

// TestReadsAreWrittenForAClientThatHasGone, who is shown nothing; and a failure is the
// caller's to know.
func TestReadsAreWrittenForAClientThatHasGone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		security := &audit.Security{Store: s, Log: slog.New(slog.DiscardHandler)}
		system := access.System(t.Context(), "test")
		gone, leave := context.WithCancel(system)
		leave()
		read := []audit.Read{{Subject: uuid.New(), Fields: "Customer.phone"}}
		if err := security.RecordReads(gone, read); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := security.Close(system); err != nil {
			t.Error(err)
		}
		if n := s.Client.AuditLog.Query().CountX(system); n != 1 {
			t.Errorf("%d rows", n)
		}
		if _, err := s.DB.Write.ExecContext(t.Context(), `ALTER TABLE audit_logs RENAME TO lost`); err != nil {
			t.Fatal(err)
		}
		if err := security.RecordReads(system, read); err == nil {
			t.Error("recorded in no table")
		}
	})
}
