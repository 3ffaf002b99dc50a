package graph

import (
	"context"
	"errors"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/graph/compiled"
	"clinicgraph/graph/generated"
	"clinicgraph/internal/access"
	"clinicgraph/internal/guard"
)

func roleNamed(name string) access.Role {
	for _, r := range access.SystemRoles() {
		if r.Name == name {
			return r
		}
	}
	panic(name)
}

// TestPlansAreExplained looks at what the command says.
func TestPlansAreExplained(t *testing.T) {
	const document = `
		query History($id: ID!) { customer(id: $id) { number bookings(first: 10) { edges { node { status order { events { type } } } } } } }
		query Page($from: Time!, $after: Cursor) { bookings(where: {startsAtGTE: $from}, after: $after) { totalCount edges { node { id } } } }
		query Me { viewer { user { username } } }
		query Notes { customers { edges { node { notes } } } }
		query Any($id: ID!) { node(id: $id) { id ... on Booking { number } } }
		mutation M { logout(input: {}) { __typename } }`
	explained := func(on, role string) map[string]compiled.Explanation {
		all, err := Plans(context.Background(), on, roleNamed(role), document)
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string]compiled.Explanation{}
		for _, p := range all {
			byName[p.Operation] = p.Explanation
		}
		if len(byName) != 5 {
			t.Fatalf("%d queries: %v", len(byName), all)
		}
		return byName
	}
	staff := explained(dialect.Postgres, access.RoleStaff)
	for name, statements := range map[string]int{"History": 1, "Page": 1, "Any": 1} {
		if got := staff[name]; len(got.Statements) != statements || got.Reason != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if sql := staff["Page"].Statements[0]; strings.Count(sql, `"bookings"."unit_id" = $`) != 2 || strings.Count(sql, `"bookings"."deleted_at" IS NULL`) != 2 {
		t.Errorf("the page and its count are not both within the caller's rows: %s", sql)
	}
	if got := explained(dialect.SQLite, access.RoleStaff)["History"]; len(got.Statements) != 3 {
		t.Errorf("on SQLite: %+v", got)
	}
	for name, reason := range map[string]string{"Me": "field Query.viewer", "Notes": "field Customer.notes"} {
		if got := staff[name]; got.Reason != reason {
			t.Errorf("%s: %+v, want %s", name, got, reason)
		}
	}
	if sql := explained(dialect.Postgres, access.RoleAdmin)["Page"].Statements[0]; strings.Contains(sql, "unit_id") {
		t.Errorf("who sees all is narrowed: %s", sql)
	}
	if _, err := Plans(context.Background(), dialect.Postgres, roleNamed(access.RoleStaff), `{ nothing }`); err == nil {
		t.Error("a document that does not fit has a plan")
	}
}

// broken is a database that fails in its own way.
type broken func() error

func (b broken) Query(context.Context, string, any, any) error { return b() }

// behind says that it was asked.
type behind struct {
	graphql.ExecutableSchema
	asked int
}

func (e *behind) Exec(context.Context) graphql.ResponseHandler {
	e.asked++
	return func(context.Context) *graphql.Response { return &graphql.Response{Data: []byte(`"the executor's"`)} }
}

// TestWhateverGoesWrongIsTheExecutors: a plan words no error and lets none through.
func TestWhateverGoesWrongIsTheExecutors(t *testing.T) {
	ask := func(query string, db broken, closed ...string) (compiled.Stats, string, int) {
		t.Helper()
		next := &behind{ExecutableSchema: generated.NewExecutableSchema(generated.Config{})}
		config := compiled.Config{Dialect: dialect.Postgres, DB: db, Rules: guard.RulesFrom, Resolved: resolvedFields(), Closed: map[string]bool{}}
		for _, entity := range closed {
			config.Closed[entity] = true
		}
		engine := compiled.New(next, config)
		document, errs := gqlparser.LoadQueryWithRules(next.Schema(), query, nil)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		oc := &graphql.OperationContext{RawQuery: query, Doc: document, Operation: document.Operations[0], Variables: map[string]any{}}
		if oc.Operation.Operation != ast.Query {
			t.Fatal("no query")
		}
		ctx := access.NewContext(graphql.WithOperationContext(context.Background(), oc), exampleOf(roleNamed(access.RoleStaff)))
		answer := engine.Exec(ctx)(ctx)
		return engine.Stats(), string(answer.Data), next.asked
	}
	const page = `{ bookings { edges { node { id customer { number } } } } }`
	for name, c := range map[string]struct {
		query   string
		db      broken
		closed  []string
		dropped uint64
		reason  string
	}{
		"an error of the database":            {query: page, db: func() error { return errors.New("down") }, dropped: 1},
		"a panic":                             {query: page, db: func() error { panic("a defect") }, dropped: 1},
		"an entity whose rules are not known": {query: page, closed: []string{ent.TypeBooking}, reason: "field Query.bookings"},
		"an edge to one":                      {query: page, closed: []string{ent.TypeCustomer}, reason: "field Booking.customer"},
		"a filter through one":                {query: `{ bookings(where: {hasCustomerWith: [{number: "x"}]}) { totalCount } }`, closed: []string{ent.TypeCustomer}, reason: "filter"},
		"what the caller may not do":          {query: `{ operationLogs { totalCount } }`, reason: "refused"},
		"a permission that reaches less far":  {query: `{ customers { edges { node { notes } } } }`, reason: "field Customer.notes"},
		"a page that is too long":             {query: `{ bookings(first: 101) { totalCount } }`, reason: "page size"},
		"a filter that asks for nothing":      {query: `{ bookings(where: {not: {}}) { totalCount } }`, reason: "filter that is empty"},
	} {
		db := c.db
		if db == nil {
			db = func() error { t.Errorf("%s: the database was asked", name); return errors.New("asked") }
		}
		stats, data, asked := ask(c.query, db, c.closed...)
		if asked != 1 || data != `"the executor's"` || stats.Hits != 0 || stats.Dropped != c.dropped || c.reason != "" && stats.Fallbacks[c.reason] != 1 {
			t.Errorf("%s: asked %d times, %s, %+v", name, asked, data, stats)
		}
	}
}
