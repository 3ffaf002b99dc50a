package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"clinicgraph/ent"
	"clinicgraph/ent/booking"
)

// manyBookings makes bookings of customer A and of customer B, many of them at
// the same time.
func (c *clinic) manyBookings(ofA, ofB int) {
	c.t.Helper()
	c.arrange(func(client *ent.Client) error {
		for i := range ofA + ofB {
			profile := c.profiles[customerA]
			if i%(ofA+ofB) >= ofA {
				profile = c.profiles[customerB]
			}
			start := at(9, 0).AddDate(0, 0, -(i*7)%5)
			status := []booking.Status{booking.StatusCompleted, booking.StatusNoShow, booking.StatusCancelled}[i%3]
			_, err := client.Booking.Create().SetNumber(fmt.Sprintf("B-%04d", i)).SetCustomerID(uuid.MustParse(profile)).
				SetStatus(status).SetSource(booking.SourceDesk).SetStartsAt(start).SetEndsAt(start.Add(time.Hour)).
				SetTotalAmount(0).SetCurrency("EUR").Save(c.system())
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// page is one page of bookings.
type page struct {
	first, last   any
	after, before any
	orderBy       any
	where         any
}

func (cl *client) bookings(p page) *answer {
	cl.c.t.Helper()
	return cl.do(`query($first: Int, $last: Int, $after: Cursor, $before: Cursor, $orderBy: BookingOrder, $where: BookingWhereInput) {
		bookings(first: $first, last: $last, after: $after, before: $before, orderBy: $orderBy, where: $where) {
			totalCount edges { cursor node { id startsAt } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
	}`, vars{"first": p.first, "last": p.last, "after": p.after, "before": p.before, "orderBy": p.orderBy, "where": p.where})
}

var bookingOrders = []any{nil, vars{"field": "STARTS_AT", "direction": "ASC"}, vars{"field": "STARTS_AT", "direction": "DESC"}}

// TestPagesJoinedAreTheWholeList walks lists of many equal times forward and
// backward in pages of any size.
func TestPagesJoinedAreTheWholeList(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(43, 31)
		me := c.as(customerA)
		for _, where := range []any{nil, vars{"status": "NO_SHOW"}, vars{"status": "HELD"}} {
			for _, orderBy := range bookingOrders {
				whole := me.bookings(page{first: 100, where: where, orderBy: orderBy}).ok()
				want := whole.ids("bookings")
				mustBeOrdered(t, whole, orderBy)
				if n := whole.number("bookings.totalCount"); n != len(want) || where == nil && n != 43 {
					t.Errorf("totalCount %d of %d rows", n, len(want))
				}
				for _, size := range []int{1, 2, 5, 7, 42, 43, 44, 100} {
					if size == 1 && where == nil && orderBy != nil {
						continue
					}
					if got := c.walk(me, page{first: size, where: where, orderBy: orderBy}); !slices.Equal(got, want) {
						t.Errorf("first: %d, %v, %v:\n%s", size, where, orderBy, cmp.Diff(want, got))
					}
					if got := c.walk(me, page{last: size, where: where, orderBy: orderBy}); !slices.Equal(got, want) {
						t.Errorf("last: %d, %v, %v:\n%s", size, where, orderBy, cmp.Diff(want, got))
					}
				}
			}
		}
	})
}

// walk joins the pages of a list, from its beginning for first and from its end
// for last.
func (c *clinic) walk(cl *client, p page) (ids []string) {
	c.t.Helper()
	ids = []string{}
	for pages := 0; ; pages++ {
		a := cl.bookings(p).ok()
		got := a.ids("bookings")
		if pages > 100 || len(got) == 0 && pages > 0 {
			c.t.Fatalf("page %d of %v has %d rows", pages, p, len(got))
		}
		if p.first != nil {
			a.want("bookings.pageInfo.hasPreviousPage", fmt.Sprint(pages > 0))
			ids = append(ids, got...)
			if a.at("bookings.pageInfo.hasNextPage") == false {
				return ids
			}
			p.after = a.text("bookings.pageInfo.endCursor")
			continue
		}
		a.want("bookings.pageInfo.hasNextPage", fmt.Sprint(pages > 0))
		ids = append(got, ids...)
		if a.at("bookings.pageInfo.hasPreviousPage") == false {
			return ids
		}
		p.before = a.text("bookings.pageInfo.startCursor")
	}
}

func mustBeOrdered(t *testing.T, a *answer, orderBy any) {
	t.Helper()
	order, ok := orderBy.(vars)
	if !ok {
		return
	}
	var starts []string
	for i := range a.list("bookings.edges") {
		starts = append(starts, a.text(fmt.Sprintf("bookings.edges.%d.node.startsAt", i)))
	}
	if order["direction"] == "DESC" {
		slices.Reverse(starts)
	}
	if !slices.IsSorted(starts) {
		t.Errorf("%v: %v", orderBy, starts)
	}
}

// TestAPageBetweenTwoCursorsIsThatPartOfTheList: any window of the list, from any
// cursor to any other, forward or backward.
func TestAPageBetweenTwoCursorsIsThatPartOfTheList(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(23, 5)
		me := c.as(customerA)
		wholes := make([]*answer, len(bookingOrders))
		for i, orderBy := range bookingOrders {
			wholes[i] = me.bookings(page{first: 100, orderBy: orderBy}).ok()
		}
		rapid.Check(t, func(rt *rapid.T) {
			order := rapid.IntRange(0, len(bookingOrders)-1).Draw(rt, "order")
			ids, p := wholes[order].ids("bookings"), page{orderBy: bookingOrders[order]}
			from, to := 0, len(ids)
			cursor := func(i int) string { return wholes[order].text(fmt.Sprintf("bookings.edges.%d.cursor", i)) }
			if rapid.Bool().Draw(rt, "after") {
				i := rapid.IntRange(0, len(ids)-1).Draw(rt, "from")
				p.after, from = cursor(i), i+1
			}
			if rapid.Bool().Draw(rt, "before") {
				i := rapid.IntRange(0, len(ids)-1).Draw(rt, "to")
				p.before, to = cursor(i), max(i, from)
			}
			n := rapid.IntRange(0, 30).Draw(rt, "size")
			want := ids[from:to]
			if rapid.Bool().Draw(rt, "backward") {
				p.last = n
				want = want[max(0, len(want)-n):]
			} else {
				p.first = n
				want = want[:min(n, len(want))]
			}
			a := me.bookings(p)
			if len(a.errs) > 0 {
				rt.Fatalf("%v: %s", p, a.body)
			}
			if got := a.ids("bookings"); !slices.Equal(got, want) {
				rt.Fatalf("%v:\n%s", p, cmp.Diff(want, got))
			}
			if got := a.number("bookings.totalCount"); got != len(ids) {
				rt.Fatalf("totalCount %d, want %d", got, len(ids))
			}
		})
	})
}

