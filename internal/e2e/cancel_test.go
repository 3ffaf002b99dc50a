package e2e

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/ent"
)

func TestACancelledBookingFreesItsTimeOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me, doctor := c.as(customerA), c.practitioners[doctorNorth]
		booked := me.book(c.consultation, doctor, at(9, 0)).ok()
		id, order := booked.text("bookAppointment.booking.id"), booked.text("bookAppointment.order.id")
		c.as(customerB).book(c.consultation, doctor, at(9, 0)).refused("SLOT_TAKEN")

		me.cancel(id, vars{"expectedVersion": 2}).refused("CONFLICT")
		me.cancel(id, vars{"expectedVersion": 0}).refused("CONFLICT")
		c.as(customerB).cancel(id).refused("NOT_FOUND")
		c.as(staffSouth).cancel(id).refused("NOT_FOUND")
		c.as(doctorSouth).cancel(id).refused("NOT_FOUND")
		me.cancel(missing(ent.TypeBooking)).refused("NOT_FOUND")
		me.cancel(id, vars{"expectedVersion": 1, "reason": "a cold"}).ok().
			want("cancelBooking.booking.status", `"CANCELLED"`).want("cancelBooking.booking.version", `2`).
			want("cancelBooking.booking.cancelReason", `"a cold"`).want("cancelBooking.booking.cancelledAt", `"2030-01-07T08:00:00Z"`)
		me.cancel(id).refused("INVALID_TRANSITION")
		me.cancel(id, vars{"expectedVersion": 1}).refused("CONFLICT")
		me.pay(order, 8000, "TEST").refused("INVALID_TRANSITION")
		me.do(`query($id: ID!) { booking(id: $id) { appointments { status } order { status chargeStatus events { type } } } }`, vars{"id": id}).ok().
			want("booking", `{"appointments":[{"status":"CANCELLED"}],"order":{"chargeStatus":"NONE","events":[{"type":"PLACED"},{"type":"CANCELLED"}],"status":"CANCELLED"}}`)
		c.as(customerB).book(c.consultation, doctor, at(9, 0)).ok()
		if n := c.count(`SELECT count(*) FROM resource_claims`); n != 2 {
			t.Errorf("%d claims", n)
		}
	})
}

func TestACancelledBookingThatWasPaidRemembersTheMoney(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		c.as(staffNorth).cancel(d.near.booking).ok().want("cancelBooking.booking.status", `"CANCELLED"`)
		order := c.as(customerA).do(`query($id: ID!) { order(id: $id) { status chargeStatus captured { amount } events { type data } } }`, vars{"id": d.near.order}).ok()
		order.want("order.status", `"PLACED"`).want("order.chargeStatus", `"FULL"`).want("order.captured.amount", `8000`).
			want("order.events.2", `{"data":{"refundDue":8000},"type":"BOOKING_CANCELLED"}`)
	})
}

func TestOfParallelCancellationsOneSucceeds(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		id := me.book(c.consultation, c.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.booking.id")
		who := []string{customerA, staffNorth, doctorNorth, manager, admin}
		for _, login := range who {
			c.as(login)
		}
		counts := outcomes(together(10, func(i int) *answer { return c.as(who[i%len(who)]).cancel(id) }))
		if counts[""] != 1 || counts["INVALID_TRANSITION"]+counts["CONFLICT"] != 9 {
			t.Errorf("%v", counts)
		}
	})
}

func TestPaymentAndCancellationOfOneBookingComeOneAfterTheOther(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		for i := range 8 {
			booked := me.book(c.consultation, c.practitioners[doctorNorth], at(9+i, 0)).ok()
			id, order := booked.text("bookAppointment.booking.id"), booked.text("bookAppointment.order.id")
			answers := together(2, func(i int) *answer {
				if i == 0 {
					return me.cancel(id)
				}
				return me.pay(order, 8000, "TEST")
			})
			state := me.do(`query($id: ID!) { booking(id: $id) { status appointments { status } order { status chargeStatus } } }`, vars{"id": id}).ok()
			got := string(state.body)
			cancelled, paid := answers[0].code() == "", answers[1].code() == ""
			want := ""
			switch {
			case cancelled && !paid:
				want = `{"data":{"booking":{"status":"CANCELLED","appointments":[{"status":"CANCELLED"}],"order":{"status":"CANCELLED","chargeStatus":"NONE"}}}}`
			case !cancelled && paid:
				want = `{"data":{"booking":{"status":"CONFIRMED","appointments":[{"status":"SCHEDULED"}],"order":{"status":"PLACED","chargeStatus":"FULL"}}}}`
			case cancelled && paid: // first the one, then the other
				want = `{"data":{"booking":{"status":"CANCELLED","appointments":[{"status":"CANCELLED"}],"order":{"status":"PLACED","chargeStatus":"FULL"}}}}`
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s\n%s\n%s", answers[0].body, answers[1].body, diff)
			}
		}
	})
}

