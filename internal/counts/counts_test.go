package counts_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/predicate"
	"clinicgraph/internal/access"
	"clinicgraph/internal/counts"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

var begin = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// days is how many days the bookings of a place are spread over.
const days = 30

// place has a customer and three units.
type place struct {
	*store.Store
	t        *testing.T
	ctx      context.Context
	customer uuid.UUID
	units    []uuid.UUID
}

func furnish(t *testing.T, s *store.Store) *place {
	t.Helper()
	p := &place{Store: s, t: t, ctx: access.System(t.Context(), "test"), customer: ids.New(ids.Customer)}
	err := s.InTx(p.ctx, func(c *ent.Client, _ *sql.Tx) error {
		for i := range 3 {
			u, err := c.OrganizationalUnit.Create().SetName(fmt.Sprint("Unit ", i)).Save(p.ctx)
			if err != nil {
				return err
			}
			p.units = append(p.units, u.ID)
		}
		return c.Customer.Create().SetID(p.customer).SetNumber("C-1").Exec(p.ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var states = []booking.Status{booking.StatusPending, booking.StatusConfirmed, booking.StatusCompleted, booking.StatusCancelled}

// moment is any time of the days, now and then the first or the last of one.
func moment() time.Time {
	at := begin.Add(rand.N(days * 24 * time.Hour)).Truncate(time.Microsecond)
	switch rand.N(6) {
	case 0:
		return at.Truncate(24 * time.Hour)
	case 1:
		return at.Truncate(24 * time.Hour).Add(-time.Microsecond)
	}
	return at
}

func one[T any](of []T) T { return of[rand.N(len(of))] }

func (p *place) create(c *ent.Client) error {
	at, id := moment(), ids.New(ids.Booking)
	create := c.Booking.Create().SetID(id).SetNumber(ids.Number("B", id)).SetCustomerID(p.customer).SetStatus(one(states)).SetSource(booking.SourceDesk).
		SetStartsAt(at).SetEndsAt(at.Add(time.Hour)).SetTotalAmount(1).SetCurrency("EUR")
	if rand.N(5) > 0 {
		create.SetUnitID(one(p.units))
	}
	return create.Exec(p.ctx)
}

var errUndone = errors.New("undone")

// change does some things in one transaction, every fifth of which is undone.
func (p *place) change() error {
	err := p.InTx(p.ctx, func(c *ent.Client, _ *sql.Tx) error {
		for range 1 + rand.N(4) {
			if err := p.create(c); err != nil {
				return err
			}
			b, err := c.Booking.Query().Where(booking.StartsAtGTE(moment())).Order(booking.ByStartsAt()).First(p.ctx)
			if ent.IsNotFound(err) {
				continue
			}
			if err != nil {
				return err
			}
			at := moment()
			switch rand.N(6) {
			case 0:
				err = b.Update().SetStatus(one(states)).Exec(p.ctx)
			case 1:
				err = b.Update().SetUnitID(one(p.units)).Exec(p.ctx)
			case 2:
				err = b.Update().ClearUnitID().SetStartsAt(at).SetEndsAt(at.Add(time.Hour)).SetStatus(one(states)).Exec(p.ctx)
			case 3:
				err = b.Update().SetDeletedAt(at).Exec(p.ctx)
			case 4:
				err = c.Booking.DeleteOne(b).Exec(p.ctx)
			}
			if gone := ent.IsNotFound(err) || fault.CodeOf(err) == fault.CodeNotFound; err != nil && !gone {
				return err
			}
		}
		if rand.N(5) == 0 {
			return errUndone
		}
		return nil
	})
	if errors.Is(err, errUndone) {
		return nil
	}
	return err
}

func (p *place) mustBeRight(when string) {
	p.t.Helper()
	if wrong, err := counts.Check(p.ctx, p.DB); err != nil || wrong != 0 {
		p.t.Errorf("%s: %d counts are wrong: %v", when, wrong, err)
	}
}

// crowd changes the bookings from several sides at once, and has the counts put
// together meanwhile.
func (p *place) crowd(each int) {
	p.t.Helper()
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			for range each {
				if err := p.change(); err != nil && fault.CodeOf(err) != fault.CodeUnavailable { // lost too often
					p.t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for range each {
			if _, err := counts.Fold(p.ctx, p.Store); err != nil {
				p.t.Error(err)
			}
		}
	})
	all.Wait()
}

func TestTheCountsAreThoseOfTheBookingsWhateverIsDone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		p := furnish(t, s)
		p.crowd(25)
		p.mustBeRight("after a crowd")
		if _, err := counts.Fold(p.ctx, s); err != nil {
			t.Fatal(err)
		}
		p.mustBeRight("put together")
		if less, err := counts.Fold(p.ctx, s); err != nil || less != 0 {
			t.Errorf("put together twice: %d less, %v", less, err)
		}
		// Whoever changes the counts by hand is found out, and set right.
		if _, err := s.DB.Write.ExecContext(p.ctx, `UPDATE booking_counts SET n = n + 1 WHERE id IN (SELECT max(id) FROM booking_counts)`); err != nil {
			t.Fatal(err)
		}
		if wrong, err := counts.Check(p.ctx, s.DB); err != nil || wrong != 1 {
			t.Errorf("%d wrong, want 1: %v", wrong, err)
		}
		if err := counts.Rebuild(p.ctx, s); err != nil {
			t.Fatal(err)
		}
		p.mustBeRight("made anew")
		p.crowd(3)
		p.mustBeRight("and changed again")
	})
}

// TestTheFasterCountIsTheCount asks the same both ways, for whoever asks.
func TestTheFasterCountIsTheCount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		p := furnish(t, s)
		p.crowd(20)
		reads := func(scope access.Scope, units ...uuid.UUID) context.Context {
			return access.NewContext(t.Context(), &access.Viewer{UserID: uuid.New(), Units: units,
				Grants: []access.Grant{{Permission: access.BookingRead, Scope: scope, Allowed: true}}})
		}
		callers := map[string]context.Context{
			"any": reads(access.ScopeAny), "a unit": reads(access.ScopeUnit, p.units[0]), "two units": reads(access.ScopeUnit, p.units[:2]...),
			"own": reads(access.ScopeOwn), "the system": p.ctx, "what is deleted, too": access.WithDeleted(p.ctx),
		}
		faster := counts.Faster(s.DB.Dialect)
		byDays := map[string]int{}
		for range 600 {
			for who, ctx := range callers {
				where := filter(p)
				count := func() int {
					n, err := s.Client.Booking.Query().Where(where...).Count(ctx)
					if err != nil {
						t.Fatal(err)
					}
					return n
				}
				s.DB.Rewrite(nil)
				want, said := count(), ""
				s.DB.Rewrite(func(query string, args []any) (string, []any) {
					said = query
					other, given := faster(query, args)
					if other != query {
						byDays[who]++
						said = other
					}
					return other, given
				})
				if got := count(); got != want {
					t.Fatalf("%s: %d, want %d: %s", who, got, want, said)
				}
				s.DB.Rewrite(func(query string, args []any) (string, []any) {
					said = within(s.DB, query)
					other, given := faster(said, append(slices.Clone(args), 4711))
					if other != said {
						byDays[who+", inside"]++
					}
					return other, given
				})
				if got := count(); got != want {
					t.Fatalf("%s, inside of another: %d, want %d: %s", who, got, want, said)
				}
			}
		}
		for who := range callers {
			never := who == "own" || who == "what is deleted, too"
			if alone, inside := byDays[who], byDays[who+", inside"]; never != (alone == 0) || alone != inside {
				t.Errorf("%s: %d of 600 were counted by days, and %d inside of others", who, alone, inside)
			}
		}
	})
}

