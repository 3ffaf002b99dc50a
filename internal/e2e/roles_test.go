package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/customers"
)

// The day of each role. What else they may and may not is in testdata/matrix.txt.

func TestTheFrontDeskServesTheOwnUnit(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		desk := c.as(staffNorth)
		walkIn := c.profiles[""]
		found := desk.do(`query($id: ID!) { customer(id: $id) { number phone givenName { firstName } pointsAccount { balance } notes } }`, vars{"id": walkIn})
		found.refused("FORBIDDEN") // the notes alone
		found.want("customer.phone", `"+49302312500"`).want("customer.givenName.firstName", `"Profile"`).want("customer.notes", `null`)

		booked := desk.book(c.consultation, c.practitioners[doctorNorth], at(9, 0), vars{"customerId": walkIn}).ok()
		booked.want("bookAppointment.booking.status", `"CONFIRMED"`).want("bookAppointment.booking.source", `"DESK"`)
		order := booked.text("bookAppointment.order.id")
		desk.pay(order, 8000, "CASH").ok().want("capturePayment.order.chargeStatus", `"FULL"`)
		desk.redeem(c.sticker, vars{"customerId": walkIn}).ok().want("redeemReward.pointsAccount.balance", `70`)

		other := c.as(staffSouth)
		desk.book(c.chat, c.practitioners[doctorSouth], at(10, 0), vars{"customerId": walkIn}).refused("FORBIDDEN")
		c.as(admin).do(`{ auditLogs(where: {event: "ACCESS_DENIED", actor: "staff.north"}) { edges { node { resource permissionChecked decision } } } }`).ok().
			want("auditLogs.edges.0.node", `{"decision":"DENY","permissionChecked":"booking:create","resource":"Mutation.bookAppointment"}`)
		other.do(`query($id: ID!) { order(id: $id) { id } }`, vars{"id": order}).refused("NOT_FOUND")
		other.do(`{ bookings { totalCount } }`).ok().want("bookings.totalCount", `0`)
		// The customer is everybody's, and what happened in the north is not.
		other.do(`query($id: ID!) { customer(id: $id) { pointsAccount { balance } bookings { totalCount } orders { totalCount } paymentTransactions { totalCount } } }`, vars{"id": walkIn}).ok().
			want("customer", `{"bookings":{"totalCount":0},"orders":{"totalCount":0},"paymentTransactions":{"totalCount":0},"pointsAccount":{"balance":70}}`)
		desk.cancel(booked.text("bookAppointment.booking.id"), vars{"reason": "the doctor is ill"}).ok()
	})
}

// TestTheFrontDeskIsTreatedElsewhere: the own rows add to those of the unit. Who
// has none does not make the database look for them.
func TestTheFrontDeskIsTreatedElsewhere(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		desk, other := c.as(staffNorth), c.as(staffSouth)
		ask := func() []string {
			return c.statements("bookings", func() { desk.do(`{ bookings { totalCount edges { node { id } } } }`).ok() })
		}
		for _, s := range ask() {
			if strings.Contains(s, "EXISTS") || strings.Contains(s, "customer_id") {
				t.Errorf("asked about own rows that there are none of: %s", s)
			}
		}
		account, south := uuid.MustParse(c.users[staffNorth]), uuid.MustParse(c.south)
		profile, err := c.app.Seed.Customers.Create(c.system(), customers.Profile{Account: &account, Unit: &south, GivenName: "Given", Surname: "Person"})
		if err != nil {
			t.Fatal(err)
		}
		own := other.book(c.chat, c.practitioners[doctorSouth], at(9, 0), vars{"customerId": profile.ID.String()}).ok().text("bookAppointment.booking.id")
		other.book(c.chat, c.practitioners[doctorSouth], at(10, 0), vars{"customerId": c.profiles[""]}).ok()
		desk.do(`{ bookings { edges { node { id } } } }`).ok().want("bookings.edges", `[{"node":{"id":"`+own+`"}}]`)
		if s := strings.Join(ask(), "\n"); strings.Contains(s, "EXISTS") || !strings.Contains(s, "customer_id IN") && !strings.Contains(s, "customer_id = ") {
			t.Errorf("nobody who treats, but a customer, asks: %s", s)
		}
	})
}

