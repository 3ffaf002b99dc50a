package e2e

import (
	"testing"
	"time"
)

// TestTheServersOwnJobExpiresUnpaidBookings lets the job queue do it.
func TestTheServersOwnJobExpiresUnpaidBookings(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		id := c.as(customerA).book(c.consultation, c.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.booking.id")
		c.advance(30 * time.Minute)
		done := c.log.await("job done job=expire-bookings count=1")
		if err := c.app.Jobs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatal("no job has expired the booking in a minute")
		}
		c.as(customerA).do(`query($id: ID!) { booking(id: $id) { status } }`, vars{"id": id}).ok().want("booking.status", `"EXPIRED"`)
		if n := c.count(`SELECT count(*) FROM resource_claims`); n != 0 {
			t.Errorf("%d claims are left", n)
		}
		if err := c.app.Jobs.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
