package graph

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"clinicgraph/graph/generated"
	"clinicgraph/internal/access"
)

// refusedBy gives what the executor says about a document before it runs it.
func refusedBy(t *testing.T, o Options, query string) string {
	t.Helper()
	e, _ := prepared(o)
	ctx := access.NewContext(graphql.StartOperationTrace(t.Context()), &access.Viewer{})
	_, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	return errs.Error()
}

// TestTheParserHasAnEnd: lists nested without end overflow the stack, which
// nothing can recover from. Without the limit of tokens this test kills its
// process.
func TestTheParserHasAnEnd(t *testing.T) {
	limits := DefaultLimits()
	limits.DocumentBytes = 64 << 20 // the other guard
	for _, open := range []string{"[", "{a:", "[{a:["} {
		query := "{ nodes(ids: " + strings.Repeat(open, 4<<20)
		if got := refusedBy(t, Options{Limits: limits}, query); !strings.Contains(got, "more than 1000 tokens") {
			t.Errorf("%.30s…: %s", query, got)
		}
	}
	if got := refusedBy(t, Options{Limits: limits}, "query ($a: "+strings.Repeat("[", 4<<20)); !strings.Contains(got, "more than 1000 tokens") {
		t.Errorf("types: %s", got)
	}
}

// TestValidationHasAnEnd: the library's rule about overlapping fields does not
// end on these, and overflows the stack or takes time that doubles with each
// line.
func TestValidationHasAnEnd(t *testing.T) {
	limits := DefaultLimits()
	limits.Tokens, limits.Aliases, limits.Fragments, limits.Depth = 4000, 1000, 1000, 1000
	chain := func(n int, body string) string {
		return numberedText(n, func(i int) string { return fmt.Sprintf(body, i, i+1) })
	}
	for name, c := range map[string]struct{ query, want string }{
		"fragments in a circle": {`{ ...A viewer { ...C } } fragment A on Query { viewer { ...C } ...B } fragment B on Query { viewer { ...C } ...A } fragment C on Viewer { mustChangePassword }`, "within itself"},
		"fragments that spread the next twice": {`{ ...F0 ...G0 viewer { ...C } } ` + chain(40, `fragment F%[1]d on Query { viewer { ...C } ...F%[2]d ...G%[2]d } fragment G%[1]d on Query { viewer { ...C } ...F%[2]d ...G%[2]d } `) +
			`fragment F40 on Query { __typename } fragment G40 on Query { __typename } fragment C on Viewer { mustChangePassword }`, "sign in"},
		"introspection that spreads the next twice": {`{ __schema { types { ...F0 } } } ` + chain(40, `fragment F%[1]d on __Type { ...F%[2]d ...F%[2]d } `) + `fragment F40 on __Type { name }`, ""},
		"one field many times":                      {`{ viewer { ` + strings.Repeat("user { id } ", 240) + `} }`, ""},
	} {
		if got := refusedBy(t, Options{Limits: limits, Introspection: true}, c.query); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func numberedText(n int, text func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(text(i))
	}
	return b.String()
}

// TestSuggestionsKeepTheSchemaToThemselves: each of the five rules that would
// say "Did you mean", by the document that makes it do so.
func TestSuggestionsKeepTheSchemaToThemselves(t *testing.T) {
	for name, query := range map[string]string{
		"FieldsOnCorrectType, field":            `{ booking(id: "x") { numbr } }`,
		"FieldsOnCorrectType, type":             `{ node(id: "x") { number } }`,
		"ScalarLeafs":                           `{ viewer }`,
		"KnownArgumentNames, field":             `{ booking(idd: "x", id: "y") { id } }`,
		"KnownArgumentNames, directive":         `{ viewer @include(iff: true, if: true) { mustChangePassword } }`,
		"KnownTypeNames":                        `{ ...F } fragment F on Qury { __typename }`,
		"ValuesOfCorrectType, enum":             `{ bookings(where: {status: HELDD}) { totalCount } }`,
		"ValuesOfCorrectType, enum as a string": `{ bookings(where: {status: "HELD"}) { totalCount } }`,
		"ValuesOfCorrectType, field":            `{ bookings(where: {statu: HELD}) { totalCount } }`,
	} {
		got := refusedBy(t, Options{Limits: DefaultLimits()}, query)
		if got == "" || strings.Contains(strings.ToLower(got), "did you mean") {
			t.Errorf("%s: %s", name, got)
		}
		// The documents are the right ones: with introspection they are answered with
		// a suggestion, unless it compares whole documents with the schema.
		if got := refusedBy(t, Options{Limits: DefaultLimits(), Introspection: true}, query); strings.Contains(got, "Did you mean") == (name == "KnownTypeNames") {
			t.Errorf("%s, with introspection: %s", name, got)
		}
	}
}

func TestDeferIsRefusedAndNotOffered(t *testing.T) {
	for _, query := range []string{`{ ... @defer { viewer { mustChangePassword } } }`, `{ ...F @defer(label: "x") } fragment F on Query { __typename }`} {
		if got := refusedBy(t, Options{Limits: DefaultLimits()}, query); !strings.Contains(got, `Unknown directive "@defer"`) {
			t.Errorf("%s: %s", query, got)
		}
	}
	if testSchema().Directives["defer"] != nil {
		t.Error("@defer is offered")
	}
	if generated.NewExecutableSchema(generated.Config{}).Schema().Directives["include"] == nil || testSchema().Directives["include"] == nil {
		t.Error("@include is gone")
	}
}

// TestDocumentsAreKeptOnlyWhenTheyPass: a document that will never run must not
// push out one that does.
func TestDocumentsAreKeptOnlyWhenTheyPass(t *testing.T) {
	e, l := prepared(Options{Limits: DefaultLimits()})
	ctx := access.NewContext(graphql.StartOperationTrace(t.Context()), &access.Viewer{})
	pad := func(n int) string { return "{ __typename }" + strings.Repeat(" ", n-14) }
	for query, kept := range map[string]bool{
		`{ __typename }`: true, pad(keptDocument): true, pad(keptDocument + 1): false,
		`{ nonsense }`: false, `{ bookings(where: {not: {not: {not: {not: {not: {status: HELD}}}}}}) { totalCount } }`: false,
		`{ customers(first: 100) { edges { node { bookings(first: 100) { edges { cursor } } } } } }`:  false, // too expensive for nobody
		`mutation { login(input: {login: "x", password: "y"}) { accessToken } logout { loggedOut } }`: false,
	} {
		_, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
		if _, found := l.kept.Get(ctx, query); found != kept {
			t.Errorf("%.80s: kept %v, want %v (%v)", query, found, kept, errs)
		}
	}
}

// TestDocumentsAreBoundedInBytes fills the cache with documents of many nodes
// and little text, and looks at the heap.
func TestDocumentsAreBoundedInBytes(t *testing.T) {
	schema := testSchema()
	kept := newDocuments()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const n = 400
	for i := range n {
		query := fmt.Sprintf(`{a%d:viewer{`, i) + strings.Repeat("user{id}", 180) + `}}`
		doc, err := parser.ParseQuery(&ast.Source{Input: query})
		if err != nil {
			t.Fatal(err)
		}
		if errs := validator.ValidateWithRules(schema, doc, validation(false, 10)()); len(errs) > 0 {
			t.Fatal(errs)
		}
		kept.keep(query, doc, func(op *ast.OperationDefinition) *standing { return &standing{definition: op, says: say(query, op)} })
	}
	kept.cache.CleanUp()
	runtime.GC()
	runtime.ReadMemStats(&after)
	size := kept.cache.EstimatedSize()
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > keptDocuments*5/4 || size == 0 || size >= n {
		t.Errorf("%d documents take %d bytes, want fewer than %d documents and at most %d bytes", size, grown, n, keptDocuments)
	} else {
		t.Logf("%d documents, %d bytes, %d estimated", size, grown, kept.cache.WeightedSize())
	}
	runtime.KeepAlive(kept)
}

// TestAnOperationHasItsTime: a query and a mutation have a deadline, a
// subscription has none.
func TestAnOperationHasItsTime(t *testing.T) {
	limits := DefaultLimits()
	for kind, want := range map[ast.Operation]bool{ast.Query: true, ast.Mutation: true, ast.Subscription: false} {
		ctx := graphql.WithOperationContext(t.Context(), &graphql.OperationContext{Operation: &ast.OperationDefinition{Operation: kind}})
		began := time.Now()
		var inside context.Context
		l := &limiter{limits: limits}
		respond := l.InterceptOperation(ctx, func(ctx context.Context) graphql.ResponseHandler {
			inside = ctx
			return func(context.Context) *graphql.Response { return &graphql.Response{} }
		})
		if deadline, has := inside.Deadline(); has != want || has && (deadline.Before(began.Add(limits.Duration)) || deadline.After(time.Now().Add(limits.Duration))) {
			t.Errorf("%s: deadline %s, %v", kind, deadline, has)
		}
		if respond(ctx); (inside.Err() != nil) != want {
			t.Errorf("%s: after its answer: %v", kind, inside.Err())
		}
	}
}
