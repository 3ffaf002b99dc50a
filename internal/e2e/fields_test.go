package e2e

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
)

// TestAFieldThatMayNotBeReadIsNullWithARefusalOnItsPath: one refused field does
// not take the rest of the answer with it.
func TestAFieldThatMayNotBeReadIsNullWithARefusalOnItsPath(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		const query = `{ appointments(where: {hasPractitionerWith: [{displayName: "Display doctor.north"}]}) { edges { node { status notes customer { birthDate phone notes } booking { paymentTransactions { id } } } } } }`
		for login, want := range map[string]struct {
			node    string
			refused [][]any
		}{
			doctorNorth: {
				`{"booking":{"paymentTransactions":null},"customer":{"birthDate":"1990-05-17","notes":"Notes about customer.a","phone":"+49302312500"},"notes":"Secret of customer.a","status":"SCHEDULED"}`,
				[][]any{{"booking", "paymentTransactions"}},
			},
			customerA: {
				`{"booking":{"paymentTransactions":[{"id":"` + d.object(ent.TypePaymentTransaction, d.near, "") + `"}]},"customer":{"birthDate":"1990-05-17","notes":null,"phone":"+49302312500"},"notes":null,"status":"SCHEDULED"}`,
				[][]any{{"notes"}, {"customer", "notes"}},
			},
			staffNorth: {
				`{"booking":{"paymentTransactions":[{"id":"` + d.object(ent.TypePaymentTransaction, d.near, "") + `"}]},"customer":{"birthDate":"1990-05-17","notes":null,"phone":"+49302312500"},"notes":null,"status":"SCHEDULED"}`,
				[][]any{{"notes"}, {"customer", "notes"}},
			},
		} {
			a := c.as(login).do(query)
			a.want("appointments.edges.0.node", want.node)
			var refused [][]any
			for _, f := range a.errs {
				if f.Extensions["code"] != "FORBIDDEN" {
					t.Errorf("%s: %s", login, a.body)
				}
				refused = append(refused, f.Path[4:]) // below appointments.edges.0.node
			}
			slices.SortFunc(refused, func(a, b []any) int { return len(a) - len(b) })
			if diff := cmp.Diff(want.refused, refused); diff != "" {
				t.Errorf("%s: refused paths:\n%s", login, diff)
			}
		}
		c.as(admin).do(query).ok()
	})
}

// TestWhatIsDeletedIsSeenByNobody looks for a deleted booking by every path, as
// its owner and as an administrator.
func TestWhatIsDeletedIsSeenByNobody(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		c.arrange(func(client *ent.Client) error {
			return client.Booking.UpdateOneID(uuid.MustParse(d.near.booking)).SetDeletedAt(opening).Exec(c.system())
		})
		for _, login := range []string{customerA, doctorNorth, admin} {
			me := c.as(login)
			id := vars{"id": d.near.booking}
			for _, query := range []string{
				`query($id: ID!) { one: booking(id: $id) { id } }`, `query($id: ID!) { one: node(id: $id) { id } }`, `query($id: ID!) { many: nodes(ids: [$id]) { id } }`,
			} {
				me.do(query, id).refused("NOT_FOUND")
			}
			me.cancel(d.near.booking).refused("NOT_FOUND")
			me.do(`query($id: ID!) { bookings(where: {id: $id}) { totalCount edges { node { id } } } }`, id).ok().want("bookings", `{"edges":[],"totalCount":0}`)
			me.do(`query($id: ID!) { customer(id: $id) { bookings { totalCount edges { node { id } } } } }`, vars{"id": d.near.profile}).ok().
				want("customer.bookings", `{"edges":[],"totalCount":0}`)
			me.do(`query($id: ID!) { order(id: $id) { booking { id } } }`, vars{"id": d.near.order}).ok().want("order.booking", `null`)
			me.do(`query($id: ID!) { customers(where: {id: $id, hasBookings: true}) { totalCount } }`, vars{"id": d.near.profile}).ok().want("customers.totalCount", `0`)
		}
	})
}
