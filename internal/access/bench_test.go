package access

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

// administrator has every permission by the role, one more by a direct grant and
// one less by a denial.
func administrator() *Viewer {
	v := &Viewer{UserID: uuid.New(), Now: time.Now}
	for _, p := range registry {
		v.Grants = append(v.Grants, Grant{Permission: p.Name, Scope: ScopeAny, Allowed: true, Source: SourceRole, Role: "admin"})
	}
	v.Grants = append(v.Grants,
		Grant{Permission: BookingRead, Scope: ScopeUnit, Allowed: true, Source: SourceUser, ExpiresAt: time.Now().Add(time.Hour)},
		Grant{Permission: AppointmentReadNotes, Source: SourceUser})
	return v
}

// BenchmarkScope is one decision of the door.
func BenchmarkScope(b *testing.B) {
	v := administrator()
	b.ReportAllocs()
	for b.Loop() {
		if v.Scope(BookingRead) != ScopeAny {
			b.Fatal("refused")
		}
	}
}

// BenchmarkPass is one decision of the door with what it notes.
func BenchmarkPass(b *testing.B) {
	v := administrator()
	v.Uses = &Uses{User: v.UserID, Tell: func(uuid.UUID, string, Day) bool { return true }}
	b.ReportAllocs()
	for b.Loop() {
		if !v.Pass(BookingRead) {
			b.Fatal("refused")
		}
	}
}

// BenchmarkEvaluate is what is decided once when rights are read.
func BenchmarkEvaluate(b *testing.B) {
	v, now := administrator(), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		Evaluate(v.Grants, now)
	}
}

// TestADecisionTakesNoMemory: the door decides for each field of each row.
func TestADecisionTakesNoMemory(t *testing.T) {
	v := administrator()
	v.Uses = &Uses{User: v.UserID, Tell: func(uuid.UUID, string, Day) bool { return true }}
	if n := testing.AllocsPerRun(100, func() { v.Scope(BookingRead) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { v.Pass(BookingRead) }); n != 0 {
		t.Errorf("%v allocations with what it notes", n)
	}
}
