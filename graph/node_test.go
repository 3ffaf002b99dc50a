package graph_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

const (
	nodeQuery  = `query($id: ID!) { node(id: $id) { __typename id } }`
	nodesQuery = `query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`
)

// role is a viewer with a system role, of the unit.
func (w *world) role(t fataler, name string, unit uuid.UUID) *access.Viewer {
	t.Helper()
	for _, r := range access.SystemRoles() {
		if r.Name != name {
			continue
		}
		var grants []access.Grant
		for _, g := range r.Grants {
			grants = append(grants, access.Grant{Permission: g.Permission, Scope: g.Scope, Allowed: true, Source: access.SourceRole, Role: name})
		}
		return w.viewer(t, unit, grants...)
	}
	t.Fatalf("there is no role %s", name)
	return nil
}

// bury marks the nth row of every entity with soft deletion as deleted.
func (w *world) bury(t fataler, n int) {
	t.Helper()
	err := w.store.InTx(access.System(context.Background(), "test"), func(_ *ent.Client, tx *sql.Tx) error {
		for entity, meta := range ent.Meta {
			if !meta.SoftDelete {
				continue
			}
			if _, err := tx.Exec(fmt.Sprintf(`UPDATE %s SET deleted_at = created_at WHERE id = '%s'`, meta.Table, of(entity, n))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("delete rows: %v", err)
	}
}

// of is the id of the nth row of the entity.
func of(entity string, n int) uuid.UUID {
	k, ok := ids.ParseKind(entity)
	if !ok {
		panic("no kind " + entity)
	}
	return id(k, n)
}

// Of the three rows of each entity, one is somebody else's in another unit, one
// is deleted, and one was never there.
const (
	others  = 1
	deleted = 2
	absent  = 3
)

// outcome is what a role gets for somebody else's row of the entity: "" is the
// row. It is what access.md says, and not what guard does.
func outcome(v *access.Viewer, entity string) fault.Code {
	meta := ent.Meta[entity]
	scope := v.Scope(meta.Permission)
	switch {
	case meta.Internal:
		return fault.CodeNotFound
	case entity == ent.TypeSex:
		return ""
	case entity == ent.TypeNotification: // its owner's alone
		return fault.CodeNotFound
	case entity == ent.TypeGivenName, entity == ent.TypeSurname: // borne by a user and a customer
		scope = max(v.Scope(access.UserRead), v.Scope(access.CustomerRead))
	case scope == access.ScopeNone:
		return fault.CodeForbidden
	}
	if scope == access.ScopeAny {
		return ""
	}
	return fault.CodeNotFound
}

// TestNode_is_no_way_around walks every entity for every role.
func TestNode_is_no_way_around(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) {
			estate(ctx, c, others)
			estate(ctx, c, deleted)
			newUnit(c, 9).SaveX(ctx)
		})
		w.bury(t, deleted)
		entities := make([]string, 0, len(ent.Meta))
		for entity := range ent.Meta {
			entities = append(entities, entity)
		}
		slices.Sort(entities)
		for _, role := range access.SystemRoles() {
			t.Run(role.Name, func(t *testing.T) {
				me := w.as(t, w.role(t, role.Name, id(ids.OrganizationalUnit, 9)))
				one := func(entity string, n int) *answer { return me.ask(nodeQuery, vars{"id": of(entity, n)}) }
				for _, entity := range entities {
					want := outcome(me.viewer, entity)
					missing := one(entity, absent)
					if want == "" {
						one(entity, others).ok().want("node", fmt.Sprintf(`{"__typename":%q,"id":%q}`, entity, of(entity, others)))
						missing.refused(fault.CodeNotFound, "")
					} else {
						missing.refused(want, "")
						same(t, entity+", somebody else's", one(entity, others), missing)
					}
					if ent.Meta[entity].SoftDelete {
						same(t, entity+", deleted", one(entity, deleted), missing)
					}
				}
				// Ten at a time: an answer has at most so many errors.
				many := func(n int) (codes []fault.Code) {
					for some := range slices.Chunk(entities, 10) {
						list := make([]uuid.UUID, len(some))
						for i, entity := range some {
							list[i] = of(entity, n)
						}
						codes = append(codes, me.ask(nodesQuery, vars{"ids": list}).perNode(some)...)
					}
					return codes
				}
				var seen, unseen []fault.Code
				for _, entity := range entities {
					code := outcome(me.viewer, entity)
					seen = append(seen, code)
					if code == "" {
						code = fault.CodeNotFound
					}
					unseen = append(unseen, code)
				}
				if diff := cmp.Diff(seen, many(others)); diff != "" {
					t.Errorf("nodes of somebody else's (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(unseen, many(absent)); diff != "" {
					t.Errorf("nodes that were never there (-want +got):\n%s", diff)
				}
			})
		}
		t.Run("nobody", func(t *testing.T) {
			for _, entity := range entities {
				w.as(t, nil).ask(nodeQuery, vars{"id": of(entity, others)}).refused(fault.CodeUnauthenticated, "")
			}
		})
	})
}

