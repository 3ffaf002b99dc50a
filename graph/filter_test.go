package graph_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

// desk is a viewer who sees all customers, but of accounts none except the own,
// and of bookings those of the unit with number 1, which are customer 1's.
func (w *world) desk(t *testing.T) *access.Viewer {
	t.Helper()
	return w.viewer(t, id(ids.OrganizationalUnit, 1), slices.Concat(
		may(access.ScopeAny, access.CustomerRead), may(access.ScopeUnit, access.BookingRead), may(access.ScopeOwn, access.UserRead, access.UnitRead))...)
}

// rows gives the ids of the rows with these numbers.
func rows(k ids.Kind, n ...int) []string {
	found := []string{}
	for _, n := range n {
		found = append(found, id(k, n).String())
	}
	return found
}

func TestFilters_over_edges_see_the_rows_of_the_viewer_alone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 3, 4)
		desk, admin := w.as(t, w.desk(t)), w.as(t, w.admin(t))
		all, theirs := []int{0, 1, 2}, id(ids.Booking, 0).String() // booking 0 is customer 0's
		for where, want := range map[string]struct{ desk, admin []int }{
			`{}`:                                                      {all, all},
			`{hasBookings: true}`:                                     {[]int{1}, all},
			`{hasBookings: false}`:                                    {[]int{0, 2}, nil},
			`{hasAccount: true}`:                                      {nil, all}, // the desk's own account has no profile
			`{hasAccount: false}`:                                     {all, nil},
			`{hasUnit: true}`:                                         {[]int{1}, all},
			`{hasBookingsWith: []}`:                                   {all, all},
			`{hasBookingsWith: [{number: "B-4"}]}`:                    {[]int{1}, []int{1}},
			`{hasBookingsWith: [{number: "B-0"}]}`:                    {nil, []int{0}},
			`{hasBookingsWith: [{id: "` + theirs + `"}]}`:             {nil, []int{0}},
			`{not: {hasBookingsWith: [{number: "B-0"}]}}`:             {all, []int{1, 2}},
			`{not: {not: {hasBookingsWith: [{number: "B-0"}]}}}`:      {nil, []int{0}},
			`{hasBookingsWith: [{not: {number: "B-4"}}]}`:             {[]int{1}, all},
			`{hasAccountWith: [{usernameHasPrefix: "user-"}]}`:        {nil, all},
			`{not: {hasAccountWith: [{usernameHasPrefix: "user-"}]}}`: {all, nil},
			`{or: [{hasBookingsWith: [{number: "B-0"}]}, {hasBookingsWith: [{number: "B-5"}]}]}`:       {[]int{1}, []int{0, 1}},
			`{and: [{hasBookings: true}, {or: [{number: "C-0"}, {number: "C-1"}]}]}`:                   {[]int{1}, []int{0, 1}},
			`{hasBookingsWith: [{or: [{number: "B-0"}, {number: "B-1"}]}]}`:                            {nil, []int{0}},
			`{hasBookingsWith: [{or: [{number: "B-0"}, {hasUnitWith: [{nameHasPrefix: "unit-"}]}]}]}`:  {[]int{1}, all},
			`{hasBookingsWith: [{hasCustomerWith: [{hasBookingsWith: [{number: "B-0"}]}]}]}`:           {nil, []int{0}},
			`{hasBookingsWith: [{hasCustomerWith: [{hasAccountWith: [{usernameContains: "user"}]}]}]}`: {nil, all},
			`{hasUnitWith: [{name: "unit-0"}]}`:                                                        {nil, []int{0}},
			`{hasBookingsWith: [{number: "B-4"}, {status: CONFIRMED}]}`:                                {[]int{1}, []int{1}},
			`{number: "C-0", or: [{number: "C-1"}, {number: "C-2"}]}`:                                  {nil, nil},
			`{or: [{number: "C-1"}, {and: [{not: {number: "C-1"}}, {not: {number: "C-2"}}]}]}`:         {[]int{0, 1}, []int{0, 1}},
			`{idIn: []}`: {nil, nil}, `{not: {idIn: []}}`: {all, all}, `{numberNotIn: []}`: {all, all}, `{numberIn: []}`: {nil, nil},
			`{or: [{numberIn: []}, {number: "C-2"}]}`: {[]int{2}, []int{2}}, `{hasBookingsWith: [{statusIn: []}]}`: {nil, nil}, `{not: {hasBookingsWith: [{statusIn: []}]}}`: {all, all},
		} {
			for _, c := range []struct {
				caller
				want []int
			}{{desk, want.desk}, {admin, want.admin}} {
				a := c.ask(`{ customers(orderBy: {field: NUMBER}, where: ` + where + `) { totalCount edges { node { id } } pageInfo { hasNextPage } } }`).ok()
				if diff := cmp.Diff(rows(ids.Customer, c.want...), a.ids("customers")); diff != "" || a.at("customers.totalCount") != float64(len(c.want)) {
					t.Errorf("%s, as %s (-want +got):\n%s\n%s", where, c.viewer.Username, diff, a.raw)
				}
			}
		}
	})
}

