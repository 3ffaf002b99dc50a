package clinic

import (
	"sync"

	"clinicgraph/ent/booking"
	"clinicgraph/ent/order"
	"clinicgraph/ent/paymenttransaction"
	"clinicgraph/ent/pointsentry"
	"clinicgraph/ent/resourceclaim"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/money"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/rewards"
)

// business lists the large tables: those of the visits, with none to two rows for
// each booking, and of the customers. The claims come first: the rule that keeps
// them apart takes longer to build than all the rest.
func (c *Clinic) business(base Base) []table {
	all := c.size.Bookings
	return []table{
		{"resource_claims", []string{"id", "created_at", "updated_at", "resource_kind", "resource_id", "busy_from", "busy_to", "appointment_id"}, all, c.claims},
		{"bookings", []string{"id", "created_at", "updated_at", "number", "status", "source", "starts_at", "ends_at", "hold_expires_at", "total_amount", "currency", "cancelled_at", "customer_id", "unit_id", "created_by"}, all, c.booking},
		{"appointments", []string{"id", "created_at", "updated_at", "status", "starts_at", "ends_at", "busy_from", "busy_to", "booking_id", "customer_id", "unit_id", "practitioner_id", "service_id", "practitioner_user_id"}, all, c.appointment},
		{"orders", []string{"id", "created_at", "updated_at", "number", "status", "charge_status", "total_amount", "tax_amount", "captured_amount", "currency", "placed_at", "booking_id", "customer_id", "unit_id"}, all, c.order},
		{"order_items", []string{"id", "created_at", "updated_at", "name", "quantity", "unit_price_amount", "total_amount", "tax_amount", "currency", "appointment_id", "order_id", "product_id"}, all, c.item},
		{"order_events", []string{"id", "created_at", "type", "from_status", "to_status", "actor", "data", "order_id"}, all, c.events},
		{"payment_transactions", []string{"id", "created_at", "updated_at", "kind", "status", "amount_minor", "currency", "captured_at", "booking_id", "customer_id", "order_id", "unit_id", "method_id"}, all, c.payment(base)},
		c.profiles(base),
		c.pointsAccounts(),
		c.pointsEntries(),
	}
}

// actor is who the events say has acted.
const actor = "benchmark data"

func (c *Clinic) booking(r *row, n int) {
	v := c.visit(n)
	id := v.id(ids.Booking)
	r.id(id).time(v.made).time(v.changed).text(ids.Number("B", id)).text(string(v.booking)).text(string(c.source(v))).time(v.start).time(v.end)
	if v.booking == booking.StatusPending {
		r.time(v.start)
	} else {
		r.null()
	}
	r.int(c.services[v.service].price).text(currency)
	if v.booking == booking.StatusCancelled {
		r.time(v.changed)
	} else {
		r.null()
	}
	r.id(c.customerID(v.customer)).id(c.unitID(v.practitioner % c.size.Units))
	if v.online {
		r.id(c.accountID(c.accountOf(v.customer)))
	} else {
		r.id(c.accountID(managers + v.practitioner%c.size.Units*deskPerUnit + dice("desk", n, deskPerUnit)))
	}
}

func (c *Clinic) appointment(r *row, n int) {
	v := c.visit(n)
	r.id(v.id(ids.Appointment)).time(v.made).time(v.changed).text(string(v.appointment)).time(v.start).time(v.end).time(v.start).time(v.busyTo).
		id(v.id(ids.Booking)).id(c.customerID(v.customer)).id(c.unitID(v.practitioner % c.size.Units)).
		id(c.practitionerID(v.practitioner)).id(c.serviceID(v.service)).id(c.accountID(c.firstDoctor() + v.practitioner))
}

// claims keep the time of the practitioner, with the buffer, and of the customer.
func (c *Clinic) claims(r *row, n int) {
	v := c.visit(n)
	if !v.blocks() {
		return
	}
	r.id(v.id(ids.ResourceClaim)).time(v.made).time(v.made).text(string(resourceclaim.ResourceKindPractitioner)).
		id(c.practitionerID(v.practitioner)).time(v.start).time(v.busyTo).id(v.id(ids.Appointment)).end()
	r.id(v.second(ids.ResourceClaim, v.made)).time(v.made).time(v.made).text(string(resourceclaim.ResourceKindCustomer)).
		id(c.customerID(v.customer)).time(v.start).time(v.end).id(v.id(ids.Appointment))
}

