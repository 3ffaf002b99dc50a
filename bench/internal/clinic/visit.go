package clinic

import (
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent/appointment"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/order"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/scheduling"
)

// visit is a booking with everything that hangs on it. Bookings are numbered in
// the order in which they were made.
type visit struct {
	n            int
	made         time.Time
	start, end   time.Time
	busyTo       time.Time // with the service's buffer
	practitioner int
	customer     int
	service      int
	online       bool // booked by the customer
	paid         bool

	booking     booking.Status
	appointment appointment.Status
	order       order.Status
	changed     time.Time // when the status was reached
}

// visit gives the n-th booking.
func (c *Clinic) visit(n int) visit {
	slot := c.slot(n)
	at, p := slot/c.size.Practitioners, slot%c.size.Practitioners
	unit := p % c.size.Units
	// The visits of a unit, counted through: those of one moment follow each
	// other, so that no customer is in two places.
	turn := at*c.perUnit + p/c.size.Units
	v := visit{
		n: n, made: c.made(n), practitioner: p,
		customer: turn*c.stride%c.customers*c.size.Units + unit,
		service:  c.serviceOf(p, dice("service", slot, c.size.Services)),
	}
	day := c.days[at/slotsPerDay]
	v.start = day.Add(opens + time.Duration(at%slotsPerDay)*slotLength)
	v.online = c.accountOf(v.customer) != none && dice("source", slot, 10) < 7
	s := c.services[v.service]
	v.end = v.start.Add(s.duration)
	v.busyTo = v.end.Add(s.buffer)
	v.settle(c.today, dice("status", slot, 100))
	// Of the visits that took place or will, three of ten in all are paid.
	v.paid = v.order == order.StatusPlaced && v.booking != booking.StatusPending && dice("paid", slot, 1000) < 340
	return v
}

// slot says which slot of the calendar the n-th booking took. Within a block the
// order is shuffled: people book some days ahead, not in the order in which they
// come.
func (c *Clinic) slot(n int) int {
	first := n / c.block * c.block
	size, step := c.block, c.blockStep
	if rest := c.size.Bookings - first; rest < size {
		size, step = rest, c.restStep
	}
	return first + (n-first)*step%size
}

// settle gives a visit its states: d is from 0 to 99.
func (v *visit) settle(today time.Time, d int) {
	v.order, v.changed = order.StatusPlaced, v.made
	if v.start.After(today) {
		switch {
		case d < 80:
			v.booking, v.appointment = booking.StatusConfirmed, appointment.StatusScheduled
		case d < 90:
			v.booking, v.appointment = booking.StatusPending, appointment.StatusTentative
		default:
			v.cancel()
		}
		return
	}
	switch {
	case d < 85:
		v.booking, v.appointment, v.changed = booking.StatusCompleted, appointment.StatusCompleted, v.end
	case d < 93:
		v.cancel()
	case d < 97:
		v.booking, v.appointment, v.changed = booking.StatusNoShow, appointment.StatusNoShow, v.end
	default:
		v.booking, v.appointment, v.order, v.changed = booking.StatusExpired, appointment.StatusExpired, order.StatusExpired, v.start
	}
}

func (v *visit) cancel() {
	v.booking, v.appointment, v.order = booking.StatusCancelled, appointment.StatusCancelled, order.StatusCancelled
	v.changed = v.made.Add(time.Minute)
}

// blocks says whether the visit keeps its time from others.
func (v visit) blocks() bool { return scheduling.AppointmentStatus(v.appointment).Blocks() }

// paidAt is when the payment of a paid visit came in.
func (v visit) paidAt() time.Time { return v.made.Add(5 * time.Minute) }

func (v visit) id(k ids.Kind) uuid.UUID { return mint(k, v.made, v.n) }

// second is the id of a second object of the kind for one visit.
func (v visit) second(k ids.Kind, at time.Time) uuid.UUID { return mint(k, at, v.n|1<<40) }
