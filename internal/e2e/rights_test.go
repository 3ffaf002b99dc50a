package e2e

import (
	"database/sql"
	"slices"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
)

func TestADenialHoldsOnEveryServerWithinASecond(t *testing.T) {
	t.Parallel()
	here := open(t, dialect.Postgres)
	servers := []*clinic{here, here.another(false), here.another(true)}
	desk := here.as(staffNorth)
	const bookings = `{ bookings(first: 1) { edges { node { id } } } }`
	for _, server := range servers {
		desk.at(server).do(bookings).ok()
	}
	here.as(admin).grant(staffNorth, "booking:read", false).ok()
	committed := time.Now()
	desk.do(bookings).refused("FORBIDDEN") // here at once
	var all sync.WaitGroup
	for i, server := range servers[1:] {
		all.Go(func() {
			for began := time.Now(); desk.at(server).do(bookings).code() != "FORBIDDEN"; began = time.Now() {
				if began.Sub(committed) > time.Second {
					t.Errorf("server %d serves a request that began later than a second after the denial", i+1)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestAUnitReachesThoseBelowIt puts the south below the north: the desk of the
// north sees and serves both then, that of the south its own as before.
func TestAUnitReachesThoseBelowIt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		const bookings = `{ bookings(first: 100) { edges { node { id } } } }`
		c.as(customerA).book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok()
		inSouth := c.as(customerB).book(c.chat, c.practitioners[doctorSouth], at(9, 0)).ok().text("bookAppointment.booking.id")
		north, south := c.as(staffNorth).do(bookings).ids("bookings"), c.as(staffSouth).do(bookings).ids("bookings")
		if len(north) == 0 || len(south) == 0 || slices.Equal(north, south) {
			t.Fatalf("the story needs bookings in both: %d, %d", len(north), len(south))
		}
		below(t, c, c.south, c.north)
		both := c.as(staffNorth).do(bookings).ids("bookings")
		for _, id := range slices.Concat(north, south) {
			if !slices.Contains(both, id) {
				t.Errorf("the desk above does not see %s", id)
			}
		}
		c.as(staffNorth).cancel(inSouth).ok()
		if got := c.as(staffSouth).do(bookings).ids("bookings"); !slices.Equal(got, south) {
			t.Errorf("the desk below sees %v, want %v", got, south)
		}
	})
}

// below puts a unit below another one; there is no verb for it yet.
func below(t *testing.T, c *clinic, lower, upper string) {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	err := c.app.Store.InTx(ctx, func(client *ent.Client, _ *sql.Tx) error {
		return client.OrganizationalUnit.UpdateOneID(uuid.MustParse(lower)).SetParentID(uuid.MustParse(upper)).Exec(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
}
