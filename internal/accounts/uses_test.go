package accounts_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/userpermission"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// door is a server that notes what the user is let through by.
type door struct {
	*accounts.Authorities
	t   testing.TB
	now time.Time
}

func newDoor(st *staff) *door {
	return &door{t: st.t, now: time.Date(2030, 1, 7, 8, 0, 0, 0, time.UTC), Authorities: &accounts.Authorities{
		Client: st.Client, Uses: &accounts.Uses{Store: st.Store, Log: slog.New(slog.DiscardHandler)},
	}}
}

// pass has the user come by each permission, as a new request does.
func (d *door) pass(user uuid.UUID, permissions ...string) {
	d.t.Helper()
	a, err := d.Read(context.Background(), user)
	if err != nil {
		d.t.Error(err)
		return
	}
	v := a.Viewer()
	v.Now = func() time.Time { return d.now }
	for _, p := range permissions {
		if !v.Pass(p) {
			d.t.Errorf("refused by %s", p)
		}
	}
}

// last gives the day on which the user last came by the permission; "" is never.
func (d *door) last(user uuid.UUID, permission string) string {
	d.t.Helper()
	found, err := d.Uses.LastUsed(context.Background(), uuid.New(), user)
	if err != nil {
		d.t.Fatal(err)
	}
	if day, ok := found[accounts.Use{User: user, Permission: permission}]; ok {
		return day.Format(time.DateOnly)
	}
	return ""
}

// grantTwo allows the user to read bookings and orders.
func grantTwo(st *staff) {
	st.t.Helper()
	st.change(func(ctx context.Context, c *ent.Client) error {
		orders, err := c.Permission.Create().SetName(access.OrderRead).Save(ctx)
		if err != nil {
			return err
		}
		for name, id := range map[string]uuid.UUID{access.BookingRead: st.reading, access.OrderRead: orders.ID} {
			err := c.UserPermission.Create().SetUserID(st.user).SetPermissionID(id).SetPermission(name).SetScope(userpermission.ScopeAny).SetAllowed(true).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func TestTheDayOfTheLastUseIsOnRecord(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		st := newStaff(t, s)
		grantTwo(st)
		here, there := newDoor(st), newDoor(st)
		want := func(d *door, permission, day string) {
			t.Helper()
			if got := d.last(st.user, permission); got != day {
				t.Errorf("%s: %q, want %q", permission, got, day)
			}
		}
		want(here, access.BookingRead, "")
		// Two servers write the same at once, and each what it heard of.
		var both sync.WaitGroup
		for _, d := range []*door{here, there} {
			both.Go(func() {
				for range 20 {
					d.pass(st.user, access.BookingRead)
					if err := d.Uses.Flush(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		both.Wait()
		want(here, access.BookingRead, "2030-01-07")
		want(there, access.BookingRead, "2030-01-07")
		want(there, access.OrderRead, "")

		// The later day stands, whoever writes last.
		there.now = there.now.Add(24 * time.Hour)
		there.pass(st.user, access.BookingRead, access.OrderRead)
		want(there, access.BookingRead, "2030-01-08")
		late := newDoor(st)
		late.pass(st.user, access.BookingRead)
		want(late, access.BookingRead, "2030-01-08")
		want(here, access.OrderRead, "2030-01-08")

		// What is long ago is forgotten.
		for _, step := range []struct {
			after time.Duration
			want  int
		}{{729 * 24 * time.Hour, 0}, {732 * 24 * time.Hour, 2}, {732 * 24 * time.Hour, 0}} {
			n, err := accounts.PurgeUses(context.Background(), s, here.now.Add(step.after))
			if err != nil || n != step.want {
				t.Errorf("%d forgotten after %s, want %d: %v", n, step.after, step.want, err)
			}
		}
		want(here, access.BookingRead, "")
	})
}

// TestUsesThatCannotBeWrittenWait: what a database that is away did not take is
// written later, and nobody is refused meanwhile.
func TestUsesThatCannotBeWrittenWait(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		st := newStaff(t, s)
		grantTwo(st)
		d := newDoor(st)
		d.pass(st.user, access.BookingRead)
		away, cancel := context.WithCancel(context.Background())
		cancel()
		if err := d.Uses.Flush(away); err == nil {
			t.Error("written without a database")
		}
		d.pass(st.user, access.BookingRead, access.OrderRead)
		if err := d.Uses.Close(away); err == nil {
			t.Error("closed without a database")
		}
		if err := d.Uses.Close(context.Background()); err != nil {
			t.Error(err)
		}
		for _, p := range []string{access.BookingRead, access.OrderRead} {
			if got := d.last(st.user, p); got != "2030-01-07" {
				t.Errorf("%s: %q", p, got)
			}
		}
		d.now = d.now.Add(24 * time.Hour)
		d.pass(st.user, access.BookingRead) // a server that stops lets requests finish
		if got := d.last(st.user, access.BookingRead); got != "2030-01-07" {
			t.Errorf("noted after its end: %q", got)
		}
	})
}
