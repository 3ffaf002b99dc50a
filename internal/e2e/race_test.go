package e2e

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"
)

// together runs n calls at once, as far as one process can: none begins before
// all are ready.
func together(n int, call func(i int) *answer) []*answer {
	answers := make([]*answer, n)
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-gate
			answers[i] = call(i)
		})
	}
	close(gate)
	all.Wait()
	return answers
}

// outcomes counts answers by code; "" is success.
func outcomes(answers []*answer) map[string]int {
	counts := map[string]int{}
	for _, a := range answers {
		counts[a.code()]++
	}
	return counts
}

// count asks the database itself.
func (c *clinic) count(question string, args ...any) (n int) {
	c.t.Helper()
	if err := c.app.Store.DB.Read.QueryRow(question, args...).Scan(&n); err != nil {
		c.t.Fatalf("%s: %v", question, err)
	}
	return n
}

// crowd makes n customers.
func (c *clinic) crowd(n int) (clients []*client) {
	c.t.Helper()
	for len(clients) < n { // a few at a time: a server sheds more passwords than it can hash
		for _, a := range together(min(8, n-len(clients)), func(i int) *answer { return c.anyone().join(fmt.Sprintf("crowd-%d", len(clients)+i)) }) {
			clients = append(clients, c.holding(a.ok(), "register.session"))
		}
	}
	return clients
}

func TestOf200CustomersWhoWantOneSlotOneGetsIt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		crowd := c.crowd(200)
		answers := together(len(crowd), func(i int) *answer {
			return crowd[i].book(c.consultation, c.practitioners[doctorNorth], at(9, 0))
		})
		if diff := cmp.Diff(map[string]int{"": 1, "SLOT_TAKEN": len(crowd) - 1}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
		c.mustHaveBooked(1)
	})
}

// TestHoweverCloseTheRaceASlotIsTakenOnce has as many racers as connections to the
// database: more of them queue up and come one after the other.
func TestHoweverCloseTheRaceASlotIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		crowd := c.crowd(16)
		for round := range 8 {
			answers := together(len(crowd), func(i int) *answer {
				return crowd[i].book(c.consultation, c.practitioners[doctorNorth], at(9+round, 0))
			})
			if diff := cmp.Diff(map[string]int{"": 1, "SLOT_TAKEN": len(crowd) - 1}, outcomes(answers)); diff != "" {
				t.Error(diff)
			}
		}
		c.mustHaveBooked(8)
	})
}

// mustHaveBooked counts what that many bookings of one service leave.
func (c *clinic) mustHaveBooked(n int) {
	c.t.Helper()
	for what, want := range map[string]int{
		"bookings": n, "appointments": n, "orders": n, "order_items": n, "order_events": n,
		"resource_claims WHERE resource_kind = 'PRACTITIONER'": n, "resource_claims WHERE resource_kind = 'CUSTOMER'": n,
	} {
		if got := c.count(`SELECT count(*) FROM ` + what); got != want {
			c.t.Errorf("%d %s, want %d", got, what, want)
		}
	}
}

func TestRepeatsOfARequestWithOneKeyHaveOneEffect(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me, key := c.as(customerA), vars{"idempotencyKey": "the same"}
		same := func(what string, call func() *answer) *answer {
			t.Helper()
			answers := together(20, func(int) *answer { return call() })
			for _, a := range answers {
				a.ok()
				if diff := cmp.Diff(answers[0].data, a.data); diff != "" {
					t.Errorf("%s: two answers differ:\n%s", what, diff)
				}
			}
			return answers[0]
		}
		doctor := c.practitioners[doctorNorth]
		booked := same("bookAppointment", func() *answer { return me.book(c.consultation, doctor, at(9, 0), key) })
		order := booked.text("bookAppointment.order.id")
		same("capturePayment", func() *answer { return me.pay(order, 2000, "TEST", key) })
		same("redeemReward", func() *answer { return me.redeem(c.sticker, key) })

		for table, want := range map[string]int{"bookings": 1, "orders": 1, "payment_transactions": 1, "reward_redemptions": 1, "points_entries": 2, "idempotency_keys": 3} {
			if n := c.count(`SELECT count(*) FROM ` + table); n != want {
				t.Errorf("%d %s, want %d", n, table, want)
			}
		}
		// Other input under the key is refused, for each field of it.
		for _, other := range []vars{{"startsAt": at(9, 30)}, {"notes": "other"}, {"serviceId": c.chat}, {"practitionerId": c.practitioners[doctorSouth]}, {"customerId": c.profiles[customerA]}} {
			maps.Copy(other, key)
			me.book(c.consultation, doctor, at(9, 0), other).refused("IDEMPOTENCY_MISMATCH")
		}
		me.pay(order, 2001, "TEST", key).refused("IDEMPOTENCY_MISMATCH")
		me.redeem(c.mug, key).refused("IDEMPOTENCY_MISMATCH")
		// A key belongs to its user.
		c.as(customerB).book(c.consultation, c.practitioners[doctorSouth], at(9, 0), key).ok()
		me.book(c.consultation, doctor, at(11, 0), vars{"idempotencyKey": ""}).refused("BAD_USER_INPUT").about("input.idempotencyKey")
	})
}