func (c *Clinic) order(r *row, n int) {
	v := c.visit(n)
	s := c.services[v.service]
	id := v.id(ids.Order)
	charged, captured, changed := orders.ChargeNone, int64(0), v.changed
	if v.paid {
		charged, captured, changed = orders.ChargeFull, s.price, v.paidAt()
	}
	r.id(id).time(v.made).time(changed).text(ids.Number("O", id)).text(string(v.order)).text(string(charged)).
		int(s.price).int(s.tax).int(captured).text(currency).time(v.made).
		id(v.id(ids.Booking)).id(c.customerID(v.customer)).id(c.unitID(v.practitioner % c.size.Units))
}

func (c *Clinic) item(r *row, n int) {
	v := c.visit(n)
	s := c.services[v.service]
	r.id(v.id(ids.OrderItem)).time(v.made).time(v.made).text(serviceName(v.service)).int(1).int(s.price).int(s.price).int(s.tax).text(currency).
		id(v.id(ids.Appointment)).id(v.id(ids.Order)).id(c.serviceID(v.service))
}

func (c *Clinic) events(r *row, n int) {
	v := c.visit(n)
	id := v.id(ids.Order)
	r.id(v.id(ids.OrderEvent)).time(v.made).text("PLACED").text("").text(string(order.StatusPlaced)).
		text(actor).text(`{"currency": "` + currency + `"}`).id(id)
	switch {
	case v.paid:
		r.end()
		r.id(v.second(ids.OrderEvent, v.paidAt())).time(v.paidAt()).text("PAYMENT_CAPTURED").text(string(v.order)).text(string(v.order)).
			text(actor).text(`{"method": "CASH"}`).id(id)
	case v.order != order.StatusPlaced:
		r.end()
		r.id(v.second(ids.OrderEvent, v.changed)).time(v.changed).text(string(v.order)).text(string(order.StatusPlaced)).text(string(v.order)).
			text(actor).text(`{"reason": "benchmark data"}`).id(id)
	}
}

func (c *Clinic) payment(base Base) func(*row, int) {
	return func(r *row, n int) {
		v := c.visit(n)
		if !v.paid {
			return
		}
		r.id(mint(ids.PaymentTransaction, v.paidAt(), n)).time(v.paidAt()).time(v.paidAt()).
			text(string(paymenttransaction.KindCharge)).text(string(paymenttransaction.StatusCaptured)).int(c.services[v.service].price).text(currency).time(v.paidAt()).
			id(v.id(ids.Booking)).id(c.customerID(v.customer)).id(v.id(ids.Order)).id(c.unitID(v.practitioner % c.size.Units)).id(base.Cash)
	}
}

func (c *Clinic) pointsAccounts() table {
	balances := sync.OnceValue(func() []int64 {
		sums := make([]int64, c.size.Customers)
		for n := range c.size.Bookings {
			if v := c.visit(n); v.paid {
				sums[v.customer] += c.points(v)
			}
		}
		return sums
	})
	return table{"points_accounts", []string{"id", "created_at", "updated_at", "balance", "customer_id"}, c.size.Customers, func(r *row, n int) {
		at := c.founded()
		r.id(mint(ids.PointsAccount, at, n)).time(at).time(at).int(balances()[n]).id(c.customerID(n))
	}}
}

func (c *Clinic) pointsEntries() table {
	balances := make([]int64, c.size.Customers)
	// Rows come in the order of their numbers, which is that of the payments.
	return table{"points_entries", []string{"id", "created_at", "delta", "balance_after", "reason", "transaction_id", "account_id"}, c.size.Bookings, func(r *row, n int) {
		v := c.visit(n)
		if !v.paid {
			return
		}
		points := c.points(v)
		balances[v.customer] += points
		r.id(mint(ids.PointsEntry, v.paidAt(), n)).time(v.paidAt()).int(points).int(balances[v.customer]).text(string(pointsentry.ReasonEarned)).
			id(mint(ids.PaymentTransaction, v.paidAt(), n)).id(mint(ids.PointsAccount, c.founded(), v.customer))
	}}
}

// points is what the payment of a visit earns.
func (c *Clinic) points(v visit) int64 {
	n, err := rewards.Earned(money.Amount{Minor: c.services[v.service].price, Currency: currency})
	if err != nil {
		panic(err) // the currency is ours
	}
	return n
}

func (c *Clinic) source(v visit) booking.Source {
	if v.online {
		return booking.SourceOnline
	}
	return booking.SourceDesk
}
