package e2e

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/config"
)

// TestACrowdOfSocketsIsToldEverythingAndLeavesNothing is bench/live in short: it
// has nothing beside itself, for it counts goroutines.
func TestACrowdOfSocketsIsToldEverythingAndLeavesNothing(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(d, func(t *testing.T) {
			const streams, sessions, events = 50, 5, 3
			c := open(t, d, func(cfg *config.Config) { cfg.Live.PerUser = streams })
			c.as(customerA)
			before := runtime.NumGoroutine()

			crowd, ids := make([]*socket, 0, streams), make([]string, streams)
			for range sessions {
				desk := c.signIn(staffNorth, password)
				for range streams / sessions {
					crowd = append(crowd, desk.socket())
				}
			}
			for i, s := range crowd {
				ids[i] = s.subscribe(watchBookings)
			}
			if n := c.app.Live.Subscriptions(); n != streams {
				t.Fatalf("%d subscriptions", n)
			}
			for i := range events {
				booked := c.as(customerA).book(c.chat, c.practitioners[doctorNorth], at(9+i, 0)).ok().text("bookAppointment.booking.id")
				var told sync.WaitGroup
				for k, s := range crowd {
					told.Go(func() { s.data(ids[k]).ok().want("bookingChanged.id", `"`+booked+`"`) })
				}
				told.Wait()
			}

			for _, s := range crowd {
				s.CloseNow() // without a word
			}
			// Connections that are kept for other requests may stay.
			const slack = 20
			limit := time.Now().Add(patience)
			for runtime.NumGoroutine() > before+slack || c.app.Live.Streams() > 0 || c.app.Live.Subscriptions() > 0 {
				if time.Now().After(limit) {
					t.Fatalf("%d goroutines, %d before; %d streams, %d subscriptions", runtime.NumGoroutine(), before, c.app.Live.Streams(), c.app.Live.Subscriptions())
				}
				runtime.Gosched()
			}
			c.mustAddUp()
		})
	}
}
