package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"clinicgraph/graph"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// numbered joins what make gives for 0 to n-1.
func numbered(n int, make func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(make(i))
		b.WriteByte(' ')
	}
	return b.String()
}

// nested opens n selection sets inside of each other.
func nested(n int) string {
	steps := []string{"bookings(first: 1)", "edges", "node", "customer"}
	doc := "{ " + strings.Join([]string{"__typename", "totalCount", "cursor", "id"}[(n-1)%4:(n-1)%4+1], "")
	for i := n - 2; i >= 0; i-- {
		doc = "{ " + steps[i%4] + " " + doc + " }"
	}
	return doc + " }"
}

// tokens is a document of n tokens, 11 at least.
func tokens(n int) string {
	head := "query {"
	if n%2 == 1 {
		head = "query Q {"
	}
	spent := strings.Count(head, " ") + 1 + 1 + 7
	return head + strings.Repeat(" ...F", (n-spent)/2) + " } fragment F on Query { __typename }"
}

// costing is a query of exactly this cost, from 304 on.
func costing(points int) string {
	customers := (points - 203) / 101
	rest := points - (1 + 101*customers)
	page := func(alias string, cost int) string {
		return fmt.Sprintf("%s: bookings(first: %d) { edges { cursor } }", alias, cost-1)
	}
	parts := []string{fmt.Sprintf("customers(first: %d) { edges { node { bookings(first: 99) { edges { cursor } } } } }", customers)}
	for i := 0; rest > 0; i++ {
		part := rest
		if rest > 101 {
			part = min(101, rest-2)
		}
		parts = append(parts, page(fmt.Sprintf("p%d", i), part))
		rest -= part
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

// TestLimits asks at each limit, which passes, and one past it, which does not.
func TestLimits(t *testing.T) {
	limits := graph.DefaultLimits()
	each(t, func(t *testing.T, w *world) {
		staff := w.viewer(t, uuid.Nil, may(access.ScopeAny, "*:*")...)
		own := w.viewer(t, uuid.Nil, may(access.ScopeOwn, "booking:read", "customer:read")...)
		for _, c := range []struct {
			name  string
			limit int
			code  fault.Code
			query func(n int) string
		}{
			{"bytes", limits.DocumentBytes, fault.CodePayloadTooLarge, func(n int) string { return "{ __typename }" + strings.Repeat(" ", n-14) }},
			{"tokens", limits.Tokens, fault.CodeGraphQLParseFailed, tokens},
			{"nested selection sets", limits.Depth, fault.CodeTooComplex, nested},
			{"nested selection sets", limits.Depth, fault.CodeTooComplex, func(n int) string {
				return "{ ...F } fragment F on Query " + nested(n)
			}},
			{"aliases", limits.Aliases, fault.CodeTooComplex, func(n int) string {
				return "{ viewer { " + numbered(n, func(i int) string { return fmt.Sprintf("a%d: mustChangePassword", i) }) + "} }"
			}},
			{"repeated fields", limits.Aliases, fault.CodeTooComplex, func(n int) string {
				return "{ viewer { " + strings.Repeat("mustChangePassword ", n+1) + "} }"
			}},
			{"directives", limits.Directives, fault.CodeTooComplex, func(n int) string {
				return "{ viewer { " + numbered(n, func(i int) string { return fmt.Sprintf("a%d: mustChangePassword @include(if: true)", i) }) + "} }"
			}},
			{"fragments", limits.Fragments, fault.CodeTooComplex, func(n int) string {
				return "{ " + numbered(n, func(i int) string { return fmt.Sprintf("...F%d", i) }) + "}" +
					numbered(n, func(i int) string { return fmt.Sprintf("fragment F%d on Query { __typename }", i) })
			}},
			{"inline fragments", limits.Fragments, fault.CodeTooComplex, func(n int) string {
				return "{ " + strings.Repeat("... on Query { __typename } ", n) + "}"
			}},
			{"inline fragments inside of each other", limits.Fragments, fault.CodeTooComplex, func(n int) string {
				return "{ " + strings.Repeat("... { ", n) + "__typename" + strings.Repeat(" }", n) + " }"
			}},
			{"root fields of a query", limits.QueryFields, fault.CodeTooComplex, func(n int) string {
				return "{ ...F " + numbered(n-1, func(i int) string { return fmt.Sprintf("a%d: __typename", i) }) + "} fragment F on Query { __typename }"
			}},
			{"root fields of a mutation", limits.MutationFields, fault.CodeTooComplex, func(n int) string {
				return "mutation { " + numbered(n, func(i int) string { return fmt.Sprintf("a%d: __typename", i) }) + "}"
			}},
			{"cost for staff", limits.CostStaff, fault.CodeTooComplex, costing},
		} {
			t.Run(c.name, func(t *testing.T) {
				me := w.as(t, staff)
				me.ask(c.query(c.limit)).ok()
				a := me.ask(c.query(c.limit+1)).refused(c.code, "")
				if message := a.first().Message; !strings.Contains(message, fmt.Sprint(c.limit)) || a.Data != nil || len(a.sql) > 0 {
					t.Errorf("the refusal does not name the limit, or something ran: %s", a.raw)
				}
			})
		}
		t.Run("cost for a user", func(t *testing.T) {
			w.as(t, own).ask(costing(limits.CostUser)).ok()
			w.as(t, own).ask(costing(limits.CostUser+1)).refused(fault.CodeTooComplex, "")
		})
		t.Run("cost for nobody", func(t *testing.T) {
			// Where nobody may ask at all, how large it is makes no difference.
			for _, cost := range []int{limits.CostAnonymous, limits.CostAnonymous + 1, limits.CostStaff + 1} {
				if a := w.as(t, nil).ask(costing(cost)); a.first().Extensions.Code != fault.CodeUnauthenticated {
					t.Errorf("%d points: %s", cost, a.raw)
				}
			}
			w.as(t, nil).ask(`mutation { ...F } fragment F on Mutation { login(input: {login: "a", password: "b"}) { viewer { user {
				customers(first: 100) { edges { node { bookings(first: 99) { edges { cursor } } } } } } } } }`).refused(fault.CodeTooComplex, "")
		})
		t.Run("operations", func(t *testing.T) {
			send := func(n int) *answer {
				query := numbered(n, func(i int) string { return fmt.Sprintf("query Q%d { __typename }", i) })
				return w.as(t, staff).send(fmt.Sprintf(`{"query": %q, "operationName": "Q1"}`, query))
			}
			send(limits.Operations).ok()
			send(limits.Operations+1).refused(fault.CodeTooComplex, "")
		})
	})
}

// filters nest n deep: not in not.
func filters(n int) vars {
	f := vars{"status": "HELD"}
	for range n - 1 {
		f = vars{"not": f}
	}
	return f
}

// conditions are n of them in one filter, some inside of others.
func conditions(n int) vars {
	list := []any{}
	for range n - 2 {
		list = append(list, vars{"status": "HELD"})
	}
	return vars{"hasCustomerWith": []any{vars{"number": "c-1"}}, "or": list}
}

// literal writes a value as GraphQL does.
func literal(v any) string {
	switch v := v.(type) {
	case vars:
		var fields []string
		for name, value := range v {
			fields = append(fields, name+": "+literal(value))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case []any:
		var entries []string
		for _, entry := range v {
			entries = append(entries, literal(entry))
		}
		return "[" + strings.Join(entries, ", ") + "]"
	case string:
		if v == strings.ToUpper(v) {
			return v // an enum's value
		}
		return fmt.Sprintf("%q", v)
	default:
		text, _ := json.Marshal(v)
		return string(text)
	}
}

// TestLimits_of_values hold for literals, for variables, and for variables
// inside of literals.
func TestLimits_of_values(t *testing.T) {
	limits := graph.DefaultLimits()
	ids := func(n int) vars {
		list := []any{}
		for i := range n {
			list = append(list, fmt.Sprintf("x%d", i))
		}
		return vars{"requestIdIn": list}
	}
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.admin(t))
		for _, c := range []struct {
			list, typ string
			limit     int
			make      func(n int) vars
			path      string // below the filter
		}{
			{"operationLogs", "OperationLogWhereInput", limits.List, ids, ".requestIdIn"},
			{"bookings", "BookingWhereInput", limits.FilterDepth, filters, strings.Repeat(".not", limits.FilterDepth)},
			{"bookings", "BookingWhereInput", limits.FilterConditions, conditions, ""},
		} {
			for _, n := range []int{c.limit, c.limit + 1} {
				filter := c.make(n)
				for name, a := range map[string]*answer{
					"where": me.ask(fmt.Sprintf(`{ %s(where: %s) { totalCount } }`, c.list, literal(filter))),
					"given": me.ask(fmt.Sprintf(`query ($given: %s) { %s(where: $given) { totalCount } }`, c.typ, c.list), vars{"given": filter}),
				} {
					if n == c.limit {
						a.ok()
						continue
					}
					a.refused(fault.CodeBadUserInput, "")
					if fields := a.first().Extensions.Fields; len(fields) != 1 || !strings.HasPrefix(fields[0].Path, name+c.path) || len(a.sql) > 0 {
						t.Errorf("%s, %s: not about %s, or something was read: %s", c.list, name, name+c.path, a.raw)
					}
				}
			}
		}
		// Two halves, one of them a variable: neither is too much alone.
		half := conditions(30)
		query := fmt.Sprintf(`query ($half: BookingWhereInput!) { bookings(where: {and: [$half, %s]}) { totalCount } }`, literal(conditions(21)))
		me.ask(query, vars{"half": half}).refused(fault.CodeBadUserInput, "")
		query = fmt.Sprintf(`query ($half: BookingWhereInput!) { bookings(where: {and: [$half, %s]}) { totalCount } }`, literal(conditions(20)))
		me.ask(query, vars{"half": half}).ok()
		query = `query ($deep: BookingWhereInput!) { bookings(where: {not: {not: $deep}}) { totalCount } }`
		me.ask(query, vars{"deep": filters(limits.FilterDepth - 2)}).ok()
		me.ask(query, vars{"deep": filters(limits.FilterDepth - 1)}).refused(fault.CodeBadUserInput, "where.not.not.not.not.not")
		// A default value is a value, too.
		me.ask(fmt.Sprintf(`query ($where: BookingWhereInput = %s) { bookings(where: $where) { totalCount } }`, literal(filters(limits.FilterDepth+1)))).
			refused(fault.CodeBadUserInput, "")
		// Nested lists are read off the document.
		me.ask(fmt.Sprintf(`{ customers { edges { node { bookings(where: %s) { totalCount } } } } }`, literal(filters(limits.FilterDepth+1)))).
			refused(fault.CodeBadUserInput, "")
		// A filter that says nothing is a condition, lest there be no end of them.
		empty := []any{}
		for range limits.FilterConditions + 1 {
			empty = append(empty, vars{})
		}
		me.ask(`query ($where: BookingWhereInput) { bookings(where: $where) { totalCount } }`, vars{"where": vars{"and": empty}}).refused(fault.CodeBadUserInput, "")
	})
}

func TestLimits_leave_a_sensitive_mutation_alone_at_the_root(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, nil)
		const login = `login(input: {login: "x", password: "y"}) { accessToken }`
		for _, query := range []string{
			`mutation { a: ` + login + ` b: ` + login + ` }`,
			`mutation { ` + login + ` logout { loggedOut } }`,
			`mutation { logout { loggedOut } ...F } fragment F on Mutation { ` + login + ` }`,
			`mutation { a: __typename ... on Mutation { ... { ` + login + ` } } }`,
		} {
			if a := me.ask(query).refused(fault.CodeTooComplex, ""); !strings.Contains(a.first().Message, "login") {
				t.Errorf("%s: %s", query, a.raw)
			}
		}
		// One that is left out is not asked for.
		if a := me.ask(`mutation { logout { loggedOut } ` + strings.Replace(login, "{ access", "@skip(if: true) { access", 1) + ` }`); a.first().Extensions.Code != fault.CodeUnauthenticated {
			t.Errorf("left out: %s", a.raw)
		}
	})
}
