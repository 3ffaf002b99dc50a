package graph_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/ent"
	"clinicgraph/internal/ids"
)

// The ways to write one selection: each gives the same, in as few statements.

func TestAliases_lose_nothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 2, 4)
		me := w.as(t, w.admin(t))
		me.ask(`{ x: bookings(first: 2) { list: edges { item: node { key: number when: startsAt } } more: edges { other: node { status customer { number } } } n: totalCount } }`).ok().
			want("x", `{"list":[{"item":{"key":"B-7","when":"2030-01-07T11:00:00Z"}},{"item":{"key":"B-6","when":"2030-01-07T10:00:00Z"}}],"more":[{"other":{"customer":{"number":"C-1"},"status":"CONFIRMED"}},{"other":{"customer":{"number":"C-1"},"status":"PENDING"}}],"n":8}`)
		me.ask(`{ x: bookings(first: 1) { list: edges { item: node { key: number who: customer { called: number } } } n: totalCount } }`).ok().read(3, 1).
			want("x", `{"list":[{"item":{"key":"B-7","who":{"called":"C-1"}}}],"n":8}`)
		me.ask(`{ cs: customers(first: 2) { l: edges { m: node { bs: bookings(first: 1) { l: edges { m: node { k: number } } n: totalCount } u: unit { k: name } } } } }`).ok().read(4, 1).
			want("cs.l", `[{"m":{"bs":{"l":[{"m":{"k":"B-7"}}],"n":4},"u":{"k":"unit-1"}}},{"m":{"bs":{"l":[{"m":{"k":"B-3"}}],"n":4},"u":{"k":"unit-0"}}}]`)
	})
}

func TestOne_edge_under_two_aliases_shows_both_selections(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 1, 1)
		me := w.as(t, w.admin(t))
		for _, both := range []string{`a: customer { number } b: customer { version }`, `b: customer { version } a: customer { number }`} {
			me.ask(`{ bookings { edges { node { `+both+` } } } }`).ok().want("bookings.edges.0.node", `{"a":{"number":"C-0"},"b":{"version":1}}`)
		}
		me.ask(`{ bookings { edges { node { customer { number } ... on Booking { customer { version } } } } } }`).ok().read(2, 0).
			want("bookings.edges.0.node", `{"customer":{"number":"C-0","version":1}}`)
	})
}

func TestLists_of_one_name_below_two_aliases_keep_their_arguments(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 1, 6)
		me := w.as(t, w.admin(t))
		a := me.ask(`{ customers {
			x: edges { node { b: bookings(first: 1) { edges { node { number } } totalCount pageInfo { hasNextPage } } } }
			y: edges { n: node { b: bookings(first: 3, where: {status: PENDING}) { edges { node { startsAt } } totalCount } } } } }`).ok()
		a.want("customers.x.0.node.b", `{"edges":[{"node":{"number":"B-5"}}],"pageInfo":{"hasNextPage":true},"totalCount":6}`)
		a.want("customers.y.0.n.b", `{"edges":[{"node":{"startsAt":"2030-01-07T11:00:00Z"}},{"node":{"startsAt":"2030-01-07T08:00:00Z"}}],"totalCount":2}`)
		me.ask(`{ bookings(first: 1) { edges { node { a: customer { b: bookings(first: 1) { totalCount edges { node { number } } } } c: customer { b: bookings(last: 1, where: {status: PENDING}) { totalCount edges { node { number } } } } } } } }`).ok().
			want("bookings.edges.0.node", `{"a":{"b":{"edges":[{"node":{"number":"B-5"}}],"totalCount":6}},"c":{"b":{"edges":[{"node":{"number":"B-0"}}],"totalCount":2}}}`)
		me.ask(`{ customers { edges { node { a: bookings(first: 1) { totalCount } b: bookings(where: {status: PENDING}) { totalCount } c: bookings(where: {statusIn: []}) { totalCount edges { cursor } } } } } }`).ok().read(5, 3).
			want("customers.edges.0.node", `{"a":{"totalCount":6},"b":{"totalCount":2},"c":{"edges":[],"totalCount":0}}`)
	})
}

