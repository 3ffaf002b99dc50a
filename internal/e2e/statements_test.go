package e2e

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/store"
)

// spy is the database with a memory for the statements that are asked of it
// outside of transactions.
type spy struct {
	*store.Driver
	mu    sync.Mutex
	heard []string
}

// Query implements dialect.Driver.
func (s *spy) Query(ctx context.Context, query string, args, v any) error {
	s.mu.Lock()
	s.heard = append(s.heard, query)
	s.mu.Unlock()
	return s.Driver.Query(ctx, query, args, v)
}

// QueryContext is Query in the shape of database/sql.
func (s *spy) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s.mu.Lock()
	s.heard = append(s.heard, query)
	s.mu.Unlock()
	return s.Driver.QueryContext(ctx, query, args...)
}

// statements gives those from the table that ask causes; "" is any table.
func (c *clinic) statements(table string, ask func()) (found []string) {
	c.t.Helper()
	c.spy.mu.Lock()
	c.spy.heard = nil
	c.spy.mu.Unlock()
	ask()
	c.spy.mu.Lock()
	defer c.spy.mu.Unlock()
	for _, s := range c.spy.heard {
		plain := strings.NewReplacer("`", "", `"`, "").Replace(s)
		if table == "" || strings.Contains(plain, "FROM "+table+" ") || strings.HasSuffix(plain, "FROM "+table) {
			found = append(found, plain)
		}
	}
	return found
}

// TestNothingIsCountedThatNobodyAskedFor: pages and page info cost no COUNT.
func TestNothingIsCountedThatNobodyAskedFor(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(25, 0)
		me := c.as(customerA)
		for query, want := range map[string]struct{ selects, counts int }{
			`{ bookings { edges { node { id } cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`: {1, 0},
			`{ bookings { pageInfo { hasNextPage } } }`:                                                         {1, 0},
			`{ bookings { edges { node { id } } totalCount } }`:                                                 {1, 1},
			`{ bookings { totalCount } }`:                                                                       {0, 1},
			`{ bookings(first: 0) { totalCount edges { node { id } } } }`:                                       {0, 1},
			`{ customers { edges { node { bookings { edges { node { id } } pageInfo { hasNextPage } } } } } }`:  {1, 0},
			`{ customers { edges { node { bookings { totalCount } } } } }`:                                      {0, 1},
			`query($yes: Boolean = false) { bookings { totalCount @include(if: $yes) edges { node { id } } } }`: {1, 0},
			`{ bookings { ...f } } fragment f on BookingConnection { totalCount edges { node { id } } }`:        {1, 1},
		} {
			heard := c.statements("bookings", func() { me.do(query).ok() })
			counts := 0
			for _, s := range heard {
				if strings.Contains(s, "COUNT(") {
					counts++
				}
			}
			if counts != want.counts || len(heard)-counts > max(want.selects, 1) {
				t.Errorf("%s\nwant %+v, got:\n%s", query, want, strings.Join(heard, "\n"))
			}
		}
	})
}

// TestMoreRowsCostNoMoreStatements: what hangs on the rows of a page is read for
// all of them at once.
func TestMoreRowsCostNoMoreStatements(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(25, 0)
		me := c.as(customerA)
		for _, query := range []string{
			`query($n: Int) { bookings(first: $n) { edges { node { id customer { id givenName { firstName } } unit { name } appointments { id practitioner { displayName } } order { id items { name } events { type } } } } } }`,
			`query($n: Int) { customers { edges { node { bookings(first: $n) { edges { node { id unit { name } order { total { amount } } } } } } } } }`,
			`query($n: Int) { viewer { user { customers { edges { node { bookings(first: $n) { edges { node { customer { number } } } } } } } } } }`,
		} {
			once := func(n int) int {
				c.spy.mu.Lock()
				c.spy.heard = nil
				c.spy.mu.Unlock()
				me.do(query, vars{"n": n}).ok()
				c.spy.mu.Lock()
				defer c.spy.mu.Unlock()
				return len(c.spy.heard)
			}
			// Whose rights are not a second old is not asked for again.
			cost := func(n int) int { return min(once(n), once(n)) }
			if few, many := cost(2), cost(20); many > few || few < 1 { // a plan reads all by one
				t.Errorf("%s\n2 rows cost %d statements, 20 cost %d", query, few, many)
			}
		}
	})
}

// TestAReadIsFewStatements bounds what each kind of read asks of the database once the
// caller's rights are known: by id, a page with what hangs on its rows, a history, a
// page with its count, a plain row. bookAppointment has its own test.
func TestAReadIsFewStatements(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(25, 0)
		me := c.as(manager)
		found := me.do(`{ bookings(first: 1) { edges { node { id } } } }`).ok()
		ids := vars{"booking": found.text("bookings.edges.0.node.id"), "customer": c.profiles[customerA], "user": c.users[manager]}
		for _, q := range []struct {
			name, query      string
			sqlite, postgres int // the most statements
		}{
			{"ByID", `query ByID($booking: ID!) { booking(id: $booking) { number total { amount } customer { email givenName { firstName } } appointments { practitioner { displayName } service { name } } } }`, 2, 1}, // and what puts on record who was shown an address, which is nobody's own
			{"Day", `query Day { bookings(first: 50, orderBy: {field: STARTS_AT, direction: ASC}, where: {startsAtGTE: "2029-01-01T00:00:00Z", startsAtLT: "2031-01-01T00:00:00Z"}) { edges { node { id status customer { givenName { firstName } } appointments { practitioner { displayName } service { name } } } } } }`, 2, 1},
			{"History", `query History($customer: ID!) { customer(id: $customer) { number bookings(first: 10, orderBy: {field: STARTS_AT, direction: DESC}) { edges { node { id paymentTransactions { id amount { amount } } order { events { id type } } } } } } }`, 4, 1},
			{"Counted", `query Counted { bookings(first: 5, orderBy: {field: STARTS_AT, direction: ASC}, where: {status: COMPLETED}) { totalCount pageInfo { hasNextPage endCursor } edges { node { id customer { surname { surname } } } } } }`, 1, 1},
			{"Row", `query Row($user: ID!) { user(id: $user) { id username email } }`, 1, 1},
			{"Nothing", `query Nothing { __typename }`, 0, 0},
		} {
			asked := ids
			if !strings.Contains(q.query, "$") {
				asked = nil
			}
			ask := func() { me.do(q.query, asked).ok() }
			ask() // whose rights have been read, and which is a plan from now on
			most := map[string]int{dialect.Postgres: q.postgres, dialect.SQLite: q.sqlite}[c.dialect]
			if all := c.statementsOf(q.name, ask); len(all) > most {
				t.Errorf("%s: %d statements, at most %d: %q", q.name, len(all), most, all)
			}
		}
	})
}