// within puts a count into a statement with an argument behind it, as plans have it.
func within(db *store.DB, query string) string {
	q, one := "`", "?"
	if db.LocksRows() {
		q, one = `"`, fmt.Sprintf("CAST($%d AS bigint)", strings.Count(query, "$")+1)
	}
	_, where, ok := strings.Cut(query, " WHERE ")
	if !ok {
		where = "TRUE"
	}
	return `SELECT "c"."n" FROM (SELECT COUNT(*) AS "n" FROM ` + q + `bookings` + q + ` WHERE ` + where + `) AS "c" LEFT JOIN (SELECT ` + one + ` AS x) AS t ON TRUE WHERE x = 4711`
}

// filter is what a list may be narrowed by, and some of what days cannot say.
func filter(p *place) (where []predicate.Booking) {
	if rand.N(2) == 0 {
		where = append(where, booking.StatusEQ(one(states)))
	} else if rand.N(2) == 0 {
		where = append(where, booking.StatusIn(one(states), one(states)))
	}
	switch rand.N(5) {
	case 0:
		where = append(where, booking.UnitID(one(p.units)))
	case 1:
		where = append(where, booking.UnitIDIn(p.units[:1+rand.N(3)]...))
	case 2:
		where = append(where, booking.UnitIDIsNil())
	}
	from, to := moment(), moment()
	switch rand.N(4) {
	case 0:
		where = append(where, booking.StartsAtGTE(from))
	case 1:
		where = append(where, booking.StartsAtGT(from))
	}
	switch rand.N(4) {
	case 0:
		where = append(where, booking.StartsAtLT(to))
	case 1:
		where = append(where, booking.StartsAtLTE(to))
	}
	switch rand.N(12) {
	case 0:
		where = []predicate.Booking{booking.Or(append(where, booking.UnitID(one(p.units)))...)}
	case 1:
		where = []predicate.Booking{booking.Not(booking.And(append(where, booking.StatusNEQ(one(states)))...))}
	case 2:
		where = append(where, booking.CustomerID(p.customer))
	case 3:
		where = append(where, booking.StatusEQ(one(states)), booking.StartsAtGTE(moment()))
	case 4:
		where = append(where, booking.StatusIn()) // none
	}
	return where
}
