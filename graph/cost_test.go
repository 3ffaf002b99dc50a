package graph

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"clinicgraph/graph/generated"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// testSchema is the schema as it is served.
func testSchema() *ast.Schema {
	return served(generated.NewExecutableSchema(generated.Config{}).Schema())
}

// operation reads and validates a document; the library's checks of overlaps and
// introspection are left out, since some documents here are hostile to them.
func operation(t testing.TB, schema *ast.Schema, query string) *graphql.OperationContext {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		t.Fatal(err)
	}
	if errs := validator.ValidateWithRules(schema, doc, validation(true, 10)()); len(errs) > 0 {
		t.Fatal(errs)
	}
	return &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], RawQuery: query}
}

func TestCost(t *testing.T) {
	schema := testSchema()
	for query, want := range map[string]int{
		`{ __typename }`:                      0,
		`{ booking(id: "x") { number } }`:     1,
		`{ viewer { user { username } } }`:    2,
		`{ viewer { permissions { name } } }`: 1 + 10*1,
		// A page: the statement, and a row for each of 20 unless told otherwise.
		`{ bookings { edges { node { number status } cursor } } }`:                                            1 + 20,
		`{ bookings(first: 100) { edges { node { number } } } }`:                                              1 + 100,
		`{ bookings(last: 7) { edges { node { number } } } }`:                                                 1 + 7,
		`{ bookings(first: null) { edges { node { number } } } }`:                                             1 + 20,
		`{ bookings(first: 0) { edges { node { number } } } }`:                                                1 + 1,
		`{ bookings(first: -5) { edges { node { number } } } }`:                                               1 + 1,
		`{ bookings(first: 101) { edges { node { number } } } }`:                                              1 + 100, // refused where it is read
		`{ bookings(first: 9) { pageInfo { hasNextPage } } }`:                                                 1 + 9,
		`{ bookings(first: 9) { pageInfo { hasNextPage } edges { cursor } } }`:                                1 + 9,
		`{ bookings(first: 9) { __typename } }`:                                                               1,
		`{ bookings(first: 9) { totalCount } }`:                                                               1 + 10,
		`{ bookings(first: 10) { edges { node { customer { number } } } } }`:                                  1 + 10*(1+1),
		`{ bookings(first: 10) { edges { node { appointments { status } } } } }`:                              1 + 10*(1+10),
		`{ bookings(first: 10) { a: edges { cursor } b: edges { cursor } } }`:                                 1 + 10,
		`{ customers(first: 100) { edges { node { bookings(first: 100) { edges { node { number } } } } } } }`: 1 + 100*(1+1+100),
		`{ customers(first: 10) { edges { node { bookings { totalCount } } } } }`:                             1 + 10*(1+1+10),
		// Fragments cost what is in them, each time, and inherit the page that they stand in.
		`{ bookings(first: 10) { ...F } } fragment F on BookingConnection { edges { ...G } } fragment G on BookingEdge { node { customer { number } } }`: 1 + 10*(1+1),
		`{ a: booking(id: "x") { ...F } b: booking(id: "y") { ...F } } fragment F on Booking { customer { number } unit { name } }`:                      2 * (1 + 2),
		`{ node(id: "x") { ... on Booking { customer { number } } ... on Customer { unit { name } } } }`:                                                 1 + 1 + 1,
		// Lists of ids.
		`{ nodes(ids: ["a", "b", "c"]) { id } }`: 3 * 1,
		`{ nodes(ids: []) { id } }`:              1,
		`{ availableSlots(serviceId: "x", from: "2030-01-01T00:00:00Z", to: "2030-01-02T00:00:00Z") { startsAt practitioner { id } } }`: 100 * (1 + 1),
		// Filters: a point for a condition, ten for one on an edge, whatever is inside.
		`{ bookings(first: 1, where: {status: HELD, or: [{number: "a"}, {number: "b"}]}) { totalCount } }`: 1 + 10 + 3,
		`{ bookings(first: 1, where: {hasCustomerWith: [{number: "a"}], hasUnit: true}) { totalCount } }`:  1 + 10 + 10 + 1 + 10,
		`{ customers(first: 10) { edges { node { bookings(where: {hasUnit: true}) { totalCount } } } } }`:  1 + 10*(1+1+10+10),
		`mutation { logout { loggedOut } }`: 10,
		`mutation { cancelBooking(input: {id: "x"}) { booking { number customer { number } } } }`: 10 + 2,
		`{ __schema { types { fields { name } } } }`:                                              0,
	} {
		l := newLimiter(Options{Limits: DefaultLimits()}, schema)
		got, _, f := l.price(operation(t, schema, query))
		if f != nil {
			t.Errorf("%s: %v", query, f)
		}
		if want := want; got != want {
			t.Errorf("%s\ncosts %d, want %d", query, got, want)
		}
	}
}

