package e2e

import (
	"testing"
	"time"
)

// TestVisitorWalksThroughTheClinic is the whole way of one visitor: registers,
// books, pays, earns points and redeems them, is refused on the way what may not
// be, and an auditor reads who did what.
func TestVisitorWalksThroughTheClinic(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.anyone().do(`{ viewer { user { id } } }`).refused("UNAUTHENTICATED")
		joined := c.anyone().do(`mutation {
			register(input: {username: "visitor", email: "visitor@example.org", password: "seven green umbrellas", givenName: "Some", surname: "Body"}) {
				session { accessToken accessTokenExpiresAt refreshToken viewer { user { id username } mustChangePassword customers { id pointsAccount { balance } } } }
			}
		}`).ok()
		joined.want("register.session.viewer.user.username", `"visitor"`).want("register.session.viewer.mustChangePassword", `false`)
		joined.want("register.session.viewer.customers.0.pointsAccount.balance", `0`)
		joined.want("register.session.accessTokenExpiresAt", `"2030-01-07T08:10:00Z"`)
		profile := joined.text("register.session.viewer.customers.0.id")
		me := c.holding(joined, "register.session")
		me.do(`{ viewer { user { username } permissions { name scope source role } sessions { status } } }`).ok().
			want("viewer.user.username", `"visitor"`).want("viewer.sessions.0.status", `"ACTIVE"`)

		slots := me.do(`query($s: ID!, $from: Time!, $to: Time!) {
			availableSlots(serviceId: $s, from: $from, to: $to) { startsAt endsAt practitioner { id displayName } }
		}`, vars{"s": c.consultation, "from": at(9, 0), "to": at(10, 0)}).ok()
		if n := len(slots.list("availableSlots")); n != 6 { // three doctors, nine and half past
			t.Fatalf("%d slots: %s", n, slots.body)
		}
		doctor := slots.text("availableSlots.0.practitioner.id")
		start := slots.text("availableSlots.0.startsAt")

		me.book(c.consultation, doctor, "2030-01-08T09:10:00Z").refused("BAD_USER_INPUT").about("input.startsAt")
		me.book(c.bandage, doctor, start).refused("BAD_USER_INPUT").about("input.serviceId")
		booked := me.book(c.consultation, doctor, start).ok()
		booked.want("bookAppointment.booking.status", `"PENDING"`).want("bookAppointment.booking.source", `"ONLINE"`).
			want("bookAppointment.appointment.status", `"TENTATIVE"`).want("bookAppointment.order.chargeStatus", `"NONE"`).
			want("bookAppointment.order.total", `{"amount":8000,"currency":"EUR"}`).
			want("bookAppointment.booking.holdExpiresAt", `"2030-01-07T08:30:00Z"`)
		booking, order := booked.text("bookAppointment.booking.id"), booked.text("bookAppointment.order.id")

		c.as(customerB).book(c.consultation, doctor, start).refused("SLOT_TAKEN")
		c.as(customerB).pay(order, 8000, "TEST").refused("NOT_FOUND")
		me.redeem(c.sticker).refused("INSUFFICIENT_POINTS")
		me.pay(order, 8001, "TEST").refused("BAD_USER_INPUT").about("input.amount")
		me.pay(order, 8000, "CASH").refused("FORBIDDEN")
		me.pay(order, 3000, "TEST").ok().
			want("capturePayment.order.chargeStatus", `"PARTIAL"`).want("capturePayment.booking.status", `"PENDING"`)
		me.pay(order, 5000, "TEST").ok().
			want("capturePayment.transaction.status", `"CAPTURED"`).want("capturePayment.order.chargeStatus", `"FULL"`).
			want("capturePayment.booking.status", `"CONFIRMED"`).want("capturePayment.booking.holdExpiresAt", `null`)
		me.pay(order, 1, "TEST").refused("BAD_USER_INPUT").about("input.amount")

		me.do(`query($id: ID!) { booking(id: $id) { status version total { amount currency formatted } appointments { status } order { number events { type } items { quantity total { amount } } } customer { id pointsAccount { balance } } } }`, vars{"id": booking}).ok().
			want("booking.status", `"CONFIRMED"`).want("booking.appointments.0.status", `"SCHEDULED"`).
			want("booking.customer.id", `"`+profile+`"`).want("booking.customer.pointsAccount.balance", `80`).
			want("booking.order.events", `[{"type":"PLACED"},{"type":"PAYMENT_CAPTURED"},{"type":"PAYMENT_CAPTURED"}]`).
			want("booking.total.formatted", `"€80.00"`)
		me.redeem(c.sticker).ok().want("redeemReward.redemption.status", `"ISSUED"`).want("redeemReward.pointsAccount.balance", `70`)
		me.redeem(c.mug).refused("INSUFFICIENT_POINTS")

		c.reads(me, booking)
	})
}

// reads is what the auditor finds of the visitor's walk.
func (c *clinic) reads(me *client, booking string) {
	c.t.Helper()
	const trail = `query($id: ID!) { operationLogs(first: 100, where: {entityType: "Booking", entityId: $id}) { totalCount edges { node { action actor operation newValues oldValues createdAt requestId } } } }`
	me.do(trail, vars{"id": booking}).refused("FORBIDDEN")
	c.as(staffNorth).do(trail, vars{"id": booking}).refused("FORBIDDEN")
	found := c.as(manager).do(trail, vars{"id": booking}).ok()
	found.want("operationLogs.totalCount", `2`)
	found.want("operationLogs.edges.0.node.action", `"UPDATE"`). // newest first
									want("operationLogs.edges.0.node.oldValues.status", `"PENDING"`).want("operationLogs.edges.0.node.newValues.status", `"CONFIRMED"`)
	found.want("operationLogs.edges.1.node.action", `"CREATE"`).want("operationLogs.edges.1.node.actor", `"visitor"`).
		want("operationLogs.edges.1.node.operation", `"bookAppointment"`).
		want("operationLogs.edges.1.node.createdAt", `"`+opening.Format(time.RFC3339)+`"`)

	const refusals = `{ auditLogs(first: 100, where: {event: "ACCESS_DENIED"}) { edges { node { actor resource permissionChecked decision success errorCode } } } }`
	c.as(manager).do(refusals).refused("FORBIDDEN")
	c.as(admin).do(refusals).ok().
		want("auditLogs.edges.0.node", `{"actor":"manager.one","decision":"DENY","errorCode":"FORBIDDEN","permissionChecked":"audit_log:read","resource":"Query.auditLogs","success":false}`).
		want("auditLogs.edges.1.node.actor", `"staff.north"`).want("auditLogs.edges.2.node.actor", `"visitor"`)
	c.as(admin).do(`{ auditLogs(where: {actor: "visitor", event: "REGISTER"}) { totalCount } }`).ok().want("auditLogs.totalCount", `1`)
}