// same fails the test unless two answers are the same to the byte.
func same(t *testing.T, what string, got, want *answer) {
	t.Helper()
	if diff := cmp.Diff(want.raw, got.raw); diff != "" {
		t.Errorf("%s, tells more than one that is missing (-missing +got):\n%s", what, diff)
	}
}

// perNode gives the code of each of the nodes, "" for one that is there.
func (a *answer) perNode(entities []string) []fault.Code {
	a.t.Helper()
	codes := make([]fault.Code, len(entities))
	for _, e := range a.Errors {
		i, ok := e.Path[len(e.Path)-1].(float64)
		if !ok || codes[int(i)] != "" {
			a.t.Fatalf("not one error for each node: %s", a.raw)
		}
		codes[int(i)] = e.Extensions.Code
	}
	for i, entity := range entities {
		name, _ := a.at(fmt.Sprintf("nodes.%d.__typename", i)).(string)
		if there := name == entity; there != (codes[i] == "") {
			a.t.Errorf("%s: a %q with error %q", entity, name, codes[i])
		}
	}
	return codes
}

func TestNode_asks_the_doors_of_fields_too(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) { estate(ctx, c, others) })
		me := w.as(t, w.viewer(t, uuid.Nil, may(access.ScopeAny, access.CustomerRead)...))
		for _, q := range []string{
			`query($id: ID!) { node(id: $id) { ... on Customer { number notes } } }`,
			`query($id: ID!) { node(id: $id) { ... on Customer { number account { username } } } }`,
			`query($id: ID!) { node(id: $id) { ... on Customer { number bookings { totalCount edges { node { number } } } } } }`,
			`query($id: ID!) { node(id: $id) { ...C } } fragment C on Customer { number phone }`,
		} {
			a := me.ask(q, vars{"id": of(ent.TypeCustomer, others)}).refused(fault.CodeForbidden, "")
			a.want("node.number", `"C-1"`)
			if strings.Contains(a.raw, "canary") || strings.Contains(a.raw, "totalCount") || strings.Contains(a.raw, "user-1") {
				t.Errorf("%s: %s", q, a.raw)
			}
		}
	})
}

func TestNodes_come_in_the_order_of_their_ids(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) { estate(ctx, c, others) })
		me := w.as(t, w.admin(t))
		customer, reward := of(ent.TypeCustomer, others), of(ent.TypeReward, others)
		a := me.ask(nodesQuery, vars{"ids": []uuid.UUID{reward, customer, of(ent.TypeBooking, absent), reward}}).refused(fault.CodeNotFound, "")
		a.want("nodes", fmt.Sprintf(`[{"__typename":"Reward","id":%q},{"__typename":"Customer","id":%q},null,{"__typename":"Reward","id":%q}]`, reward, customer, reward))

		me.ask(nodesQuery, vars{"ids": []uuid.UUID{}}).ok().want("nodes", `[]`).read(0, 0)
		me.ask(nodesQuery, vars{"ids": slices.Repeat([]uuid.UUID{reward}, 100)}).ok()
		me.ask(nodesQuery, vars{"ids": slices.Repeat([]uuid.UUID{reward}, 101)}).refused(fault.CodeBadUserInput, "ids").read(0, 0)
	})
}

func TestNode_reads_ids_in_one_spelling(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.admin(t))
		known := of(ent.TypeBooking, 10).String()
		for _, spelling := range []string{"", "1", "x", strings.ToUpper(known), "{" + known + "}", "urn:uuid:" + known, strings.ReplaceAll(known, "-", ""), known + " "} {
			me.ask(nodeQuery, vars{"id": spelling}).refused(fault.CodeBadUserInput, "id").read(0, 0)
			me.ask(nodesQuery, vars{"ids": []string{known, spelling}}).refused(fault.CodeBadUserInput, "ids.1").read(0, 0)
		}
		for _, other := range []string{uuid.Nil.String(), uuid.Max.String(), "c29b7b1e-5d3f-4a6e-9c1d-0123456789ab", "019b7b1e-5d3f-8fff-9c1d-0123456789ab"} {
			me.ask(nodeQuery, vars{"id": other}).refused(fault.CodeNotFound, "").read(0, 0)
		}
	})
}
