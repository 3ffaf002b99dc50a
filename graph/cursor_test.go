package graph_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"clinicgraph/ent"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

// join walks the pages of the list at a path of the query, which takes $first,
// $last, $after, $before and what is in v, and gives the ids of all rows.
func (c caller) join(query, path string, v vars, size int, forward bool) []string {
	c.t.Helper()
	v["first"], v["last"], v["after"], v["before"] = size, nil, nil, nil
	if !forward {
		v["first"], v["last"] = nil, size
	}
	all := []string{}
	for {
		a := c.ask(query, v).ok()
		page, info := a.ids(path), path+".pageInfo."
		if len(page) > size || len(all) > 500 {
			c.t.Fatalf("a page of %d after %d rows", len(page), len(all))
		}
		if forward {
			all = append(all, page...)
			if a.at(info+"hasNextPage") != true {
				return all
			}
			v["after"] = a.at(info + "endCursor")
		} else {
			all = append(page, all...)
			if a.at(info+"hasPreviousPage") != true {
				return all
			}
			v["before"] = a.at(info + "startCursor")
		}
	}
}

// TestPages_joined_are_the_whole_list draws lists with many equal order values:
// whatever the order, the direction, the size and the end that is walked from,
// each row comes once and in its place.
func TestPages_joined_are_the_whole_list(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const rows = 40
		// Instants that differ in what one database or the other might drop.
		starts := []time.Duration{0, time.Microsecond, 500 * time.Millisecond, 510 * time.Millisecond, time.Second, time.Hour}
		names := []string{"a", "b", "B", "ä", "", "a b", "zz", "Ω"}
		start := func(n int) time.Duration { return starts[n*7%11%len(starts)] }
		w.write(t, func(ctx context.Context, c *ent.Client) {
			for i := range 2 {
				newCustomer(c, i).SaveX(ctx)
			}
			for n := range rows {
				newBooking(c, n, n%2).SetStartsAt(dawn.Add(start(n))).SaveX(ctx)
				newProduct(c, n).SetName(names[n*5%13%len(names)]).SaveX(ctx)
			}
		})
		admin := w.admin(t)
		const page = `first: $first, last: $last, after: $after, before: $before, where: $where) { edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`
		query := func(list, entity string) string {
			return fmt.Sprintf(list, `query($first: Int, $last: Int, $after: Cursor, $before: Cursor, $where: `+entity+`WhereInput, $by: `+entity+`Order)`, page)
		}
		bookings := query(`%s { x: bookings(orderBy: $by, %s }`, "Booking")
		products := query(`%s { x: products(orderBy: $by, %s }`, "Product")

		rapid.Check(t, func(t *rapid.T) {
			me := w.as(t, admin)
			chosen := rapid.SliceOfNDistinct(rapid.IntRange(0, rows-1), 0, rows, rapid.ID).Draw(t, "rows")
			size, forward := rapid.IntRange(1, 12).Draw(t, "size"), rapid.Bool().Draw(t, "forward")
			direction := rapid.SampledFrom([]string{"ASC", "DESC"}).Draw(t, "direction")
			field := rapid.SampledFrom([]string{"", "STARTS_AT", "NAME", "SKU"}).Draw(t, "order")
			q, kind := bookings, ids.Booking
			if field == "NAME" || field == "SKU" {
				q, kind = products, ids.Product
			}
			v := vars{"by": nil}
			if field != "" {
				v["by"] = vars{"field": field, "direction": direction}
			} else {
				direction = "DESC"
			}
			in := make([]uuid.UUID, len(chosen))
			for i, n := range chosen {
				in[i] = id(kind, n)
			}
			v["where"] = vars{"idIn": in}

			whole := me.join(q, "x", v, 100, true)
			if got := me.join(q, "x", v, size, forward); !slices.Equal(got, whole) {
				t.Fatalf("pages of %d, forward %t, of %s %s:\n%v\nwant the whole list:\n%v", size, forward, field, direction, got, whole)
			}
			// How text sorts is the database's business; instants and ids are ours.
			if field == "NAME" || field == "SKU" {
				slices.Sort(chosen)
				slices.Sort(whole)
			} else {
				slices.SortFunc(chosen, func(a, b int) int {
					order := cmp.Compare(a, b)
					if field == "STARTS_AT" {
						order = cmp.Or(cmp.Compare(start(a), start(b)), order)
					}
					if direction == "DESC" {
						return -order
					}
					return order
				})
			}
			want := make([]string, len(chosen))
			for i, n := range chosen {
				want[i] = id(kind, n).String()
			}
			if !slices.Equal(whole, want) {
				t.Fatalf("%s %s:\n%v\nwant:\n%v", field, direction, whole, want)
			}
		})
	})
}

