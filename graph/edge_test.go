package graph_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/paging"
)

func TestEdges_to_what_is_hidden_or_deleted_are_null_without_an_error(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 2, 2)
		desk := w.as(t, w.desk(t))
		for _, q := range []string{
			`{ x: customers(where: {number: "C-0"}) { edges { node { number account { username } unit { name } } } } }`,
			`{ x: customer(id: "` + id(ids.Customer, 0).String() + `") { number account { username } unit { name } } }`,
			`{ x: node(id: "` + id(ids.Customer, 0).String() + `") { ... on Customer { number account { username } unit { name } } } }`,
			`{ x: customer(id: "` + id(ids.Customer, 0).String() + `") { number account { username } a: account { id } unit { name } b: unit { id } } }`, // not loaded ahead
		} {
			a := desk.ask(q).ok()
			if !strings.Contains(a.raw, `"C-0"`) || strings.Count(a.raw, `"account":null`) != 1 || strings.Count(a.raw, `"unit":null`) != 1 {
				t.Errorf("%s: %s", q, a.raw)
			}
		}
		w.write(t, func(ctx context.Context, c *ent.Client) {
			c.Customer.UpdateOneID(id(ids.Customer, 1)).SetDeletedAt(dawn).ExecX(ctx)
		})
		const bookings = `{ bookings(where: {number: "B-2"}) { edges { node { number customer { number } } } } }`
		w.as(t, w.admin(t)).ask(bookings).ok().want("bookings.edges.0.node", `{"customer":null,"number":"B-2"}`)
	})
}

// TestEdges_that_are_refused_null_themselves_and_not_the_page walks the graph:
// each field of a customer, an order and a user for somebody who may read that
// one type alone.
func TestEdges_that_are_refused_null_themselves_and_not_the_page(t *testing.T) {
	schema := published(t)
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) { estate(ctx, c, 1) })
		for entity, meta := range ent.Meta {
			if meta.Permission == "" {
				continue
			}
			me := w.as(t, w.viewer(t, uuid.Nil, may(access.ScopeAny, meta.Permission)...))
			for _, f := range schema.Types[entity].Fields {
				selection := f.Name
				target := strings.TrimSuffix(f.Type.Name(), "Connection")
				door := ent.Meta[target].Permission
				if d := f.Directives.ForName("hasPermission"); d != nil {
					door = d.Arguments.ForName("permission").Value.Raw
				}
				switch {
				case door == "" || door == meta.Permission:
					continue
				case strings.HasSuffix(f.Type.Name(), "Connection"):
					selection += ` { totalCount edges { node { id } } }`
				case ent.Meta[target].Table != "":
					selection += ` { id }`
				}
				a := me.ask(`query($ids: [ID!]!) { nodes(ids: $ids) { id ... on `+entity+` { x: `+selection+` } } }`, vars{"ids": []uuid.UUID{of(entity, 1), of(entity, 1)}})
				a.want("nodes", strings.ReplaceAll(`[{"id":"ID","x":null},{"id":"ID","x":null}]`, "ID", of(entity, 1).String()))
				if len(a.Errors) != 2 || a.Errors[0].Extensions.Code != fault.CodeForbidden || fmt.Sprint(a.Errors[0].Path) != "[nodes 0 x]" && fmt.Sprint(a.Errors[0].Path) != "[nodes 1 x]" {
					t.Errorf("%s.%s: %s", entity, f.Name, a.raw)
				}
			}
		}
	})
}

