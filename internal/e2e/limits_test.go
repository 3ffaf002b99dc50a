package e2e

import (
	"fmt"
	"strings"
	"testing"

	"clinicgraph/graph"
)

// TestLimitsHoldOnEveryTransport asks the same at a limit and one past it by
// POST, by GET, over a socket and as an event stream.
func TestLimitsHoldOnEveryTransport(t *testing.T) {
	limits := graph.DefaultLimits()
	page := func(n int, inner string) string {
		return fmt.Sprintf("bookings(first: %d) { edges { %s } }", n, inner)
	}
	deep := func(inner string) string {
		return "customer { " + page(1, "node { customer { "+page(1, "node { order { items { "+inner+" } } }")+" } }") + " }"
	}
	costing := func(points int) string { // with the booking itself
		return "customer { " + page(19, "node { customer { "+page(99, "cursor")+" } }") + " } rest: customer { " + page(points-1943, "cursor") + " }"
	}
	filter := func(depth int) string {
		return "customer { bookings(where: " + around(depth-1, "{not: ", "{status: HELD}", "}") + ") { totalCount } }"
	}
	aliases := func(n int) string { return lines(n, "a%[1]d: id ") }
	for _, c := range []struct{ name, at, past, code string }{
		{"depth", deep("id"), deep("product { id }"), tooComplex},
		{"cost", costing(limits.CostUser), costing(limits.CostUser + 1), tooComplex},
		{"filters", filter(limits.FilterDepth), filter(limits.FilterDepth + 1), badInput},
		{"aliases", aliases(limits.Aliases), aliases(limits.Aliases + 1), tooComplex},
		{"tokens", "id " + strings.Repeat("...F ", 200), "id " + strings.Repeat("...F ", 600), parseFailed},
	} {
		fragment := ""
		if strings.Contains(c.at, "...F") {
			fragment = " fragment F on Booking { id }"
		}
		t.Run(c.name, func(t *testing.T) {
			eachByGET(t, func(t *testing.T, s *clinic) {
				id := s.as(customerA).book(s.chat, s.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.booking.id")
				query := func(selection string) string { return `{ booking(id: "` + id + `") { ` + selection + ` } }` + fragment }
				watch := func(selection string) string {
					return `subscription { bookingChanged { ` + selection + ` } }` + fragment
				}
				s.as(customerA).do(query(c.at)).ok()
				s.as(customerA).do(query(c.past)).refused(c.code)
				s.as(customerA).get(params("query", query(c.at))).ok()
				s.as(customerA).get(params("query", query(c.past))).refused(c.code)
				if got := s.as(customerA).watch(watch(c.at), nil); got != "open" {
					t.Errorf("a socket, at the limit: %s", got)
				}
				if got := s.as(customerA).watch(watch(c.past), nil); got != c.code {
					t.Errorf("a socket, past it: %s, want %s", got, c.code)
				}
				before := s.app.Live.Subscriptions()
				s.as(customerB).events(watch(c.at))
				if s.app.Live.Subscriptions() == before {
					t.Error("an event stream, at the limit, has not begun")
				}
				line := s.as(customerB).events(watch(c.past))
				if line(); !strings.Contains(line(), c.code) {
					t.Errorf("an event stream, past it: not %s", c.code)
				}
			})
		})
	}
}