// TestPages_of_nested_lists_joined_are_the_whole_list walks the list of one parent
// while others are read in the same statement; users are shared between roles.
func TestPages_of_nested_lists_joined_are_the_whole_list(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const rows, parents = 20, 3
		w.write(t, func(ctx context.Context, c *ent.Client) {
			for i := range parents {
				newCustomer(c, i).SaveX(ctx)
				newRole(c, i).SaveX(ctx)
			}
			given := 0
			for n := range rows {
				newBooking(c, n, n%parents).SetStartsAt(dawn.Add(time.Duration(n%4) * time.Hour)).SaveX(ctx)
				newUser(c, n).SaveX(ctx)
				for role := range parents {
					if n%(role+1) == 0 { // all, every other, every third
						newUserRole(c, given, n, role).SaveX(ctx)
						given++
					}
				}
			}
		})
		me := w.as(t, w.admin(t))
		const pages = `query($first: Int, $last: Int, $after: Cursor, $before: Cursor) { parents: %s { edges { node { x: %s(%sfirst: $first, last: $last, after: $after, before: $before) {
			edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } } }`
		for _, list := range []struct {
			parents, single, field, order string
			kind                          ids.Kind
		}{
			{"customers", "customer", "bookings", "", ids.Customer},
			{"customers", "customer", "bookings", "orderBy: {field: STARTS_AT, direction: DESC}, ", ids.Customer},
			{"roles", "role", "users", "", ids.Role},
			{"roles", "role", "users", "orderBy: {field: USERNAME}, ", ids.Role},
		} {
			query := fmt.Sprintf(pages, list.parents, list.field, list.order)
			for i := range parents {
				newest := parents - 1 - i
				whole := me.ask(fmt.Sprintf(`{ %s(id: %q) { x: %s(%sfirst: 100) { edges { node { id } } } } }`, list.single, id(list.kind, newest), list.field, list.order)).ok().ids(list.single + ".x")
				for _, size := range []int{1, 2, 5, 100} {
					for _, forward := range []bool{true, false} {
						got := me.join(query, fmt.Sprintf("parents.edges.%d.node.x", i), vars{}, size, forward)
						if !slices.Equal(got, whole) {
							t.Fatalf("%s(%s) of %s %d, pages of %d, forward %t:\n%v\nwant:\n%v", list.field, list.order, list.single, newest, size, forward, got, whole)
						}
					}
				}
			}
		}
	})
}

func TestCursors_of_no_or_another_list_are_refused_before_the_database(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) { estate(ctx, c, 1) })
		me := w.as(t, w.admin(t))
		cursor := func(list string) string {
			c, _ := me.ask(`{ x: ` + list + ` { edges { cursor } } }`).ok().at("x.edges.0.cursor").(string)
			return c
		}
		good := cursor("bookings(orderBy: {field: STARTS_AT})")
		tampered := []byte(good)
		if middle := &tampered[len(tampered)/2]; *middle == 'A' {
			*middle = 'B'
		} else {
			*middle = 'A'
		}
		for what, c := range map[string]string{
			"of another entity": cursor("customers"), "of another entity in the same order": cursor("appointments(orderBy: {field: STARTS_AT})"),
			"of another order": cursor("bookings"), "of the other direction": cursor("bookings(orderBy: {field: STARTS_AT, direction: DESC})"),
			"tampered with": string(tampered), "cut": good[:20], "with a tail": good + "AA", "that is empty": "", "that is no base64": "no!",
			"of plain entgql": "gaFpxBAAAAAAAAAAAAAAAAAAAAAA", "that is long": strings.Repeat("A", 100_000),
		} {
			for _, arg := range []string{"after", "before"} {
				for _, q := range []string{
					`query($c: Cursor) { bookings(%s: $c, orderBy: {field: STARTS_AT}) { edges { node { id } } } }`,
					`query($c: Cursor) { bookings(%s: $c, first: 0, orderBy: {field: STARTS_AT}) { totalCount } }`,
					`query($c: Cursor) { users { edges { node { customers { edges { node { bookings(%s: $c, orderBy: {field: STARTS_AT}) { edges { node { id } } } } } } } } } }`,
				} {
					a := me.ask(fmt.Sprintf(q, arg), vars{"c": c}).refused(fault.CodeBadUserInput, arg).read(0, 0)
					if t.Failed() {
						t.Fatalf("a cursor %s: %s", what, a.raw)
					}
				}
			}
		}
		me.ask(`query($c: Cursor) { bookings(after: $c, orderBy: {field: STARTS_AT}) { totalCount } }`, vars{"c": good}).ok()
		if one, two := cursor("bookings"), cursor("bookings"); one == two || len(one) > 160 {
			t.Errorf("two cursors of one row are %q and %q", one, two)
		}
	})
}

func TestAfter_and_before_cut_on_both_sides(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 1, 12)
		me := w.as(t, w.admin(t))
		a := me.ask(`{ bookings { edges { cursor node { id } } } }`).ok()
		v := vars{"a": a.at("bookings.edges.2.cursor"), "b": a.at("bookings.edges.8.cursor")}
		for args, want := range map[string][]string{
			"first: 10": a.ids("bookings")[3:8], "last: 10": a.ids("bookings")[3:8],
			"first: 2": a.ids("bookings")[3:5], "last: 2": a.ids("bookings")[6:8],
		} {
			got := me.ask(`query($a: Cursor, $b: Cursor) { bookings(`+args+`, after: $a, before: $b) { edges { node { id } } } }`, v).ok().ids("bookings")
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", args, got, want)
			}
		}
	})
}