// TestFilters_over_every_edge_ask_the_door_and_the_rows walks the graph: each
// hasX and hasXWith of every list.
func TestFilters_over_every_edge_ask_the_door_and_the_rows(t *testing.T) {
	schema := published(t)
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) { estate(ctx, c, 1) })
		walked := 0
		for _, list := range schema.Query.Fields {
			entity, ok := strings.CutSuffix(list.Type.Name(), "Connection")
			if !ok || schema.Types[entity+"WhereInput"] == nil { // nothing filters it
				continue
			}
			for _, f := range schema.Types[entity+"WhereInput"].Fields {
				target, ok := strings.CutSuffix(f.Type.Name(), "WhereInput")
				if !ok || !strings.HasSuffix(f.Name, "With") {
					continue
				}
				walked++
				has := strings.TrimSuffix(f.Name, "With")
				mine, theirs := ent.Meta[entity].Permission, ent.Meta[target].Permission
				count := func(c caller, where vars) *answer {
					if entity == ent.TypeAuditLog { // each refusal adds to it
						where = vars{"event": "LOGIN", "and": []vars{where}}
					}
					return c.ask(`query($w: `+entity+`WhereInput) { x: `+list.Name+`(where: $w) { totalCount } }`, vars{"w": where})
				}
				barred := w.as(t, w.viewer(t, uuid.Nil, may(access.ScopeAny, mine)...))
				owner := w.as(t, w.viewer(t, uuid.Nil, slices.Concat(may(access.ScopeAny, mine), may(access.ScopeOwn, theirs))...))
				admin := w.as(t, w.admin(t))
				right, wrong := vars{"id": of(target, 1)}, vars{"id": of(target, 2)}
				for _, where := range []vars{{has: true}, {has: false}, {f.Name: []vars{right}}, {f.Name: []vars{{}}}, {"not": vars{has: true}}, {"or": []vars{{"and": []vars{{f.Name: []vars{wrong}}}}}}} {
					count(barred, where).refused(fault.CodeForbidden, "").read(0, 0)
				}
				count(admin, vars{has: true}).ok().want("x.totalCount", `1`)
				count(admin, vars{f.Name: []vars{right}}).ok().want("x.totalCount", `1`)
				count(admin, vars{f.Name: []vars{wrong}}).ok().want("x.totalCount", `0`)
				if theirs == access.ProductRead || theirs == access.PractitionerRead {
					continue // whoever may see one may see all
				}
				same(t, list.Name+": "+has, count(owner, vars{has: true}), count(owner, vars{f.Name: []vars{wrong}}))
				same(t, list.Name+": "+f.Name, count(owner, vars{f.Name: []vars{right}}), count(owner, vars{f.Name: []vars{wrong}}))
				same(t, list.Name+": not "+f.Name, count(owner, vars{"not": vars{f.Name: []vars{right}}}), count(owner, vars{"not": vars{f.Name: []vars{wrong}}}))
			}
		}
		if walked < 14 {
			t.Errorf("%d filters over edges were walked", walked)
		}
	})
}

