package migrate_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"pgregory.net/rapid"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
	"clinicgraph/migrate"
)

// raw is a transaction past ent, whose references are not checked before its
// end, and which always rolls back.
type raw struct {
	*sql.Tx
	ctx   context.Context
	slots int
	db    *store.DB
}

func begin(t *testing.T, db *store.DB) *raw {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	r := &raw{Tx: tx, ctx: ctx, db: db}
	if db.Dialect == dialect.SQLite {
		r.must(t, `PRAGMA defer_foreign_keys = on`)
	} else {
		// The role of a replica skips the triggers of foreign keys, and only those
		// of ours that are not ALWAYS.
		r.must(t, `SET LOCAL session_replication_role = replica`)
	}
	return r
}

func (r *raw) must(t interface{ Fatalf(string, ...any) }, query string, args ...any) {
	if _, err := r.ExecContext(r.ctx, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// try runs a statement and undoes it when it fails, so that the transaction goes
// on. The error is as a verb would see it.
func (r *raw) try(t interface{ Fatalf(string, ...any) }, query string, args ...any) error {
	r.must(t, `SAVEPOINT s`)
	_, err := r.ExecContext(r.ctx, query, args...)
	if err != nil {
		r.must(t, `ROLLBACK TO SAVEPOINT s`)
	}
	r.must(t, `RELEASE SAVEPOINT s`)
	return store.Classify(err)
}

const (
	ada = "0000000a-0000-8000-8000-000000000001"
	bob = "0000000a-0000-8000-8000-000000000002"
)

// claim inserts a claim and says whether the database took it.
func (r *raw) claim(t interface{ Fatalf(string, ...any) }, whose string, from, to time.Time, exclusive bool) error {
	r.slots++
	id := fmt.Sprintf("0000000b-0000-8000-8000-%012x", r.slots)
	return r.try(t, `INSERT INTO resource_claims
		(id, created_at, updated_at, resource_kind, resource_id, busy_from, busy_to, exclusive, appointment_id)
		VALUES ($1, $2, $3, 'PRACTITIONER', $4, $5, $6, $7, $8)`, id, from, from, whose, from, to, exclusive, id)
}

var nine = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

func at(minutes float64) time.Time { return nine.Add(time.Duration(minutes * float64(time.Minute))) }

func TestClaims_that_overlap_are_refused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		tests := []struct {
			name     string
			whose    string
			from, to time.Time
			shared   bool
			want     fault.Code
		}{
			{name: "that end as it begins", from: at(-30), to: at(0)},
			{name: "that begin as it ends", from: at(30), to: at(60)},
			{name: "of somebody else", whose: bob, from: at(0), to: at(30)},
			{name: "by an override", from: at(0), to: at(30), shared: true},
			{name: "the same", from: at(0), to: at(30), want: fault.CodeSlotTaken},
			{name: "inside", from: at(10), to: at(20), want: fault.CodeSlotTaken},
			{name: "around", from: at(-60), to: at(90), want: fault.CodeSlotTaken},
			{name: "a microsecond too late at the end", from: at(-30), to: at(0).Add(time.Microsecond), want: fault.CodeSlotTaken},
			{name: "a microsecond too early at the start", from: at(30).Add(-time.Microsecond), to: at(60), want: fault.CodeSlotTaken},
			{name: "given in another zone", from: at(10).In(time.FixedZone("", 3600)), to: at(20).In(time.FixedZone("", -7200)), want: fault.CodeSlotTaken},
			{name: "without a length", from: at(60), to: at(60), want: fault.CodeBadUserInput},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				tx := begin(t, s.DB)
				for _, taken := range [][2]time.Time{{at(0), at(30)}, {at(-300), at(-200)}, {at(200), at(300)}} {
					if err := tx.claim(t, ada, taken[0], taken[1], true); err != nil {
						t.Fatal(err)
					}
				}
				whose := ada
				if tt.whose != "" {
					whose = tt.whose
				}
				err := tx.claim(t, whose, tt.from, tt.to, !tt.shared)
				if got := fault.CodeOf(err); got != tt.want {
					t.Errorf("code %q, want %q: %v", got, tt.want, err)
				}
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

func TestClaims_cannot_be_moved_onto_one_another(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		tx := begin(t, s.DB)
		for _, from := range []float64{0, 30, 60} {
			if err := tx.claim(t, ada, at(from), at(from+30), true); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.claim(t, ada, at(0), at(10), false); err != nil {
			t.Fatal(err)
		}
		const move = `UPDATE resource_claims SET busy_from = $1, busy_to = $2 WHERE busy_from = $3 AND exclusive`
		for name, err := range map[string]error{
			"later":       tx.try(t, move, at(31), at(61), at(30)),
			"longer":      tx.try(t, move, at(30), at(61), at(30)),
			"earlier":     tx.try(t, move, at(29), at(59), at(30)),
			"to exclude":  tx.try(t, `UPDATE resource_claims SET exclusive = $1 WHERE NOT exclusive`, true),
			"to somebody": tx.try(t, `UPDATE resource_claims SET busy_from = $1, busy_to = $2`, at(500), at(510)),
		} {
			if fault.CodeOf(err) != fault.CodeSlotTaken {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := tx.try(t, move, at(31), at(59), at(30)); err != nil {
			t.Errorf("to a part of its own time: %v", err)
		}
	})
}

// TestClaims_agree_with_the_definition compares the database with the plain
// meaning of overlap, over times with and without fractions of a second.
func TestClaims_agree_with_the_definition(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		rapid.Check(t, func(rt *rapid.T) {
			r := begin(t, s.DB)
			defer func() { _ = r.Rollback() }()
			instant := rapid.Custom(func(rt *rapid.T) time.Time {
				unit := rapid.SampledFrom([]time.Duration{time.Second, 100 * time.Millisecond, 10 * time.Microsecond, time.Microsecond}).Draw(rt, "unit")
				return nine.Add(time.Duration(rapid.IntRange(0, 12).Draw(rt, "n")) * unit)
			})
			type span struct{ from, to time.Time }
			var taken []span
			for range rapid.IntRange(1, 12).Draw(rt, "claims") {
				a := span{instant.Draw(rt, "from"), instant.Draw(rt, "to")}
				if !a.from.Before(a.to) {
					continue
				}
				exclusive := rapid.IntRange(0, 4).Draw(rt, "exclusive") > 0
				want := fault.Code("")
				for _, b := range taken {
					if exclusive && a.from.Before(b.to) && b.from.Before(a.to) {
						want = fault.CodeSlotTaken
					}
				}
				err := r.claim(rt, ada, a.from, a.to, exclusive)
				if got := fault.CodeOf(err); got != want {
					rt.Fatalf("%v beside %v: code %q, want %q: %v", a, taken, got, want, err)
				}
				if exclusive && err == nil {
					taken = append(taken, a)
				}
			}
		})
	})
}

func TestClaims_on_SQLite_take_no_times_that_do_not_sort(t *testing.T) {
	t.Parallel()
	tx := begin(t, testdb.Open(t, dialect.SQLite).DB)
	for _, from := range []string{"2027-03-01T09:00:00Z", "2027-03-01 09:00:00", "2027-03-01 10:00:00+01:00"} {
		err := tx.try(t, `INSERT INTO resource_claims
			(id, created_at, updated_at, resource_kind, resource_id, busy_from, busy_to, appointment_id)
			VALUES ('x', '', '', 'PRACTITIONER', 'x', $1, '2028-01-01 00:00:00+00:00', 'x')`, from)
		if err == nil || !strings.Contains(err.Error(), "time_format") {
			t.Errorf("%s: %v", from, err)
		}
	}
}

func TestCheckClaims_misses_the_rule(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		drop := `ALTER TABLE resource_claims DROP CONSTRAINT resource_claims_no_overlap`
		if s.DB.Dialect == dialect.SQLite {
			drop = `DROP TRIGGER resource_claims_no_overlap_update`
		}
		must(t, s.DB, drop)
		if err := migrate.CheckClaims(t.Context(), s.DB); err == nil {
			t.Error("a database without the rule passes")
		}
	})
}
