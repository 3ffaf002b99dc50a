package graph_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/ent/booking"
	"clinicgraph/graph"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

// published is the graph that clients see.
func published(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := graph.SDL()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: text})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// diary makes customers with accounts and bookings, the nth booking with one of
// three statuses and one of four starts.
func (w *world) diary(t *testing.T, customers, bookings int) {
	t.Helper()
	statuses := []booking.Status{booking.StatusPending, booking.StatusConfirmed, booking.StatusCancelled}
	w.write(t, func(ctx context.Context, c *ent.Client) {
		for i := range customers {
			newUnit(c, i).SaveX(ctx)
			newUser(c, i).SetOrganizationalUnitID(id(ids.OrganizationalUnit, i)).SaveX(ctx)
			newCustomer(c, i).SetAccountID(id(ids.User, i)).SetUnitID(id(ids.OrganizationalUnit, i)).SaveX(ctx)
			for b := range bookings {
				n := i*bookings + b
				newBooking(c, n, i).SetUnitID(id(ids.OrganizationalUnit, i)).
					SetStatus(statuses[n%3]).SetStartsAt(dawn.Add(time.Duration(n%4) * time.Hour)).SaveX(ctx)
			}
		}
	})
}

func TestPages_have_twenty_rows_unless_asked_otherwise_newest_first(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 3, 40)
		me := w.as(t, w.admin(t))
		ask := func(query, connection string, statements, newest int) {
			t.Helper()
			a := me.ask(query, vars{"id": id(ids.Customer, 1)}).ok().read(statements, 0)
			got := a.ids(connection)
			if len(got) != 20 || got[0] != id(ids.Booking, newest).String() || got[19] != id(ids.Booking, newest-19).String() {
				t.Errorf("%s\n%d rows from %s, want 20 from %s", query, len(got), got[0], id(ids.Booking, newest))
			}
			a.want(connection+".pageInfo.hasNextPage", `true`)
		}
		const list = `bookings { edges { node { id } } pageInfo { hasNextPage } }`
		ask(`{ `+list+` }`, "bookings", 1, 119)
		for i, newest := range []int{119, 79, 39} { // newest customer first
			ask(`{ customers { edges { node { `+list+` } } } }`, fmt.Sprintf("customers.edges.%d.node.bookings", i), 2, newest)
		}
		ask(`{ users(first: 1) { edges { node { customers { edges { node { `+list+` } } } } } } }`, "users.edges.0.node.customers.edges.0.node.bookings", 3, 119)
		ask(`query($id: ID!) { customer(id: $id) { `+list+` } }`, "customer.bookings", 2, 79)
		ask(`query($id: ID!) { node(id: $id) { ... on Customer { `+list+` } } }`, "node.bookings", 2, 79)
		// What is selected twice is not loaded ahead.
		ask(`{ bookings(last: 1) { edges { node { a: customer { `+list+` } b: customer { id } } } } }`, "bookings.edges.0.node.a.bookings", 4, 39)
	})
}

// TestPages_of_every_connection_are_bounded walks the graph: each connection, of
// the root and of every entity.
func TestPages_of_every_connection_are_bounded(t *testing.T) {
	schema := published(t)
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) { estate(ctx, c, 1) })
		me := w.as(t, w.admin(t))
		for _, def := range schema.Types {
			if _, isEntity := ent.Meta[def.Name]; !isEntity && def != schema.Query {
				continue
			}
			for _, f := range def.Fields {
				if !strings.HasSuffix(f.Type.Name(), "Connection") || f.Name == "timeline" { // of an object, which it must see
					continue
				}
				query := func(args string) (string, vars) {
					list := fmt.Sprintf(`%s%s { edges { cursor } totalCount }`, f.Name, args)
					if def == schema.Query {
						return `{ ` + list + ` }`, nil
					}
					return `query($id: ID!) { node(id: $id) { ... on ` + def.Name + ` { ` + list + ` } } }`, vars{"id": of(def.Name, 1)}
				}
				for args, field := range map[string]string{"(first: 101)": "first", "(last: 101)": "last", "(first: -1)": "first", "(last: -1)": "last"} {
					q, v := query(args)
					a := me.ask(q, v).refused(fault.CodeBadUserInput, field)
					if f.Name != "accessReport" { // a resolver's: the row that it hangs on is read before
						a.read(0, 0)
					}
				}
				for _, args := range []string{"", "(first: 100)", "(last: 0)"} {
					q, v := query(args)
					me.ask(q, v).ok()
				}
			}
		}
	})
}

func TestPages_are_bounded_on_every_way_to_a_list(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) { estate(ctx, c, 1) })
		me := w.as(t, w.admin(t))
		known := id(ids.Customer, 1).String()
		for _, way := range []string{
			`{ bookings(%s) { edges { node { id } } } }`,
			`{ customers { edges { node { bookings(%s) { edges { node { id } } } } } } }`,
			`{ users(first: 2) { edges { node { customers { edges { node { bookings(%s) { edges { node { id } } } } } } } } } }`,
			`{ customer(id: "` + known + `") { bookings(%s) { totalCount } } }`,
			`{ nodes(ids: ["` + known + `"]) { ... on Customer { bookings(%s) { pageInfo { hasNextPage } } } } }`,
			`{ bookings { edges { node { a: customer { bookings(%s) { edges { node { id } } } } b: customer { id } } } } }`,
			`{ roles { edges { node { users(%s) { edges { node { id } } } } } } }`,
			`{ orders { edges { node { items { product { practitioners(%s) { totalCount } } } } } } }`,
			`{ bookings { edges { node { ...B } } } } fragment B on Booking { customer { list: bookings(%s) { n: totalCount } } }`,
		} {
			for args, field := range map[string]string{
				"first: 101": "first", "first: -1": "first", "last: 101": "last", "last: -1": "last",
				"first: 1, last: 1": "last", "first: 0, last: 0": "last", "first: 4294967296": "first", "last: 4294967297": "last",
			} {
				me.ask(fmt.Sprintf(way, args)).refused(fault.CodeBadUserInput, field)
			}
			for _, args := range []string{"first: 100", "last: 100", "first: 0", "last: 0", "first: null", "first: null, last: null, after: null, before: null, where: null, orderBy: null"} {
				me.ask(fmt.Sprintf(way, args)).ok()
			}
		}
	})
}