// TestArguments_of_nested_lists_are_read_as_those_of_the_root: the former are read
// off the document, the latter come coerced.
func TestArguments_of_nested_lists_are_read_as_those_of_the_root(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 1, 4) // starts at eight, nine, ten and eleven
		me := w.as(t, w.admin(t))
		for args, want := range map[string][]int{
			`(orderBy: {field: STARTS_AT})`:                   {0, 1, 2, 3},
			`(orderBy: {field: STARTS_AT, direction: DESC})`:  {3, 2, 1, 0},
			`(orderBy: $by)`:                                  {3, 2, 1, 0},
			`(orderBy: {field: STARTS_AT, direction: $dir})`:  {3, 2, 1, 0},
			`(orderBy: $none, where: $none2, after: $none3)`:  {3, 2, 1, 0},
			`(first: $two)`:                                   {3, 2},
			`(last: $two, orderBy: {field: STARTS_AT})`:       {2, 3},
			`(where: $where)`:                                 {3, 0},
			`(where: {status: $status})`:                      {3, 0},
			`(where: {statusIn: [$status], startsAt: $when})`: {3},
			`(first: $one, where: {not: {statusIn: PENDING}}, orderBy: {field: STARTS_AT})`: {1},
		} {
			var declared []string
			for name, typ := range map[string]string{"$by": "BookingOrder", "$dir": "OrderDirection! = DESC", "$none": "BookingOrder", "$none2": "BookingWhereInput", "$none3": "Cursor", "$two": "Int = 2", "$one": "Int", "$where": "BookingWhereInput", "$status": "BookingStatus! = PENDING", "$when": "Time"} {
				if regexp.MustCompile(regexp.QuoteMeta(name) + `\b`).MatchString(args) {
					declared = append(declared, name+": "+typ)
				}
			}
			head := "query q"
			if len(declared) > 0 {
				head += "(" + strings.Join(declared, ", ") + ")"
			}
			v := vars{"by": vars{"field": "STARTS_AT", "direction": "DESC"}, "none": nil, "one": 1, "where": vars{"status": "PENDING"}, "when": "2030-01-07T12:00:00+01:00"}
			list := `bookings` + args + ` { edges { node { id } } }`
			for query, at := range map[string]string{`{ ` + list + ` }`: "bookings", `{ customers { edges { node { ` + list + ` } } } }`: "customers.edges.0.node.bookings"} {
				got := me.ask(head+query, v).ok().ids(at)
				if diff := cmp.Diff(rows(ids.Booking, want...), got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", query, diff)
				}
			}
		}
	})
}

func TestFragments_select_as_fields_do(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 2, 4)
		w.as(t, w.admin(t)).ask(`query { bookings(first: 2) { ...C } }
			fragment C on BookingConnection { edges { ...E } totalCount }
			fragment E on BookingEdge { node { ...B ... on Node { id } } }
			fragment B on Booking { status customer { ...U } }
			fragment U on Customer { bookings(first: 1) { ...N } }
			fragment N on BookingConnection { totalCount edges { node { number } } pageInfo { hasNextPage } }`).ok().read(5, 2).
			want("bookings.totalCount", `8`).
			want("bookings.edges.1.node", `{"customer":{"bookings":{"edges":[{"node":{"number":"B-7"}}],"pageInfo":{"hasNextPage":true},"totalCount":4}},"id":"`+id(ids.Booking, 6).String()+`","status":"PENDING"}`)
	})
}

func TestSkip_and_include_are_heeded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 1, 3)
		me := w.as(t, w.admin(t))
		for query, at := range map[string]string{
			`query($rows: Boolean!) { bookings(first: 1) { edges @include(if: $rows) { node { number } } totalCount @skip(if: $rows) } }`:                                          "bookings",
			`query($rows: Boolean!) { customers { edges { node { bookings(first: 1) { ... @include(if: $rows) { edges { node { number } } } totalCount @skip(if: $rows) } } } } }`: "customers.edges.0.node.bookings",
		} {
			nested := 0
			if at != "bookings" {
				nested = 1
			}
			me.ask(query, vars{"rows": true}).ok().read(nested+1, 0).want(at, `{"edges":[{"node":{"number":"B-2"}}]}`)
			me.ask(query, vars{"rows": false}).ok().read(nested+1, 1).want(at, `{"totalCount":3}`)
		}
	})
}

func TestPages_over_many_to_many_are_cut_for_each_parent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) {
			for i := range 2 {
				newRole(c, i).SaveX(ctx)
			}
			for n := range 25 {
				newUser(c, n).SaveX(ctx)
				newUserRole(c, n, n, 1).SaveX(ctx)
			}
			newUserRole(c, 99, 3, 0).SaveX(ctx)
		})
		me := w.as(t, w.admin(t))
		for list, newest := range map[string]string{`users(first: 2)`: "user-24", `users(first: 2, orderBy: {field: USERNAME, direction: DESC})`: "user-9"} {
			me.ask(`{ roles { edges { node { x: `+list+` { totalCount edges { node { username } } pageInfo { hasNextPage } } } } } }`).ok().read(3, 1).
				want("roles.edges.0.node.x.totalCount", `25`).want("roles.edges.0.node.x.pageInfo", `{"hasNextPage":true}`).
				want("roles.edges.0.node.x.edges.0.node.username", `"`+newest+`"`).
				want("roles.edges.1.node.x", `{"edges":[{"node":{"username":"user-3"}}],"pageInfo":{"hasNextPage":false},"totalCount":1}`)
		}
		// Small lists are in the order of their making, whoever else shares them.
		me.ask(`{ users(where: {usernameIn: ["user-3", "user-4"]}) { edges { node { roles { name } } } } }`).ok().
			want("users.edges", `[{"node":{"roles":[{"name":"role-1"}]}},{"node":{"roles":[{"name":"role-0"},{"name":"role-1"}]}}]`)
	})
}