func TestMoney_is_made_of_its_columns_and_reads_no_others(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const most = 1<<53 - 1
		w.write(t, func(ctx context.Context, c *ent.Client) {
			estate(ctx, c, 1)
			newBooking(c, 2, 1).SetTotalAmount(most).SetCurrency("JPY").SaveX(ctx)
			newBooking(c, 3, 1).SetTotalAmount(most + 1).SaveX(ctx)
		})
		me := w.as(t, w.admin(t))
		a := me.ask(`{ bookings(last: 2) { edges { node { sum: total { n: amount currency } } } } }`).ok().read(1, 0)
		a.want("bookings.edges.0.node.sum", fmt.Sprintf(`{"currency":"JPY","n":%d}`, 1<<53-1)).want("bookings.edges.1.node.sum", `{"currency":"EUR","n":1}`)
		if !strings.Contains(a.sql[0], "total_amount") || strings.Contains(a.sql[0], "starts_at") || strings.Contains(a.sql[0], "number") {
			t.Error(a.sql[0])
		}
		a = me.ask(`{ orders { edges { node { total { amount } tax { amount } captured { amount formatted } items { unitPrice { amount } total { amount } } transactions { amount { amount } } } } } }`).ok()
		a.want("orders.edges.0.node", `{"captured":{"amount":21,"formatted":"€0.21"},"items":[{"total":{"amount":4320},"unitPrice":{"amount":1440}}],"tax":{"amount":321},"total":{"amount":4321},"transactions":[{"amount":{"amount":21}}]}`)
		me.ask(`{ rewards { edges { node { value { amount currency } } } } products { edges { node { price { amount currency } } } } }`).ok().
			want("rewards.edges.0.node.value", `{"amount":654,"currency":"EUR"}`).want("products.edges.0.node.price", `{"amount":100,"currency":"EUR"}`)
		// What JSON cannot carry exactly is an error, and never cut off.
		me.ask(`{ bookings(first: 1) { edges { node { id total { amount } } } } }`).refused(fault.CodeInternal, "")
		if log := w.log.take(); !strings.Contains(log, "does not fit Int64") {
			t.Errorf("in the log: %s", log)
		}
	})
}

func TestSmall_lists_are_cut_at_a_hundred(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const more = 20
		w.write(t, func(ctx context.Context, c *ent.Client) {
			for i := range 2 {
				newUser(c, i).SaveX(ctx)
				newPractitioner(c, i).SaveX(ctx)
			}
			for n := range paging.MaxSize + more {
				newRole(c, n).SaveX(ctx)
				newUserRole(c, n, 1, n).SaveX(ctx)
				newHours(c, n, 1).SaveX(ctx)
			}
			for n := range 3 { // somebody else's are not counted against it
				newUserRole(c, 500+n, 0, n).SaveX(ctx)
				newHours(c, 500+n, 0).SaveX(ctx)
			}
		})
		me := w.as(t, w.admin(t))
		for _, c := range []struct{ list, single, field string }{
			{"practitioners", `practitioner(id: "` + id(ids.PractitionerProfile, 1).String() + `")`, "workingHours"},
			{"users", `user(id: "` + id(ids.User, 1).String() + `")`, "roles"},
			{"users", `user(id: "` + id(ids.User, 1).String() + `")`, "userRoles"},
		} {
			a := me.ask(`{ ` + c.list + `(first: 2) { edges { node { ` + c.field + ` { id } } } } one: ` + c.single + ` { ` + c.field + ` { id } } }`).ok()
			for at, want := range map[string]int{c.list + ".edges.0.node.": paging.MaxSize, c.list + ".edges.1.node.": 3, "one.": paging.MaxSize} {
				if n := len(a.list(at + c.field)); n != want {
					t.Errorf("%s%s: %d rows, want %d", at, c.field, n, want)
				}
			}
		}
		// Below what is selected twice, lists are resolved one by one.
		a := me.ask(`{ practitioners(first: 1) { edges { node { a: user { roles { id } } b: user { userRoles { id } } } } } }`).ok()
		for _, at := range []string{"a.roles", "b.userRoles"} {
			if n := len(a.list("practitioners.edges.0.node." + at)); n != paging.MaxSize {
				t.Errorf("%s: %d rows", at, n)
			}
		}
	})
}

// TestSmall_lists_are_bounded_in_the_statement walks the graph: each plain list of
// each entity.
func TestSmall_lists_are_bounded_in_the_statement(t *testing.T) {
	schema := published(t)
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) { estate(ctx, c, 1) })
		me := w.as(t, w.admin(t))
		walked := 0
		for entity := range ent.Meta {
			if schema.Types[entity] == nil {
				continue
			}
			for _, f := range schema.Types[entity].Fields {
				if f.Type.Elem == nil || ent.Meta[f.Type.Name()].Table == "" {
					continue
				}
				walked++
				a := me.ask(`query($id: ID!) { node(id: $id) { ... on `+entity+` { `+f.Name+` { id } } } }`, vars{"id": of(entity, 1)}).ok()
				if len(a.list("node."+f.Name)) != 1 || !slices.ContainsFunc(a.sql, func(s string) bool { return strings.Contains(s, "row_number") }) {
					t.Errorf("%s.%s: %s\n%s", entity, f.Name, a.raw, strings.Join(a.sql, "\n"))
				}
			}
		}
		if walked < 8 {
			t.Errorf("%d lists were walked", walked)
		}
	})
}