func TestFilters_of_nested_and_lazy_lists_see_the_rows_too(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 3, 4)
		desk, admin := w.as(t, w.desk(t)), w.as(t, w.admin(t))
		const hidden = `bookings(where: {hasCustomerWith: [{hasAccountWith: [{usernameContains: "user"}]}]}) { totalCount edges { node { id } } }`
		const open = `bookings(where: {hasCustomerWith: [{number: "C-1"}]}) { totalCount edges { node { id } } }`
		for way, at := range map[string]string{
			`{ customers(where: {number: "C-1"}) { edges { node { %s } } } }`:                                   "customers.edges.0.node.bookings",
			`{ customer(id: "` + id(ids.Customer, 1).String() + `") { %s } }`:                                   "customer.bookings",
			`{ customers(where: {number: "C-1"}) { e: edges { n: node { %s } } } }`:                             "customers.e.0.n.bookings",
			`{ bookings(where: {number: "B-4"}) { edges { node { a: customer { %s } b: customer { id } } } } }`: "bookings.edges.0.node.a.bookings",
		} {
			for _, c := range []struct {
				caller
				list string
				want []string
			}{{desk, hidden, []string{}}, {admin, hidden, rows(ids.Booking, 7, 6, 5, 4)}, {desk, open, rows(ids.Booking, 7, 6, 5, 4)}, {admin, open, rows(ids.Booking, 7, 6, 5, 4)}} {
				a := c.ask(fmt.Sprintf(way, c.list)).ok()
				if diff := cmp.Diff(c.want, a.ids(at)); diff != "" || a.at(at+".totalCount") != float64(len(c.want)) {
					t.Errorf("%s\n%s (-want +got):\n%s\n%s", c.viewer.Username, a.what, diff, a.raw)
				}
			}
		}
		// A door in a nested filter refuses, and so does a filter that cannot be read.
		nested := func(where string) *answer {
			return w.as(t, desk.viewer).ask(`{ customers { edges { node { bookings(where: ` + where + `) { totalCount } } } } }`)
		}
		nested(`{hasAppointments: true}`).refused(fault.CodeForbidden, "").read(0, 0)
		nested(`{not: {hasAppointmentsWith: [{status: SCHEDULED}]}}`).refused(fault.CodeForbidden, "").read(0, 0)
		nested(`{id: "x"}`).refused(fault.CodeBadUserInput, "where.id").read(0, 0)
		nested(`{or: [{idIn: ["`+uuid.Nil.String()+`", "y"]}]}`).refused(fault.CodeBadUserInput, "where.or.0.idIn.1").read(0, 0)
	})
}

func TestFilters_without_a_row_rule_reach_nothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 2, 1)
		ctx, yes := access.System(t.Context(), "test"), true
		count := func(c *ent.Client, where ent.CustomerWhereInput) int {
			q, err := where.Filter(c.Customer.Query())
			if err != nil {
				t.Fatal(err)
			}
			return q.CountX(ctx)
		}
		filters := []ent.CustomerWhereInput{{HasBookings: &yes}, {HasBookingsWith: []*ent.BookingWhereInput{{Status: nil, NumberNotIn: []string{"B-9"}}}}}
		for _, rule := range map[string]ent.RowRule{"none": nil, "one that knows nothing": func(context.Context, string) func(*entsql.Selector) { return nil }} {
			bare := ent.NewClient(ent.Driver(w.store.DB.Driver))
			bare.UseRowRule(rule)
			for _, where := range filters {
				if n := count(bare, where); n != 0 {
					t.Errorf("%d customers", n)
				}
			}
		}
		for _, where := range filters {
			if n := count(w.store.Client, where); n != 2 {
				t.Errorf("%d customers outside a transaction, want 2", n)
			}
			w.write(t, func(_ context.Context, c *ent.Client) {
				if n := count(c, where); n != 2 {
					t.Errorf("%d customers in a transaction, want 2", n)
				}
			})
		}
	})
}