func TestAnUnpaidBookingExpiresAndFreesItsTime(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me, doctor := c.as(customerA), c.practitioners[doctorNorth]
		unpaid := me.book(c.consultation, doctor, at(9, 0)).ok()
		paid := me.book(c.consultation, doctor, at(10, 0)).ok()
		free := me.book(c.chat, doctor, at(11, 0)).ok().want("bookAppointment.booking.status", `"CONFIRMED"`)
		desk := c.as(staffNorth).book(c.consultation, doctor, at(12, 0), vars{"customerId": c.profiles[customerB]}).ok().want("bookAppointment.booking.status", `"CONFIRMED"`)
		me.pay(paid.text("bookAppointment.order.id"), 8000, "TEST").ok()

		expire := func(want int) {
			t.Helper()
			if n, err := c.app.Seed.Scheduling.Expire(t.Context()); err != nil || n != want {
				t.Fatalf("%d expired, %v; want %d", n, err, want)
			}
		}
		c.advance(30*time.Minute - time.Microsecond)
		expire(0)
		c.as(customerB).book(c.consultation, doctor, at(9, 0)).refused("SLOT_TAKEN")
		c.advance(time.Microsecond)
		expire(1)
		expire(0)
		for booked, want := range map[*answer]string{unpaid: "EXPIRED", paid: "CONFIRMED", free: "CONFIRMED", desk: "CONFIRMED"} {
			c.as(admin).do(`query($id: ID!) { booking(id: $id) { status } }`, vars{"id": booked.text("bookAppointment.booking.id")}).ok().want("booking.status", `"`+want+`"`)
		}
		me = c.as(customerA)
		me.pay(unpaid.text("bookAppointment.order.id"), 8000, "TEST").refused("INVALID_TRANSITION")
		me.cancel(unpaid.text("bookAppointment.booking.id")).refused("INVALID_TRANSITION")
		c.as(customerB).book(c.consultation, doctor, at(9, 0)).ok()
		c.as(admin).do(`query($id: ID!) { operationLogs(first: 1, where: {entityId: $id}) { edges { node { actor action newValues user { id } } } } }`, vars{"id": unpaid.text("bookAppointment.booking.id")}).ok().
			want("operationLogs.edges.0.node", `{"action":"UPDATE","actor":"system:booking-expiry","newValues":{"hold_expires_at":null,"status":"EXPIRED"},"user":null}`)
	})
}

func TestSlotsAreWhatCanBeBooked(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		ask := func(from, to time.Time) *answer {
			return me.do(`query($s: ID!, $p: [ID!], $from: Time!, $to: Time!) { availableSlots(serviceId: $s, practitionerIds: $p, from: $from, to: $to) { startsAt endsAt practitioner { id } } }`,
				vars{"s": c.chat, "p": []string{c.practitioners[doctorNorth]}, "from": from, "to": to})
		}
		day := ask(at(0, 0), at(24, 0)).ok()
		if n := len(day.list("availableSlots")); n != 16 { // nine to five
			t.Fatalf("%d slots: %s", n, day.body)
		}
		day.want("availableSlots.0.startsAt", `"2030-01-08T09:00:00Z"`).want("availableSlots.15.endsAt", `"2030-01-08T17:00:00Z"`)
		c.as(customerB).book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok()
		ask(at(9, 0), at(10, 0)).ok().want("availableSlots", `[{"endsAt":"2030-01-08T10:00:00Z","practitioner":{"id":"`+c.practitioners[doctorNorth]+`"},"startsAt":"2030-01-08T09:30:00Z"}]`)
		// Today from nine on: an hour's notice from eight.
		ask(opening, opening.Add(90*time.Minute)).ok().want("availableSlots.0.startsAt", `"2030-01-07T09:00:00Z"`)
		ask(at(10, 0), at(9, 0)).refused("BAD_USER_INPUT").about("to")
		ask(at(0, 0), at(0, 0).AddDate(0, 0, 32)).refused("BAD_USER_INPUT").about("to")
		for _, start := range []time.Time{at(8, 30), at(17, 0), at(9, 15), opening.Add(30 * time.Minute), at(9, 0).AddDate(0, 0, 4), at(9, 0).AddDate(1, 0, 0), at(9, 0).AddDate(-1, 0, 0)} {
			me.book(c.chat, c.practitioners[doctorNorth], start).refused("BAD_USER_INPUT").about("input.startsAt")
		}
		me.book(c.chat, c.practitioners[doctorNorth], "2030-01-08T11:30:00+01:00").ok().want("bookAppointment.booking.startsAt", `"2030-01-08T10:30:00Z"`)
	})
}