func TestCost_reads_the_size_of_a_page_from_variables(t *testing.T) {
	schema := testSchema()
	oc := operation(t, schema, `query ($n: Int = 30) { bookings(first: $n) { edges { cursor } } }`)
	l := newLimiter(Options{Limits: DefaultLimits()}, schema)
	for want, variables := range map[int]map[string]any{
		1 + 30: {}, 1 + 7: {"n": int64(7)}, 1 + 8: {"n": 8.0}, 1 + 9: {"n": "9"}, 1 + 20: {"n": nil}, 1 + 100: {"n": int64(1 << 40)},
	} {
		oc.Variables = variables
		if got, _, f := l.price(oc); f != nil || got != want {
			t.Errorf("%v: %d, want %d (%v)", variables, got, want, f)
		}
	}
}

// fanOut is a document of n fragments, each of which spreads the next one twice:
// written out it has 2^n fields.
func fanOut(n int) string {
	var b strings.Builder
	b.WriteString("{ booking(id: \"x\") { ...F0 } }")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on Booking { customer { id } ...F%d ...F%d }", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on Booking { unit { id } }", n)
	return b.String()
}

func TestCost_is_linear_in_the_document(t *testing.T) {
	schema := testSchema()
	visits := func(n int) int {
		oc := operation(t, schema, fanOut(n))
		p := pricing{schema: schema, spread: map[string]price{}, inputs: inputs{limits: DefaultLimits(), schema: schema}}
		if sum := p.set(oc.Operation.SelectionSet); n >= 40 && sum.once != costCap {
			t.Errorf("%d fragments cost %d, want the cap", n, sum.once)
		}
		return p.visits
	}
	// Each fragment has four selections, the ends have four together.
	if at100, at200 := visits(100), visits(200); at100 != 404 || at200 != 804 {
		t.Errorf("%d and %d visits, want 404 and 804", at100, at200)
	}
}

// BenchmarkCost prices 200 fragments that spread each other twice. The target is
// 5 ms.
func BenchmarkCost(b *testing.B) {
	schema := testSchema()
	oc := operation(b, schema, fanOut(200))
	l := newLimiter(Options{Limits: DefaultLimits()}, schema)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, f := l.price(oc); f != nil {
			b.Fatal(f)
		}
	}
}

func TestEveryMutationIsSensitiveOrNot(t *testing.T) {
	fields := testSchema().Mutation.Fields
	for _, f := range fields {
		if _, listed := sensitive[f.Name]; !listed {
			t.Errorf("mutation %s is neither sensitive nor not: say which", f.Name)
		}
	}
	for name := range sensitive {
		if fields.ForName(name) == nil {
			t.Errorf("there is no mutation %s", name)
		}
	}
}

// prepared is an executor with the limits, as Handler sets it up.
func prepared(o Options) (*executor.Executor, *limiter) {
	schema := generated.NewExecutableSchema(generated.Config{Schema: testSchema(), Resolvers: &Resolver{}})
	l := newLimiter(o, schema.Schema())
	e := executor.New(schema)
	e.SetParserTokenLimit(o.Limits.Tokens)
	e.SetQueryCache(l.kept)
	e.SetDisableSuggestion(!o.Introspection)
	e.SetDefaultRulesFn(validation(o.Introspection, o.Limits.Errors))
	e.Use(l)
	return e, l
}

func TestCharge_is_told_the_cost_and_its_error_is_the_answer(t *testing.T) {
	type told struct {
		cost      int
		sensitive string
	}
	var got []told
	full := fault.New(fault.CodeRateLimited, "Wait.")
	e, _ := prepared(Options{Limits: DefaultLimits(), Charge: func(ctx context.Context, cost int, sensitive string) error {
		if CostOf(ctx) != cost {
			t.Errorf("the context knows the cost %d, want %d", CostOf(ctx), cost)
		}
		if got = append(got, told{cost, sensitive}); len(got) > 2 {
			return full
		}
		return nil
	}})
	ctx := access.NewContext(graphql.StartOperationTrace(t.Context()), &access.Viewer{})
	for i, query := range []string{
		`{ bookings { edges { cursor } } }`, `mutation { login(input: {login: "x", password: "y"}) { accessToken } }`,
		`{ viewer { user { id } } }`, `{ nonsense }`, `{ customers(first: 100) { edges { node { bookings(first: 100) { edges { cursor } } } } } }`,
	} {
		_, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
		if i == 2 && (len(errs) != 1 || !errors.Is(errs[0], full)) || i < 2 && len(errs) > 0 || i > 2 && len(errs) == 0 {
			t.Errorf("%s: %v", query, errs)
		}
	}
	if want := []told{{21, ""}, {10, "login"}, {2, ""}}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("charged %v, want %v: what is refused anyway costs nothing", got, want)
	}
	if CostOf(t.Context()) != 0 {
		t.Error("a context without an operation has a cost")
	}
}

// TestTheRulesOfValidationHaveTheirNames holds the replaced rules to the
// library's: one that is renamed would stand beside its replacement.
func TestTheRulesOfValidationHaveTheirNames(t *testing.T) {
	inner := validation(false, 10)().GetInner()
	if n, all := len(inner), len(rules.NewDefaultRules().GetInner()); n != all-1 {
		t.Errorf("%d rules, want one fewer than %d", n, all)
	}
}
