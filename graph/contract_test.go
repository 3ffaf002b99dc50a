package graph_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

// TestInputs_are_written_by_hand: entgql's mutation inputs take sensitive fields
// and every edge.
func TestInputs_are_written_by_hand(t *testing.T) {
	raw, err := os.ReadFile("generated/ent.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(raw), "\n") {
		name, isInput := strings.CutPrefix(line, "input ")
		if isInput && !strings.Contains(name, "WhereInput") && !strings.Contains(name, "Order ") {
			t.Errorf("generated: %s", line)
		}
		if strings.HasPrefix(line, "scalar ") {
			t.Errorf("generated, and gone the next time: %s", line)
		}
	}
	chapters, err := filepath.Glob("schema/*.graphqls")
	if err != nil || len(chapters) == 0 {
		t.Fatal(chapters, err)
	}
	var written strings.Builder
	for _, chapter := range chapters {
		text, err := os.ReadFile(chapter)
		if err != nil {
			t.Fatal(err)
		}
		written.Write(text)
	}
	schema := published(t)
	for _, f := range schema.Mutation.Fields {
		for _, a := range f.Arguments {
			if a.Name != "input" || len(f.Arguments) != 1 || !strings.Contains(written.String(), "input "+a.Type.Name()+" ") {
				t.Errorf("%s(%s: %s) is not one input of our own", f.Name, a.Name, a.Type)
			}
		}
	}
}

// TestSecrets_are_nowhere walks the types and the filters of every entity.
func TestSecrets_are_nowhere(t *testing.T) {
	schema := published(t)
	for entity, meta := range ent.Meta {
		if meta.Internal {
			for _, name := range []string{entity, entity + "WhereInput", entity + "Connection", entity + "Order"} {
				if schema.Types[name] != nil {
					t.Errorf("%s is in the graph", name)
				}
			}
			continue
		}
		shown := schema.Types[entity]
		for _, column := range meta.Fields {
			field := shown.Fields.ForName(camel(column))
			if meta.Sensitive[column] && field != nil {
				t.Errorf("%s.%s is shown", entity, column)
			}
			closed := field == nil || len(field.Directives) > 0
			for kind, name := range map[string]string{"filter": entity + "WhereInput", "order": entity + "OrderField"} {
				def := schema.Types[name]
				if def == nil || !closed {
					continue
				}
				if slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool { return strings.HasPrefix(f.Name, camel(column)) && column != "key" }) ||
					def.EnumValues.ForName(strings.ToUpper(column)) != nil {
					t.Errorf("%s by %s.%s, which not every reader of the type may see", kind, entity, column)
				}
			}
		}
	}
}

func camel(column string) string {
	words := strings.Split(column, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

func TestFilters_by_what_is_closed_are_refused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.admin(t))
		for _, query := range []string{
			`{ users(where: {passwordHash: "x"}) { totalCount } }`, `{ users(where: {passwordHashHasPrefix: "$"}) { totalCount } }`, `{ users(where: {emailKey: "x"}) { totalCount } }`,
			`{ users(where: {phone: "x"}) { totalCount } }`, `{ users(where: {hasSessions: true}) { totalCount } }`, `{ users(where: {usernameGT: "x"}) { totalCount } }`, `{ users(where: {usernameHasSuffix: "x"}) { totalCount } }`,
			`{ customers(where: {notes: "x"}) { totalCount } }`, `{ customers(where: {birthDateLT: "2000-01-01"}) { totalCount } }`, `{ customers(where: {hasOrders: true}) { totalCount } }`, `{ customers(where: {idGT: "x"}) { totalCount } }`,
			`{ bookings(where: {totalAmount: 1}) { totalCount } }`, `{ bookings(where: {customerId: "x"}) { totalCount } }`, `{ bookings(where: {deletedAtNotNil: true}) { totalCount } }`, `{ bookings(where: {createdBy: "x"}) { totalCount } }`,
			`{ users(orderBy: {field: EMAIL}) { totalCount } }`, `{ users(orderBy: {field: PASSWORD_HASH}) { totalCount } }`, `{ bookings(orderBy: {field: CREATED_AT}) { totalCount } }`, `{ orders(orderBy: {field: ID}) { totalCount } }`,
		} {
			if a := me.ask(query); a.first().Extensions.Code != fault.CodeGraphQLValidation {
				t.Errorf("%s: %s", query, a.raw)
			}
		}
		for _, where := range []vars{{"passwordHash": "x"}, {"not": vars{"tokenEpoch": 1}}, {"or": []vars{{"usernameLT": "x"}}}} {
			if a := me.ask(`query($w: UserWhereInput) { users(where: $w) { totalCount } }`, vars{"w": where}); len(a.Errors) != 1 || a.first().Extensions.Code != fault.CodeGraphQLValidation {
				t.Errorf("%v: %s", where, a.raw)
			}
		}
	})
}

func TestFilters_with_an_empty_object_inside_are_a_fault_of_the_client(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 2, 1)
		me := w.as(t, w.admin(t))
		for _, where := range []string{`{not: {}}`, `{or: [{}]}`, `{and: [{}, {number: "x"}]}`, `{hasBookingsWith: [{}]}`, `{not: {or: [{number: "C-0"}, {}]}}`, `{hasBookingsWith: [{not: {}}]}`} {
			me.ask(`{ customers(where: `+where+`) { totalCount } }`).refused(fault.CodeBadUserInput, "where")
			me.ask(`{ users { edges { node { customers(where: `+where+`) { totalCount } } } } }`).refused(fault.CodeBadUserInput, "where")
		}
		me.ask(`{ customers(where: {}) { totalCount } }`).ok().want("customers.totalCount", `2`)
		me.ask(`{ customers(where: null) { totalCount } }`).ok().want("customers.totalCount", `2`)
		me.ask(`{ customers(where: {or: [], and: []}) { totalCount } }`).ok().want("customers.totalCount", `2`)
	})
}

