package e2e

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// hostile is a request that somebody sends to hurt, or a tool by accident.
type hostile struct {
	name string
	code string // of the first error; "" when it is answered, "*" when both may be
	body string
}

// introspectionQuery is what GraphiQL and code generators send.
//
//go:embed testdata/introspection.graphql
var introspectionQuery string

// request is the body of a document with variables as JSON.
func request(query string, variables ...string) string {
	text, err := json.Marshal(query)
	if err != nil {
		panic(err)
	}
	if len(variables) == 0 {
		return `{"query":` + string(text) + `}`
	}
	return `{"query":` + string(text) + `,"variables":` + variables[0] + `}`
}

// lines writes a text for 0 to n-1; %[1]d is the number, %[2]d the next one.
func lines(n int, text string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, text, i, i+1)
	}
	return b.String()
}

// around is n times open, the middle, and n times shut.
func around(n int, open, middle, shut string) string {
	return strings.Repeat(open, n) + middle + strings.Repeat(shut, n)
}

const (
	parseFailed = "GRAPHQL_PARSE_FAILED"
	notValid    = "GRAPHQL_VALIDATION_FAILED"
	tooComplex  = "TOO_COMPLEX"
	tooLarge    = "PAYLOAD_TOO_LARGE"
	badInput    = "BAD_USER_INPUT"
)

