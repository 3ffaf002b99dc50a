package seed_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clinicgraph/ent"
	"clinicgraph/internal/store"
)

// content is a clinic without what differs from one to the next of a day: ids,
// numbers and passwords. The lists are sorted.
type content struct {
	Units, Products, Rewards []string
	Users                    []userContent
	Customers                []string
	Bookings                 []bookingContent
	Orders                   []orderContent
	Redemptions              []string
	Balances                 []string
}

type userContent struct{ Username, Name, Unit, CreatedAt string }

type bookingContent struct{ StartsAt, Status, Customer, Doctor, Service, Source, Creator, CreatedAt string }

type orderContent struct {
	PlacedAt, Status, ChargeStatus, Customer string
	Total, Captured                          int64
	Payments                                 string
	Events                                   int
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

func sorted[T any](list []T) []T {
	slices.SortFunc(list, func(a, b T) int {
		switch x, y := fmt.Sprint(a), fmt.Sprint(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return list
}

func nameOf(c *ent.Customer) string {
	return c.Edges.GivenName.FirstName + " " + c.Edges.Surname.Surname
}

func read(t *testing.T, s *store.Store) (got content) {
	t.Helper()
	c := s.Client
	for _, u := range all(t, c.OrganizationalUnit.Query().WithParent().All) {
		parent := ""
		if u.Edges.Parent != nil {
			parent = u.Edges.Parent.Name
		}
		got.Units = append(got.Units, u.Name+" < "+parent)
	}
	for _, u := range all(t, c.User.Query().WithFirstName().WithSurname().WithOrganizationalUnit().All) {
		unit := ""
		if u.Edges.OrganizationalUnit != nil {
			unit = u.Edges.OrganizationalUnit.Name
		}
		found := userContent{Username: u.Username, Name: u.Edges.FirstName.FirstName + " " + u.Edges.Surname.Surname, Unit: unit}
		if u.Username != "admin" { // who is made on the real clock
			found.CreatedAt = stamp(u.CreatedAt)
		}
		got.Users = append(got.Users, found)
	}
	customers := map[string]string{}
	for _, p := range all(t, c.Customer.Query().WithGivenName().WithSurname().WithAccount().WithUnit().WithPointsAccount().All) {
		account := ""
		if p.Edges.Account != nil {
			account = p.Edges.Account.Username
		}
		customers[p.ID.String()] = nameOf(p)
		got.Customers = append(got.Customers, fmt.Sprintf("%s %s %s %s %s", nameOf(p), *p.BirthDate, account, p.Edges.Unit.Name, stamp(p.CreatedAt)))
		got.Balances = append(got.Balances, fmt.Sprintf("%s %d", nameOf(p), p.Edges.PointsAccount.Balance))
	}
	for _, p := range all(t, c.Product.Query().All) {
		got.Products = append(got.Products, fmt.Sprintf("%s %d %s", p.Sku, p.PriceAmount, p.Currency))
	}
	for _, r := range all(t, c.Reward.Query().All) {
		got.Rewards = append(got.Rewards, fmt.Sprintf("%s %d", r.Name, r.CostPoints))
	}
	for _, b := range all(t, c.Booking.Query().WithCreator().WithAppointments(func(q *ent.AppointmentQuery) {
		q.WithPractitioner().WithService()
	}).All) {
		a := b.Edges.Appointments[0]
		got.Bookings = append(got.Bookings, bookingContent{
			StartsAt: stamp(b.StartsAt), Status: b.Status.String(), Customer: customers[b.CustomerID.String()],
			Doctor: a.Edges.Practitioner.DisplayName, Service: a.Edges.Service.Sku, Source: b.Source.String(),
			Creator: b.Edges.Creator.Username, CreatedAt: stamp(b.CreatedAt),
		})
	}
	for _, o := range all(t, c.Order.Query().WithTransactions().WithEvents().All) {
		var payments []string
		for _, p := range o.Edges.Transactions {
			payments = append(payments, fmt.Sprintf("%d %s", p.AmountMinor, stamp(*p.CapturedAt)))
		}
		got.Orders = append(got.Orders, orderContent{
			PlacedAt: stamp(*o.PlacedAt), Status: o.Status.String(), ChargeStatus: o.ChargeStatus.String(),
			Customer: customers[o.CustomerID.String()], Total: o.TotalAmount, Captured: o.CapturedAmount,
			Payments: fmt.Sprint(sorted(payments)), Events: len(o.Edges.Events),
		})
	}
	for _, r := range all(t, c.RewardRedemption.Query().WithReward().All) {
		got.Redemptions = append(got.Redemptions, fmt.Sprintf("%s %s %s", customers[r.CustomerID.String()], r.Edges.Reward.Name, stamp(r.CreatedAt)))
	}
	for _, list := range [][]string{got.Units, got.Products, got.Rewards, got.Customers, got.Redemptions, got.Balances} {
		sorted(list)
	}
	sorted(got.Users)
	sorted(got.Bookings)
	sorted(got.Orders)
	return got
}