func TestNumbers_have_the_range_of_their_scalars(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) {
			for n := range 3 {
				newCustomer(c, n).SaveX(ctx)
				c.PointsAccount.Create().SetID(id(ids.PointsAccount, n)).SetCustomerID(id(ids.Customer, n)).SetBalance(1<<53 - 1 + int64(max(0, n-1))).SaveX(ctx)
			}
		})
		me := w.as(t, w.admin(t))
		const balance = `query($n: String!) { customers(where: {number: $n}) { edges { node { pointsAccount { balance } } } } }`
		if a := me.ask(balance, vars{"n": "C-1"}).ok(); !strings.Contains(a.raw, `"balance":9007199254740991`) {
			t.Error(a.raw)
		}
		if a := me.ask(balance, vars{"n": "C-2"}).refused(fault.CodeInternal, ""); strings.Contains(a.raw, "90071992547") {
			t.Error(a.raw)
		}
		if log := w.log.take(); !strings.Contains(log, "9007199254740992 does not fit Int64") {
			t.Errorf("the log does not tell why: %s", log)
		}
		pay := func(amount any) *answer {
			return me.ask(`mutation($in: CapturePaymentInput!) { capturePayment(input: $in) { order { id } } }`, vars{"in": vars{"orderId": uuid.Nil, "amount": amount, "method": "TEST"}})
		}
		for _, amount := range []any{1 << 53, -(1 << 53), "100", 1.5, 1e300, true} {
			pay(amount).refused(fault.CodeBadUserInput, "input.amount")
		}
		for _, version := range []any{1 << 31, -(1 << 31) - 1, 1 << 53} {
			me.ask(`mutation($in: CancelBookingInput!) { cancelBooking(input: $in) { booking { id } } }`, vars{"in": vars{"id": uuid.Nil, "expectedVersion": version}}).refused(fault.CodeBadUserInput, "input.expectedVersion")
		}
		for _, first := range []any{1 << 31, -(1 << 40)} {
			me.ask(`query($n: Int) { customers(first: $n) { totalCount } }`, vars{"n": first}).refused(fault.CodeBadUserInput, "first")
		}
		for _, where := range []string{`{id: "1"}`, `{id: ""}`, `{id: 1}`} {
			me.ask(`{ customers(where: `+where+`) { totalCount } }`).refused(fault.CodeBadUserInput, "where.id").read(0, 0)
		}
		for _, starts := range []string{"yesterday", "2030-01-07", "2030-01-07T08:00:00", "2030-02-30T08:00:00Z", "99999-01-01T00:00:00Z"} {
			me.ask(fmt.Sprintf(`{ bookings(where: {startsAtGT: %q}) { totalCount } }`, starts)).refused(fault.CodeBadUserInput, "where.startsAtGT")
		}
	})
}

// TestInt64_is_the_scalar_of_every_wide_column: Int has 32 bits.
func TestInt64_is_the_scalar_of_every_wide_column(t *testing.T) {
	schema := published(t)
	for path, want := range map[string]string{
		"Money.amount": "Int64!", "PointsAccount.balance": "Int64!", "PointsEntry.delta": "Int64!", "PointsEntry.balanceAfter": "Int64!", "Reward.costPoints": "Int64!",
		"RewardRedemption.costPoints": "Int64!", "CapturePaymentInput.amount": "Int64!", "Booking.version": "Int!", "BookingConnection.totalCount": "Int!",
	} {
		def, field, _ := strings.Cut(path, ".")
		if got := schema.Types[def].Fields.ForName(field).Type.String(); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// TestOrders_are_by_columns_that_are_never_null: paging over nulls loses rows.
func TestOrders_are_by_columns_that_are_never_null(t *testing.T) {
	schema := published(t)
	walked := 0
	for name, def := range schema.Types {
		entity, ok := strings.CutSuffix(name, "OrderField")
		if !ok {
			continue
		}
		for _, v := range def.EnumValues {
			walked++
			f := schema.Types[entity].Fields.ForName(camel(strings.ToLower(v.Name)))
			if f == nil || !f.Type.NonNull || len(f.Directives) > 0 {
				t.Errorf("%s.%s", name, v.Name)
			}
		}
	}
	if walked < 10 {
		t.Errorf("%d orders were walked", walked)
	}
}

// TestLists_are_hidden_from_whoever_may_not_read_them: an empty page would say
// that there is nothing, and a refusal is what is true.
func TestLists_are_hidden_from_whoever_may_not_read_them(t *testing.T) {
	schema := published(t)
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) { estate(ctx, c, 1) })
		poor := w.as(t, w.viewer(t, uuid.Nil, may(access.ScopeAny, access.RoleCreate)...))
		for _, f := range schema.Query.Fields {
			if node, ok := strings.CutSuffix(f.Type.Name(), "Connection"); ok && ent.Meta[node].Permission != "" {
				poor.ask(`{ x: `+f.Name+` { totalCount edges { node { id } } } }`).refused(fault.CodeForbidden, "").read(0, 0)
			}
		}
	})
}