func TestTheDoctorSeesTheOwnAppointmentsAndWhoComes(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		me := c.as(doctorNorth)
		me.do(`{ appointments { totalCount edges { node { startsAt notes customer { number notes account { username } } } } } }`).ok().
			want("appointments.totalCount", `1`).want("appointments.edges.0.node.notes", `"Secret of customer.a"`).
			want("appointments.edges.0.node.customer.notes", `"Notes about customer.a"`).
			want("appointments.edges.0.node.customer.account", `null`) // the account is not the doctor's to see
		me.book(c.chat, c.practitioners[doctorNorth], at(14, 0), vars{"customerId": d.near.profile}).ok().want("bookAppointment.booking.status", `"CONFIRMED"`)
		me.pay(d.near.order, 1, "CASH").refused("FORBIDDEN")
		me.do(`query($id: ID!) { customer(id: $id) { id } }`, vars{"id": d.next.profile}).refused("NOT_FOUND")
		colleague := c.as(doctorNext)
		colleague.do(`{ customers { edges { node { id } } } }`).ok().want("customers.edges", `[{"node":{"id":"`+d.next.profile+`"}}]`)
		colleague.cancel(d.near.booking).refused("NOT_FOUND")
	})
}

func TestTheCustomerSeesTheOwnAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		me := c.as(customerA)
		me.do(`{ bookings { totalCount } appointments { totalCount } orders { totalCount } customers { edges { node { id } } } users { edges { node { username } } } products { totalCount } practitioners { totalCount } rewards { totalCount } }`).ok().
			want("bookings.totalCount", `1`).want("appointments.totalCount", `1`).want("orders.totalCount", `1`).
			want("customers.edges", `[{"node":{"id":"`+d.near.profile+`"}}]`).want("users.edges", `[{"node":{"username":"customer.a"}}]`).
			want("products.totalCount", `3`).want("practitioners.totalCount", `3`).want("rewards.totalCount", `2`)
		me.book(c.chat, c.practitioners[doctorNorth], at(10, 0), vars{"customerId": d.far.profile}).refused("NOT_FOUND")
		me.redeem(c.sticker, vars{"customerId": d.far.profile}).refused("NOT_FOUND")
		// Whom a practitioner treats otherwise is nobody's business.
		me.do(`query($id: ID!) { practitioner(id: $id) { displayName appointments { totalCount } user { id } } }`, vars{"id": c.practitioners[doctorSouth]}).ok().
			want("practitioner", `{"appointments":{"totalCount":0},"displayName":"Display doctor.south","user":null}`)
	})
}

func TestTheManagerSeesAllBusinessAndNoNotes(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		me := c.as(manager)
		me.do(`{ bookings { totalCount } orders { totalCount } users { totalCount } roles { totalCount } operationLogs { totalCount } }`).ok().
			want("bookings.totalCount", `3`).want("orders.totalCount", `3`).want("users.totalCount", `11`).want("roles.totalCount", `5`)
		for _, id := range []string{d.near.booking, d.far.booking} {
			me.cancel(id).ok()
		}
		me.do(`{ auditLogs { totalCount } }`).refused("FORBIDDEN")
		for _, f := range me.do(`{ appointments { edges { node { notes } } } customers { edges { node { notes } } } }`).errs {
			if f.Extensions["code"] != "FORBIDDEN" {
				t.Errorf("%v", f)
			}
		}
	})
}

func TestTheAdministratorReadsWhoTriedWhat(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		c.clock.move(time.Millisecond) // within one, entries of another start of the program come in any order
		c.as(customerA).do(`{ operationLogs { totalCount } }`).refused("FORBIDDEN")
		c.as(customerA).cancel(d.far.booking).refused("NOT_FOUND")
		c.anyone().login(customerB, "not the password").refused("INVALID_CREDENTIALS")
		a := c.as(admin).do(`{ auditLogs(first: 2) { edges { node { event actor success errorCode resource subjectId ipAddress userAgent createdAt } } } }`).ok()
		a.want("auditLogs.edges.0.node.event", `"LOGIN_ERROR"`).want("auditLogs.edges.0.node.actor", `"anonymous"`).
			want("auditLogs.edges.0.node.subjectId", `"`+c.users[customerB]+`"`).want("auditLogs.edges.0.node.ipAddress", `"127.0.0.1"`)
		a.want("auditLogs.edges.1.node.event", `"ACCESS_DENIED"`).want("auditLogs.edges.1.node.resource", `"Query.operationLogs"`)
		events := []string{}
		for _, edge := range c.as(admin).do(`{ auditLogs(first: 100) { edges { node { event } } } }`).ok().list("auditLogs.edges") {
			events = append(events, edge.(map[string]any)["node"].(map[string]any)["event"].(string))
		}
		for _, event := range []string{"LOGIN", "LOGIN_ERROR", "ACCESS_DENIED", "USER_PERMISSION_SET"} {
			if !slices.Contains(events, event) {
				t.Errorf("no %s in %v", event, events)
			}
		}
		entities := c.as(admin).do(`query($e: String!) { operationLogs(where: {entityType: $e}) { totalCount edges { node { entityType action user { username } } } } }`, vars{"e": ent.TypePaymentTransaction}).ok()
		entities.want("operationLogs.totalCount", `3`)
	})
}
