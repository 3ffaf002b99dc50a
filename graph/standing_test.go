package graph

import (
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"clinicgraph/internal/access"
)

// TestTheBillOfATextIsMadeOnceWhereVariablesDoNotMatter: and never where they do.
func TestTheBillOfATextIsMadeOnceWhereVariablesDoNotMatter(t *testing.T) {
	e, l := prepared(Options{Limits: DefaultLimits()})
	ctx := access.NewContext(graphql.StartOperationTrace(t.Context()), &access.Viewer{})
	cost := func(query, name string, variables map[string]any) int {
		t.Helper()
		oc, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query, OperationName: name, Variables: variables})
		if len(errs) > 0 {
			t.Fatalf("%s: %v", query, errs)
		}
		return CostOf(graphql.WithOperationContext(ctx, oc))
	}
	for query, once := range map[string]bool{
		`query Q($id: ID!) { booking(id: $id) { number } }`:                                                                                                true,
		`query Q($id: ID!) { booking(id: $id) { order { items { name } } } bookings(first: 3) { edges { cursor } } }`:                                      true,
		`query Q($id: ID!, $n: Int = 3) { booking(id: $id) { id } bookings(first: $n) { edges { cursor } } }`:                                              false,
		`query Q($id: ID!, $s: BookingStatus = HELD) { booking(id: $id) { id } bookings(where: {or: [{status: $s}]}) { totalCount } }`:                     false,
		`query Q($id: ID!, $on: Boolean = false) { booking(id: $id) { id } ...f @include(if: $on) } fragment f on Query { viewer { mustChangePassword } }`: false,
		`query Q($id: ID!) { booking(id: $id) { id } bookings(where: {status: HELD}) { totalCount } }`:                                                     true,
	} {
		first := cost(query, "", map[string]any{"id": "x"})
		if again := cost(query, "", map[string]any{"id": "y"}); again != first {
			t.Errorf("%s costs %d, and then %d", query, first, again)
		}
		doc, _ := l.kept.cache.GetIfPresent(query)
		if made := doc.operations[0].bill.Load(); (made != nil) != once {
			t.Errorf("%s has the bill %+v, once: %v", query, made, once)
		}
	}
	paged := `query Q($n: Int!) { bookings(first: $n) { edges { cursor } } }`
	if few, many := cost(paged, "", map[string]any{"n": 1}), cost(paged, "", map[string]any{"n": 50}); few >= many {
		t.Errorf("a row costs %d, fifty cost %d", few, many)
	}
	both := `query A { viewer { mustChangePassword } } query B { bookings(first: 100) { edges { cursor } } }`
	a, b := cost(both, "A", nil), cost(both, "B", nil)
	if a == b || cost(both, "A", nil) != a || cost(both, "B", nil) != b {
		t.Errorf("two operations of one text: %d and %d", a, b)
	}
}

// TestVariablesHaveLimitsInAKnownDocument: what is known of a text leaves no value
// unlooked at.
func TestVariablesHaveLimitsInAKnownDocument(t *testing.T) {
	e, _ := prepared(Options{Limits: DefaultLimits()})
	ctx := access.NewContext(graphql.StartOperationTrace(t.Context()), &access.Viewer{})
	many := make([]any, DefaultLimits().List+1)
	for i := range many {
		many[i] = "HELD"
	}
	deep := map[string]any{"status": "HELD"}
	for range DefaultLimits().FilterDepth {
		deep = map[string]any{"not": deep}
	}
	for query, c := range map[string]struct{ good, bad any }{
		`query($v: [BookingStatus!]) { bookings(where: {statusIn: $v}) { totalCount } }`: {many[1:], many},
		`query($v: BookingWhereInput) { bookings(where: $v) { totalCount } }`:            {deep["not"], deep},
		`query($v: BookingStatus) { bookings(where: {status: $v}) { totalCount } }`:      {"HELD", "held"},
	} {
		for _, v := range []struct {
			value any
			good  bool
		}{{c.good, true}, {c.bad, false}, {c.good, true}} {
			_, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: map[string]any{"v": v.value}})
			if (len(errs) == 0) != v.good {
				t.Errorf("%s with %v: %v", query, v.value, errs)
			}
		}
	}
}
