package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
)

// TestAnObjectOfOthersAnswersLikeOneThatDoesNotExist asks by every way that
// takes an id: byte for byte the answers are the same, but for the request id.
func TestAnObjectOfOthersAnswersLikeOneThatDoesNotExist(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		for _, permission := range []string{"role:read", "role:assign", "permission:grant"} {
			d.as(admin).grant(staffNorth, permission, true).ok() // so that users of other units are asked about
		}
		hidden := 0
		for _, caller := range d.callers() {
			if caller.account == "" || caller.account == admin {
				continue
			}
			for entity := range kinds {
				ids := []string{d.which(entity, "far", caller)}
				if slices.Contains([]string{ent.TypeBooking, ent.TypeCustomer, ent.TypeOrder, ent.TypePointsEntry}, entity) {
					ids = append(ids, d.which(entity, "next", caller))
				}
				for _, id := range ids {
					if caller.do(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": id}).code() == "" {
						continue // not hidden from this one
					}
					for what, ask := range byID(entity) {
						theirs, nobodys := ask(d, caller, id), ask(d, caller, missing(entity))
						if theirs.bytes() != nobodys.bytes() {
							t.Errorf("%s tells %s that an object of %s exists:\n%s\n%s", what, caller.name, entity, theirs.body, nobodys.body)
						}
						hidden++
					}
				}
			}
		}
		if hidden < 300 {
			t.Errorf("only %d questions were asked", hidden)
		}
	})
}

// byID are the ways to ask about an object by its id.
func byID(entity string) map[string]func(*diary, caller, string) *answer {
	ways := map[string]func(*diary, caller, string) *answer{
		"node": func(_ *diary, c caller, id string) *answer {
			return c.do(`query($id: ID!) { node(id: $id) { __typename id } }`, vars{"id": id})
		},
		"nodes": func(d *diary, c caller, id string) *answer {
			return c.do(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, vars{"ids": []string{d.north, id, d.south}})
		},
	}
	for _, f := range schema.Query.Fields {
		if f.Type.Name() == entity && f.Arguments.ForName("id") != nil {
			ways[f.Name] = func(_ *diary, c caller, id string) *answer {
				return c.do(`query($id: ID!) { `+f.Name+`(id: $id) { id } }`, vars{"id": id})
			}
		}
		if f.Type.Name() == entity+"Connection" {
			ways[f.Name] = func(_ *diary, c caller, id string) *answer {
				return c.do(`query($id: ID!) { `+f.Name+`(where: {id: $id}) { totalCount edges { node { id } } pageInfo { hasNextPage } } }`, vars{"id": id})
			}
		}
	}
	switch entity {
	case ent.TypeBooking:
		ways["cancelBooking"] = func(_ *diary, c caller, id string) *answer { return c.cancel(id, vars{"expectedVersion": 7}) }
	case ent.TypeOrder:
		ways["capturePayment"] = func(_ *diary, c caller, id string) *answer { return c.pay(id, 1, "TEST") }
	case ent.TypeCustomer:
		ways["bookAppointment"] = func(d *diary, c caller, id string) *answer {
			return c.book(d.chat, d.practitioners[doctorNorth], at(9, 0), vars{"customerId": id})
		}
		ways["redeemReward"] = func(d *diary, c caller, id string) *answer { return c.redeem(d.sticker, vars{"customerId": id}) }
	case ent.TypeUser:
		ways["assignRole"] = func(d *diary, c caller, id string) *answer { return c.assign(id, d.roles["customer"]) }
		ways["revokeRole"] = func(d *diary, c caller, id string) *answer { return c.revoke(id, d.roles["customer"]) }
		ways["setUserPermission"] = func(_ *diary, c caller, id string) *answer { return c.grant(id, "booking:read", false) }
		ways["removeUserPermission"] = func(_ *diary, c caller, id string) *answer { return c.ungrant(id, "role:create") }
	}
	return ways
}