// TestPagesAreOf20AndAtMost100OnEveryLevel looks at roots and at edges alike.
func TestPagesAreOf20AndAtMost100OnEveryLevel(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(103, 0)
		me := c.as(customerA)
		for what, query := range map[string]string{
			"bookings":                                `{ bookings%s { edges { node { id } } pageInfo { hasNextPage } } }`,
			"customers.edges.0.node.bookings":         `{ customers(first: 3) { edges { node { bookings%s { edges { node { id } } pageInfo { hasNextPage } } } } } }`,
			"viewer.customers.0.bookings":             `{ viewer { customers { bookings%s { edges { node { id } } pageInfo { hasNextPage } } } } }`,
			"node.bookings":                           `{ node(id: "` + c.profiles[customerA] + `") { ... on Customer { bookings%s { edges { node { id } } pageInfo { hasNextPage } } } } }`,
			"bookings.edges.0.node.customer.bookings": `{ bookings(first: 3) { edges { node { customer { bookings%s { edges { node { id } } pageInfo { hasNextPage } } } } } } }`,
		} {
			for arguments, want := range map[string]int{"": 20, "(first: null)": 20, "(first: 100)": 100, "(last: 100)": 100, "(first: 0)": 0, "(last: 0)": 0, "(first: 1)": 1} {
				a := me.do(fmt.Sprintf(query, arguments)).ok()
				if n := len(a.ids(what)); n != want {
					t.Errorf("%s%s: %d rows, want %d", what, arguments, n, want)
				}
				if !strings.Contains(arguments, "last") {
					a.want(what+".pageInfo.hasNextPage", "true")
				}
			}
			for _, arguments := range []string{"(first: 101)", "(last: 101)", "(first: -1)", "(last: -1)", "(first: 2147483647)", "(first: 1, last: 1)"} {
				a := me.do(fmt.Sprintf(query, arguments))
				if len(a.errs) == 0 || a.code() != "BAD_USER_INPUT" || strings.Contains(string(a.body), `"edges":[{"node":{"id"`) && what != "bookings.edges.0.node.customer.bookings" {
					t.Errorf("%s%s: %s", what, arguments, a.body)
				}
			}
		}
	})
}

func TestACursorIsGoodForItsListAlone(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(5, 0)
		me := c.as(customerA)
		byStart := me.bookings(page{first: 1, orderBy: bookingOrders[1]}).ok().text("bookings.pageInfo.endCursor")
		byID := me.bookings(page{first: 1}).ok().text("bookings.pageInfo.endCursor")
		ofProducts := me.do(`{ products(first: 1) { pageInfo { endCursor } } }`).ok().text("products.pageInfo.endCursor")
		flipped := []byte(byStart)
		flipped[len(flipped)/2] ^= 1
		for what, bad := range map[string]page{
			"of another order":     {after: byID, orderBy: bookingOrders[1]},
			"of another direction": {after: byStart, orderBy: bookingOrders[2]},
			"of another entity":    {after: ofProducts},
			"changed":              {after: string(flipped), orderBy: bookingOrders[1]},
			"cut":                  {after: byStart[:len(byStart)-1], orderBy: bookingOrders[1]},
			"longer":               {after: byStart + "A", orderBy: bookingOrders[1]},
			"empty":                {after: "", orderBy: bookingOrders[1]},
			"of plain base64":      {after: "eyJpZCI6MX0", orderBy: bookingOrders[1]},
		} {
			if a := me.bookings(bad); a.code() != "BAD_USER_INPUT" {
				t.Errorf("a cursor %s: %s", what, a.body)
			} else {
				a.about("after")
			}
			bad.before, bad.after = bad.after, nil
			me.bookings(bad).refused("BAD_USER_INPUT").about("before")
		}
		if strings.Contains(byStart, "2030") || len(byStart) < 24 {
			t.Errorf("the cursor %q shows something", byStart)
		}
		me.bookings(page{after: byStart, orderBy: bookingOrders[1]}).ok()
	})
}