func TestCounting_is_done_only_for_a_total_that_is_selected(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 3, 10)
		me := w.as(t, w.admin(t))
		for query, statements := range map[string]int{
			`{ bookings { pageInfo { hasNextPage endCursor } } }`:                                                      1,
			`{ bookings(first: 0) { pageInfo { hasNextPage } } }`:                                                      1,
			`{ bookings(last: 5) { edges { node { id } } pageInfo { hasPreviousPage startCursor } } }`:                 1,
			`{ bookings(where: {status: PENDING}) { edges { cursor } } }`:                                              1,
			`{ customers { edges { node { bookings { pageInfo { hasNextPage } } } } } }`:                               2,
			`{ customers { edges { node { bookings(first: 3) { edges { node { id } } pageInfo { endCursor } } } } } }`: 2,
		} {
			me.ask(query).ok().read(statements, 0)
		}
		me.ask(`{ bookings(first: 5) { totalCount } }`).ok().read(1, 1).want("bookings.totalCount", `30`)
		me.ask(`{ bookings(first: 5, where: {status: PENDING}) { totalCount edges { node { id } } } }`).ok().read(2, 1).want("bookings.totalCount", `10`)
		me.ask(`{ bookings(where: {statusIn: []}) { totalCount edges { node { id } } } }`).ok().read(2, 1).want("bookings", `{"edges":[],"totalCount":0}`)
		me.ask(`{ customers { edges { node { bookings(first: 2) { totalCount } } } } }`).ok().read(2, 1).
			want("customers", `{"edges":[{"node":{"bookings":{"totalCount":10}}},{"node":{"bookings":{"totalCount":10}}},{"node":{"bookings":{"totalCount":10}}}]}`)
		me.ask(`{ customers(first: 1) { edges { node { bookings(first: 1, where: {status: PENDING}) { totalCount edges { node { id } } } } } } }`).ok().read(3, 1).
			want("customers.edges.0.node.bookings.totalCount", `3`)
		// A total is that of the list, wherever the page begins.
		a := me.ask(`{ bookings(first: 7) { pageInfo { endCursor } } }`).ok()
		me.ask(`query($c: Cursor) { bookings(first: 7, after: $c) { totalCount edges { cursor } } }`, vars{"c": a.at("bookings.pageInfo.endCursor")}).ok().read(2, 1).want("bookings.totalCount", `30`)
	})
}

func TestPageInfo_is_right_without_edges_with_first_zero_and_backwards(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 1, 30)
		me := w.as(t, w.admin(t))
		for _, c := range []struct {
			args       string
			next, prev bool
		}{
			{"first: 0", true, false}, {"last: 0", false, true}, {"first: 1", true, false}, {"last: 29", false, true},
			{"first: 30", false, false}, {"last: 30", false, false}, {"first: 31", false, false}, {"", true, false},
			{"first: 0, where: {statusIn: []}", false, false}, {"last: 0, where: {statusIn: []}", false, false},
			{"first: 10, where: {status: PENDING}", false, false}, {"first: 9, where: {status: PENDING}", true, false},
			{"last: 10, where: {status: PENDING}", false, false}, {"last: 9, where: {status: PENDING}", false, true},
		} {
			args := "(" + c.args + ")"
			if c.args == "" {
				args = ""
			}
			for _, edges := range []string{"", "edges { cursor }", "edges { node { id } }", "e: edges { n: node { id } }", "totalCount"} {
				for way, at := range map[string]string{`{ %s }`: "list.p", `{ customers { edges { node { %s } } } }`: "customers.edges.0.node.list.p"} {
					page := fmt.Sprintf(`list: bookings%s { %s p: pageInfo { hasNextPage hasPreviousPage } }`, args, edges)
					me.ask(fmt.Sprintf(way, page)).ok().want(at, fmt.Sprintf(`{"hasNextPage":%t,"hasPreviousPage":%t}`, c.next, c.prev))
				}
			}
		}
		a := me.ask(`{ bookings(last: 3) { edges { node { id } cursor } pageInfo { startCursor endCursor } } }`).ok()
		if got, want := fmt.Sprint(a.ids("bookings")), fmt.Sprint([]any{id(ids.Booking, 2), id(ids.Booking, 1), id(ids.Booking, 0)}); got != want {
			t.Errorf("the last three are %s, want %s", got, want)
		}
		for _, none := range []string{"first: 0", "last: 0", "where: {statusIn: []}"} {
			me.ask(`{ bookings(`+none+`) { edges { cursor } pageInfo { startCursor endCursor } } }`).ok().
				want("bookings", `{"edges":[],"pageInfo":{"endCursor":null,"startCursor":null}}`)
		}
	})
}