// TestNoPathLeadsToOtherPeoplesObjects walks the whole graph from everything that
// a caller sees, along every edge, and reads every field: nothing of what must
// stay hidden is in any byte, and what an edge shows, node shows too.
func TestNoPathLeadsToOtherPeoplesObjects(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		far := []string{d.far.booking, d.far.number, d.far.order, d.object(ent.TypeAppointment, d.far, ""), "Secret of " + customerB, customerB + "@example.org"}
		next := []string{d.next.booking, d.next.number, d.next.order, d.next.profile, d.next.redemption, "Secret of next"}
		all := append(slices.Concat(far, next), d.far.profile, d.far.redemption, c.users[customerB], "Notes about "+customerB, "Profile "+customerB)
		notes := []string{"Notes about", "Secret of"}
		for _, caller := range d.callers() {
			hidden, atLeast := map[string][]string{
				"customer": slices.Concat(all, notes), "doctor": all, "staff": slices.Concat(far, notes), "manager": notes,
			}[caller.name], map[string]int{"customer": 25, "doctor": 20, "staff": 40, "manager": 100}[caller.name]
			if hidden == nil {
				continue
			}
			if seen := d.crawl(caller, hidden); seen < atLeast {
				t.Errorf("%s reached only %d objects", caller.name, seen)
			}
		}
	})
}

// crawl gives how many objects it has reached.
func (d *diary) crawl(c caller, hidden []string) int {
	d.t.Helper()
	types := map[string]string{} // by id
	var queue []string
	look := func(a *answer) {
		d.t.Helper()
		for _, f := range a.errs {
			if f.Extensions["code"] != "FORBIDDEN" {
				d.t.Errorf("%s as %s: %s", a.what, c.name, a.body)
			}
		}
		for _, h := range hidden {
			if strings.Contains(string(a.body), h) {
				d.t.Errorf("%s as %s shows %q: %s", a.what, c.name, h, a.body)
			}
		}
		collect(a.data, func(id, entity string) {
			if types[id] == "" {
				types[id] = entity
				queue = append(queue, id)
			}
		})
	}
	look(c.do(`{ viewer { user { id __typename } sessions { id __typename } customers { id __typename } } }`))
	for field := range listFields() {
		look(c.do(`{ ` + field + `(first: 50) { edges { node { id __typename } } } }`))
	}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		a := c.do(`query($id: ID!) { node(id: $id) { id __typename ... on `+types[id]+` { `+everything(types[id])+` } } }`, vars{"id": id})
		look(a)
		if data, _ := a.data.(map[string]any); data["node"] == nil {
			d.t.Errorf("%s sees %s %s on an edge, but not by node: %s", c.name, types[id], id, a.body)
		}
	}
	return len(types)
}

// everything selects all fields of a type, and the ids of what its edges lead
// to.
func everything(entity string) string {
	var fields []string
	for _, f := range schema.Types[entity].Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		switch target := schema.Types[f.Type.Name()]; {
		case target.Kind != ast.Object:
			fields = append(fields, f.Name)
		case target.Name == "Money":
			fields = append(fields, f.Name+" { amount currency formatted }")
		case target.Name == "AllowedAction":
			fields = append(fields, f.Name+" { name allowed code message }")
		case target.Name == "AccessReportEntryConnection":
			fields = append(fields, f.Name+" { totalCount edges { node { who fields } } }")
		case strings.HasSuffix(target.Name, "Connection"):
			fields = append(fields, f.Name+"(first: 20) { totalCount edges { node { id __typename } } }")
		default:
			fields = append(fields, f.Name+" { id __typename }")
		}
	}
	return strings.Join(fields, " ")
}

// collect finds every object with an id.
func collect(v any, found func(id, entity string)) {
	switch v := v.(type) {
	case map[string]any:
		id, hasID := v["id"].(string)
		entity, hasType := v["__typename"].(string)
		if hasID && hasType {
			found(id, entity)
		}
		for _, child := range v {
			collect(child, found)
		}
	case []any:
		for _, child := range v {
			collect(child, found)
		}
	}
}

// TestWhatAUserHasChangedIsListedBelowThem asks for entries below an object that is
// loaded already, where nothing may be made distinct: PostgreSQL cannot compare json.
func TestWhatAUserHasChangedIsListedBelowThem(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.as(admin).do(`{ viewer { user { operationLogs(first: 1) { totalCount edges { node { oldValues newValues } } } } } }`).ok()
	})
}