// corpus is every hostile request by its recipe: what is large is said in one
// line instead of being kept. What fuzzing finds is a file beside it, in
// testdata/fuzz.
func corpus() []hostile {
	filtered := func(variables string) string {
		return request(`query ($where: BookingWhereInput) { bookings(where: $where) { totalCount } }`, `{"where":`+variables+`}`)
	}
	return []hostile{
		// Nesting.
		{"a body of 5 MB", tooLarge, `{"query":"{ nodes(ids: ` + strings.Repeat("[", 5<<20)},
		{"a body of lists", badInput, strings.Repeat("[", 100_000)},
		{"a body of objects", badInput, strings.Repeat(`{"a":`, 17_000)},
		{"a document of 90 KB of lists", tooLarge, request(`{ nodes(ids: ` + strings.Repeat("[", 90_000))},
		{"lists in lists", parseFailed, request(`{ nodes(ids: ` + strings.Repeat("[", 16_000))},
		{"lists in lists, closed", notValid, request(`{ nodes(ids: ` + around(490, "[", `"x"`, "]") + `) { id } }`)},
		{"objects in objects", parseFailed, request(`{ bookings(where: ` + strings.Repeat("{not:", 3000))},
		{"filters in filters", badInput, request(`{ bookings(where: ` + around(240, "{not:", "{status:HELD}", "}") + `) { totalCount } }`)},
		{"selections in selections", tooComplex, request(around(300, "{ viewer ", "{ user }", "}"))},
		{"inline fragments in inline fragments", tooComplex, request(`{ ` + around(240, "... { ", "__typename", " }") + ` }`)},
		{"types in types", parseFailed, request(`query ($a: ` + strings.Repeat("[", 16_000))},
		{"types in types, closed", notValid, request(`query ($a: ` + around(480, "[", "ID!", "]") + `) { nodes(ids: $a) { id } }`)},

		// Fragments.
		{"fragments that spread the next twice", "", request(`{ ...F0 } ` + lines(29, `fragment F%[1]d on Query { __typename ...F%[2]d ...F%[2]d } `) + `fragment F29 on Query { __typename }`)},
		{"objects that double", tooComplex, request(`{ bookings(first: 1) { edges { node { ...F0 } } } } ` +
			lines(8, `fragment F%[1]d on Booking { unit { id } a%[1]d: order { id } ...F%[2]d ...F%[2]d ...F%[2]d ...F%[2]d ...F%[2]d ...F%[2]d } `) + `fragment F8 on Booking { customer { id } }`)},
		{"pages that multiply", tooComplex, request(`{ customers(first: 100) { edges { node { bookings(first: 100) { edges { node { customer { bookings(first: 100) { totalCount } } } } } } } } }`)},
		{"a fragment in itself", notValid, request(`{ ...F } fragment F on Query { ...F }`)},
		{"fragments in a circle", notValid, request(`{ ...A viewer { ...C } } fragment A on Query { viewer { ...C } ...B } fragment B on Query { viewer { ...C } ...A } fragment C on Viewer { mustChangePassword }`)},
		{"overlaps that double", notValid, request(`{ ...F0 viewer { ...C } } ` +
			lines(13, `fragment F%[1]d on Query { viewer { ...C } ...F%[2]d ...G%[2]d } fragment G%[1]d on Query { viewer { ...C } ...F%[2]d ...G%[2]d } `) +
			`fragment F13 on Query { viewer { ...C } } fragment G13 on Query { viewer { ...C nothing } } fragment C on Viewer { mustChangePassword }`)},
		{"overlaps in inline fragments", notValid, request(`{ booking(id: "x") { ` +
			strings.Repeat(`... { id number status source startsAt endsAt version createdAt updatedAt createdBy updatedBy cancelReason cancelledAt holdExpiresAt `+"nothing } ", 28) + `} }`)},
		{"overlaps in fragments below others", "*", request(`{ booking(id: "x") { ...F0 } } ` +
			lines(20, `fragment F%[1]d on Booking { customer { id number version } unit { id name } ...F%[2]d } `) +
			`fragment F20 on Booking { ` + strings.Repeat("... { id number status source startsAt endsAt version createdAt } ", 30) + `}`)},
		{"spreads", "", request(`{ ` + strings.Repeat("...F ", 490) + `} fragment F on Query { __typename }`)},
		{"unused fragments", tooComplex, request(`{ __typename } ` + lines(120, `fragment F%[1]d on Query { __typename } `))},
		{"fragments of unknown types with long names", notValid, request(`{ ` + lines(28, `...F%[1]d `) + `} ` + lines(28, `fragment F%[1]d on `+strings.Repeat("B", 500)+` { id } `))},

		// Floods.
		{"aliases", tooComplex, request(`{ ` + lines(240, `a%[1]d: __typename `) + `}`)},
		{"one field", tooComplex, request(`{ ` + strings.Repeat("__typename ", 900) + `}`)},
		{"one field with a selection", tooComplex, request(`{ viewer { ` + strings.Repeat("user { id } ", 240) + `} }`)},
		{"a field under one alias", tooComplex, request(`{ ` + strings.Repeat("a: __typename ", 300) + `}`)},
		{"directives", tooComplex, request(`{ __typename ` + strings.Repeat("@include(if: true) ", 140) + `}`)},
		{"unknown directives", tooComplex, request(`{ __typename ` + strings.Repeat("@a ", 400) + `}`)},
		{"directives past the tokens", parseFailed, request(`{ __typename ` + strings.Repeat("@a ", 5000) + `}`)},
		{"unknown fields", notValid, request(`{ ` + lines(900, `f%[1]d `) + `}`)},
		{"unknown fields in fragments", notValid, request(`{ ...F0 } ` + lines(25, `fragment F%[1]d on Query { a%[1]d b%[1]d c%[1]d d%[1]d e%[1]d f%[1]d g%[1]d h%[1]d i%[1]d j%[1]d k%[1]d ...F%[2]d } `) + `fragment F25 on Query { __typename }`)},
		{"unknown fields in thirty fragments", notValid, request(`{ ...F0 } ` + lines(29, `fragment F%[1]d on Query { `+"ba bb bc bd be bf bg bh bi bj bk bl bm bn bo bp bq br bs bt bu bv bw bx "+`...F%[2]d } `) + `fragment F29 on Query { __typename }`)},
		{"fields in thirty fragments", "*", request(`{ booking(id: "x") { ...F0 } } ` + lines(29, `fragment F%[1]d on Booking { id number status source startsAt endsAt version createdAt updatedAt createdBy updatedBy cancelReason cancelledAt holdExpiresAt unit { id } customer { id } order { id } ...F%[2]d } `) + `fragment F29 on Booking { id }`)},
		{"operations that share fragments", "*", strings.Replace(request(lines(5, `query Q%[1]d { booking(id: "x") { ...F0 } } `)+
			lines(29, `fragment F%[1]d on Booking { id number status source startsAt endsAt version createdAt updatedAt createdBy unit { id name } customer { id } ...F%[2]d } `)+`fragment F29 on Booking { id }`), `{"query"`, `{"operationName":"Q1","query"`, 1)},
		{"variables in many places", "*", request(`query (` + lines(90, `$v%[1]d: ID `) + `) { bookings(where: {idIn: [` + lines(90, `$v%[1]d `) + lines(10, `$v%[1]d `) + `]}) { totalCount } }`)},
		{"unknown fields with long names", notValid, request(`{ ` + lines(15, strings.Repeat("b", 1000)+`%[1]d `) + `}`)},
		{"unknown arguments", notValid, request(`{ viewer(` + lines(240, `a%[1]d: 1 `) + `) { mustChangePassword } }`)},
		{"unknown fields of a filter", notValid, request(`{ bookings(where: {` + lines(240, `a%[1]d: 1 `) + `}) { totalCount } }`)},
		{"unused variables", notValid, request(`query (` + lines(190, `$v%[1]d: Int `) + `) { __typename }`)},
		{"variables of unknown types", notValid, request(`query (` + lines(190, `$v%[1]d: T%[1]d `) + `) { __typename }`)},
		{"variables of filters", "*", request(`query (`+lines(90, `$v%[1]d: BookingWhereInput `)+`) { bookings(where: {and: [`+lines(90, `$v%[1]d `)+`]}) { totalCount } }`,
			`{`+strings.TrimSuffix(lines(90, `"v%[1]d":{"not":{"not":{"status":"HELD"}}},`), ",")+`}`)},
		{"operations", tooComplex, request(lines(190, `query Q%[1]d { __typename } `))},
		{"fields at the root", tooComplex, request(`{ ` + lines(11, `a%[1]d: viewer { mustChangePassword } `) + `}`)},
		{"a flood of answers", "*", request(`{ nodes(ids: [` + strings.Repeat(`"x" `, 100) + `]) { id ` + lines(29, `a%[1]d: id `) + `} }`)},
		{"guesses of passwords", tooComplex, request(`mutation { ` + lines(3, `a%[1]d: login(input: {login: "admin", password: "p%[1]d"}) { accessToken } `) + `}`)},
		{"wishes of the same list", "*", request(`{ ` + lines(10, `a%[1]d: bookings(first: 100) { totalCount edges { node { id number status startsAt customer { id number } unit { id name } } } } `) + `}`)},

		// Introspection.
		{"introspection", "", request(introspectionQuery)},
		{"introspection ten times", tooComplex, request(`{ ` + lines(10, `a%[1]d: __schema { types { fields { name args { name type { name ofType { name } } } type { name ofType { name } } } } } `) + `}`)},
		{"fields of types of fields", tooComplex, request(`{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }`)},
		{"fields of types of fields in fragments", tooComplex, request(`{ __schema { types { ...A } } } fragment A on __Type { fields { type { ...B } } } fragment B on __Type { fields { type { ...C } } inputFields { type { ...C } } } fragment C on __Type { fields { name } possibleTypes { name } }`)},
		{"introspection that doubles", "*", request(`{ __schema { types { ...F0 } } } ` + lines(28, `fragment F%[1]d on __Type { ...F%[2]d ...F%[2]d } `) + `fragment F28 on __Type { name }`)},
		{"types of types", "*", request(`{ __type(name: "Query") { ` + around(300, "ofType { ", "name", " }") + ` } }`)},

		// Values.
		{"a number of 10,000 digits", "*", request(`{ bookings(first: ` + strings.Repeat("9", 10_000) + `) { totalCount } }`)},
		{"a number with an exponent", "*", request(`{ bookings(first: 1e400) { totalCount } }`)},
		{"a size past every bound", badInput, request(`{ bookings(first: 2147483648) { totalCount } }`)},
		{"a negative size", badInput, request(`{ bookings(first: -1) { edges { node { id } } } }`)},
		{"numbers in variables", "*", request(`query ($n: Int) { bookings(first: $n) { totalCount } }`, `{"n":1e999}`)},
		{"a number of 90 KB in a variable", "*", request(`query ($n: Int) { bookings(first: $n) { totalCount } }`, `{"n":`+strings.Repeat("9", 90_000)+`}`)},
		{"a fraction in a variable", "*", request(`query ($n: Int) { bookings(first: $n) { totalCount } }`, `{"n":0.5}`)},
		{"a list for a number", notValid, request(`query ($n: Int) { bookings(first: $n) { totalCount } }`, `{"n":[1,2,3]}`)},
		{"objects for scalars", "*", filtered(`{"startsAtGT":{"a":{"b":[]}},"numberIn":[{"a":1}],"id":{"x":1}}`)},
		{"lists for scalars", "*", filtered(`{"idIn":` + around(20, "[", `"x"`, "]") + `,"startsAtIn":[[],[[]]]}`)},
		{"a string of 90 KB", "", filtered(`{"number":"` + strings.Repeat("x", 90_000) + `"}`)},
		{"wildcards", "", filtered(`{"numberContains":"` + strings.Repeat("%_", 20_000) + `"}`)},
		{"NUL and surrogates", "*", filtered(`{"number":"\u0000\ud800\udfff\uffff","numberContains":"\\\u0000%"}`)},
		{"an enum in small letters", "*", filtered(`{"status":"held"}`)},
		{"null everywhere", "*", filtered(`{"and":null,"or":[],"not":{},"idIn":null,"status":null,"hasCustomer":null,"hasCustomerWith":[]}`)},
		{"filters in filters in a variable", badInput, filtered(around(25, `{"not":`, "{}", "}"))},
		{"filters in filters past the depth of JSON", badInput, filtered(around(9000, `{"not":`, "{}", "}"))},
		{"30,000 empty filters", badInput, filtered(`{"and":[` + strings.Repeat("{},", 30_000) + `{}]}`)},
		{"empty filters in lists of 100", badInput, filtered(`{"and":[` + strings.Repeat(`{"or":[`+strings.Repeat("{},", 99)+`{}]},`, 99) + `{}]}`)},
		{"filters over edges over edges", badInput, filtered(around(12, `{"hasCustomerWith":[{"hasBookingsWith":[`, "{}", "]}]}"))},
		{"51 filters over edges", badInput, filtered(`{"or":[` + strings.Repeat(`{"hasCustomer":true},`, 50) + `{"hasCustomer":true}]}`)},
		{"50 filters over edges", "", filtered(`{"or":[` + strings.Repeat(`{"hasCustomer":true},`, 49) + `{"hasCustomer":true}]}`)},
		{"17,000 unknown keys", notValid, filtered(`{` + strings.TrimSuffix(lines(8000, `"k%[1]d":1,`), ",") + `}`)},
		{"30,000 ids", badInput, request(`query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, `{"ids":[`+strings.Repeat(`"x",`, 24_000)+`"x"]}`)},
		{"variables that nobody has asked for", "", request(`{ __typename }`, `{"a":`+around(20, "[", strings.Repeat("{},", 10_000)+"{}", "]")+`}`)},
		{"one variable in many places", "*", request(`query ($w: BookingWhereInput) { `+lines(10, `a%[1]d: bookings(where: $w) { totalCount } `)+`}`, `{"w":{"hasCustomer":true}}`)},
		{"an alternative with two choices", "*", request(`mutation { capturePayment(input: {orderId: "x", amount: 9223372036854775808, method: TEST_CARD}) { order { id } } }`)},
		{"ids of every kind", "*", request(`{ nodes(ids: ["", " ", "../../etc/passwd", "00000000-0000-0000-0000-000000000000", "'; DROP TABLE users; --", "\u0000"]) { id } }`)},

		// Letters.
		{"comments", parseFailed, request(strings.Repeat("#\n", 8000) + `{ __typename }`)},
		{"one long comment", "", request(`#` + strings.Repeat("x", 16_000) + "\n{ __typename }")},
		{"commas", "", request(`{ __typename ` + strings.Repeat(",", 16_000) + `}`)},
		{"a string without end", parseFailed, request(`{ booking(id: "` + strings.Repeat("x", 16_000))},
		{"a block string without end", parseFailed, request(`{ booking(id: """` + strings.Repeat("\n ", 8000))},
		{"a block string of empty lines", "*", request(`{ booking(id: """` + strings.Repeat("\n ", 7900) + `""") { id } }`)},
		{"escapes", "*", request(`{ booking(id: "` + strings.Repeat(`\u00e9`, 2600) + `") { id } }`)},
		{"a long name", notValid, request(`query ` + strings.Repeat("Q", 8000) + ` { ` + strings.Repeat("f", 8000) + ` }`)},
		{"letters from everywhere", parseFailed, request("{ \u202e\ufeff\u0000💥 }")},
		{"not UTF-8", "*", "{\"query\":\"{ __typename \xff\xfe\xc0\xaf}\"}"},
		{"an unknown name of 90 KB", notValid, `{"query":"query A { __typename }","operationName":"` + strings.Repeat("x", 90_000) + `"}`},
		{"a log line of its own", "*", `{"query":"query A { __typename }","operationName":"x\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\u001b[2J"}`},

		// What is not served.
		{"a deferred answer", notValid, request(`{ ... @defer { viewer { user { id } } } }`)},
		{"a subscription without a field", notValid, request(`subscription { __typename }`)},
		{"definitions of types", parseFailed, request(`type Query { a: Int } extend type Mutation { b: Int }`)},
		{"a batch", badInput, `[` + strings.Repeat(request(`{ __typename }`)+`,`, 99) + request(`{ __typename }`) + `]`},
	}
}