func TestARefusedRequestLeavesItsKeyFree(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me, key := c.as(customerA), vars{"idempotencyKey": "second try"}
		taken := c.as(customerB).book(c.consultation, c.practitioners[doctorNorth], at(9, 0)).ok()
		me.book(c.consultation, c.practitioners[doctorNorth], at(9, 0), key).refused("SLOT_TAKEN")
		c.as(customerB).cancel(taken.text("bookAppointment.booking.id")).ok()
		me.book(c.consultation, c.practitioners[doctorNorth], at(9, 0), key).ok()
	})
}

func TestOfParallelRedemptionsOnlyWhatThePointsCoverSucceeds(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		order := me.book(c.consultation, c.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.order.id")
		me.pay(order, 8000, "TEST").ok() // 80 points: the mug, once
		answers := together(10, func(int) *answer { return me.redeem(c.mug) })
		if diff := cmp.Diff(map[string]int{"": 1, "INSUFFICIENT_POINTS": 9}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
		me.do(`{ viewer { customers { pointsAccount { balance } rewardRedemptions { totalCount } } } }`).ok().
			want("viewer.customers.0", `{"pointsAccount":{"balance":0},"rewardRedemptions":{"totalCount":1}}`)
	})
}

func TestOfParallelPaymentsOnlyWhatIsOpenIsTaken(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		order := me.book(c.consultation, c.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.order.id")
		answers := together(10, func(int) *answer { return me.pay(order, 3000, "TEST") })
		if diff := cmp.Diff(map[string]int{"": 2, "BAD_USER_INPUT": 8}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
		me.do(`query($id: ID!) { order(id: $id) { captured { amount } transactions { id } } }`, vars{"id": order}).ok().want("order.captured.amount", `6000`)
	})
}

func TestOneCustomerCannotBeInTwoPlaces(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		answers := together(2, func(i int) *answer {
			return me.book(c.consultation, c.practitioners[[]string{doctorNorth, doctorSouth}[i]], at(9, 0))
		})
		if diff := cmp.Diff(map[string]int{"": 1, "SLOT_TAKEN": 1}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
	})
}

// A password that was right is of no use once the account has been shut, or has
// another password, while it was looked at.
func TestWhoIsSentAwayWhileSigningInDoesNotComeIn(t *testing.T) {
	t.Parallel()
	c := open(t, dialect.Postgres) // on SQLite nobody comes between
	for what, change := range map[string]string{"locked": `is_locked = true`, "closed": `is_active = false`, "another password": `token_epoch = token_epoch + 1`} {
		name := "signs.in." + what[:6]
		id := c.anyone().join(name).ok().text("register.session.viewer.user.id")
		before := c.count(`SELECT count(*) FROM enhanced_user_sessions`)
		tx, err := c.app.Store.DB.Write.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		execute := func(statement string, args ...any) {
			t.Helper()
			if _, err := tx.ExecContext(t.Context(), statement, args...); err != nil {
				t.Fatal(err)
			}
		}
		execute(`SELECT 1 FROM users WHERE id = $1 FOR UPDATE`, id)
		answered := make(chan *answer)
		go func() { answered <- c.anyone().login(name, newPassword) }()
		for c.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
		}
		execute(`UPDATE users SET `+change+` WHERE id = $1`, id)
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if a := (<-answered).refused("INVALID_CREDENTIALS"); c.count(`SELECT count(*) FROM enhanced_user_sessions`) != before {
			t.Errorf("%s: %s", what, a.body)
		}
	}
}
