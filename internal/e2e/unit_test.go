package e2e

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
)

func (cl *client) newUnit(name string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: CreateOrganizationalUnitInput!) { createOrganizationalUnit(input: $in) {
		organizationalUnit { id name description kind timezone version parent { id } } } }`, input(vars{"name": name}, more))
}

func (cl *client) changeUnit(id string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: UpdateOrganizationalUnitInput!) { updateOrganizationalUnit(input: $in) {
		organizationalUnit { id name description kind timezone version parent { id } } } }`, input(vars{"id": id}, more))
}

func (cl *client) dropUnit(id string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: DeleteOrganizationalUnitInput!) { deleteOrganizationalUnit(input: $in) { deletedId } }`, input(vars{"id": id, "reason": "story"}, nil))
}

func TestAUnitIsMadeChangedMovedAndDeleted(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(manager)
		made := boss.newUnit(" East ", vars{"parentId": c.north, "description": "New rooms", "kind": "LOCATION", "timezone": "Europe/Warsaw"}).ok()
		made.want("createOrganizationalUnit.organizationalUnit.name", `"East"`).want("createOrganizationalUnit.organizationalUnit.parent", `{"id":"`+c.north+`"}`)
		east := made.text("createOrganizationalUnit.organizationalUnit.id")
		boss.newUnit("East").refused("CONFLICT")
		boss.newUnit(" ").refused("BAD_USER_INPUT").about("input.name")
		boss.newUnit("West", vars{"timezone": "Moon/Crater"}).refused("BAD_USER_INPUT").about("input.timezone")
		boss.newUnit("West", vars{"parentId": missing(ent.TypeOrganizationalUnit)}).refused("NOT_FOUND")

		boss.changeUnit(east, vars{"name": "Far east", "description": nil, "expectedVersion": 1}).ok().
			want("updateOrganizationalUnit.organizationalUnit.name", `"Far east"`).want("updateOrganizationalUnit.organizationalUnit.description", `null`).
			want("updateOrganizationalUnit.organizationalUnit.parent", `{"id":"`+c.north+`"}`).want("updateOrganizationalUnit.organizationalUnit.timezone", `"Europe/Warsaw"`)
		boss.changeUnit(east, vars{"name": "Near east", "expectedVersion": 1}).refused("CONFLICT")
		boss.changeUnit(east, vars{"name": "South"}).refused("CONFLICT")
		boss.changeUnit(east, vars{"name": nil}).refused("BAD_USER_INPUT").about("input.name")
		boss.changeUnit(missing(ent.TypeOrganizationalUnit), vars{"name": "X"}).refused("NOT_FOUND")
		boss.changeUnit(east, vars{"parentId": c.south}).ok().want("updateOrganizationalUnit.organizationalUnit.parent", `{"id":"`+c.south+`"}`)
		boss.changeUnit(east, vars{"parentId": nil}).ok().want("updateOrganizationalUnit.organizationalUnit.parent", `null`)
		c.as(admin).do(`query($id: ID!) { auditLogs(where: {event: "UNIT_UPDATE", subjectId: $id, success: true}) { edges { node { actor details } } } }`, vars{"id": east}).ok().
			want("auditLogs.edges.0.node.details", `"moved from `+c.south+` to the top"`).want("auditLogs.edges.0.node.actor", `"manager.one"`)
		c.as(admin).do(`query($id: ID!) { operationLogs(where: {entityId: $id}) { edges { node { action oldValues newValues } } } }`, vars{"id": east}).ok().
			want("operationLogs.edges.0.node.oldValues.parent_id", `"`+c.south+`"`)

		if told := boss.actionsOf("OrganizationalUnit", east)["deleteOrganizationalUnit"]; told != "yes" {
			t.Error(told)
		}
		boss.dropUnit(east).ok()
		boss.dropUnit(east).refused("NOT_FOUND")
		boss.newUnit("Far east").ok() // the name is free
		for login, unit := range map[string]string{staffNorth: c.north, customerA: c.south} {
			c.as(login).newUnit("Mine").refused("FORBIDDEN")
			c.as(login).changeUnit(unit, vars{"name": "Mine"}).refused("FORBIDDEN")
			c.as(login).dropUnit(unit).refused("FORBIDDEN")
		}
		boss.dropUnit(c.north).refused("CONFLICT") // people work there
	})
}

// TestAMoveIsSeenAtOnce: what hangs on a unit is seen from the units above it.
func TestAMoveIsSeenAtOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		desk := c.as(staffNorth)
		find := func() *answer {
			return desk.do(`query($id: ID!) { booking(id: $id) { id } }`, vars{"id": d.far.booking})
		}
		find().refused("NOT_FOUND")
		c.as(admin).changeUnit(c.south, vars{"parentId": c.north}).ok()
		find().ok()
		c.as(admin).changeUnit(c.south, vars{"parentId": nil}).ok()
		find().refused("NOT_FOUND")
	})
}

// TestAMoveGivesNothingAwayThatTheMoverDoesNotHold: whoever has something for a
// unit has it for what is moved below it.
func TestAMoveGivesNothingAwayThatTheMoverDoesNotHold(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		lead := c.as(staffNorth)
		for _, p := range []string{"unit:create", "unit:update", "unit:delete"} {
			boss.grant(staffNorth, p, true).ok()
		}
		// The lead's own permissions end with the unit: a move would widen them.
		lead.changeUnit(c.south, vars{"parentId": c.north}).refused("FORBIDDEN")
		lead.changeUnit(c.south, vars{"name": "Deep south"}).ok()
		lead.newUnit("Annex", vars{"parentId": c.north}).ok()

		// With the own unit alone neither another one nor the top is in reach.
		for _, p := range []string{"unit:create", "unit:update", "unit:delete"} {
			boss.grant(staffNorth, p, true, vars{"scope": "UNIT"}).ok()
		}
		for name, a := range map[string]*answer{
			"make a root": lead.newUnit("Root"), "make elsewhere": lead.newUnit("Elsewhere", vars{"parentId": c.south}),
			"change another": lead.changeUnit(c.south, vars{"name": "Mine"}), "delete another": lead.dropUnit(c.south),
			"move to the top": lead.changeUnit(c.north, vars{"parentId": c.south}),
		} {
			if a.code() != "FORBIDDEN" {
				t.Errorf("%s: %s", name, a.body)
			}
		}
		if told := lead.actionsOf("OrganizationalUnit", c.south)["updateOrganizationalUnit"]; told != "no FORBIDDEN PERMISSION" {
			t.Error(told)
		}
		lead.changeUnit(c.north, vars{"description": "Ours"}).ok()

		// A manager who may not see payments cannot hand them over.
		boss.grant(manager, "payment:read", false).ok()
		c.as(manager).changeUnit(c.south, vars{"parentId": c.north}).refused("FORBIDDEN")
	})
}

func TestUnitsHangTenLevelsDeepAndNeverBelowThemselves(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		chain := []string{c.north}
		for i := 2; i <= 10; i++ {
			made := boss.newUnit(fmt.Sprintf("Level %d", i), vars{"parentId": chain[len(chain)-1]}).ok()
			chain = append(chain, made.text("createOrganizationalUnit.organizationalUnit.id"))
		}
		boss.newUnit("Level 11", vars{"parentId": chain[9]}).refused("BAD_USER_INPUT").about("input.parentId")
		boss.changeUnit(c.north, vars{"parentId": chain[9]}).refused("BAD_USER_INPUT").about("input.parentId")
		boss.changeUnit(c.north, vars{"parentId": c.north}).refused("BAD_USER_INPUT").about("input.parentId")
		boss.changeUnit(c.north, vars{"parentId": c.south}).refused("BAD_USER_INPUT").about("input.parentId") // eleven together
		boss.dropUnit(chain[8]).refused("CONFLICT")
		boss.dropUnit(chain[9]).ok()
		boss.changeUnit(c.north, vars{"parentId": c.south}).ok() // ten
		boss.changeUnit(c.south, vars{"parentId": c.north}).refused("BAD_USER_INPUT").about("input.parentId")
	})
}

// TestTwoMovesAtOnceMakeNoCircle: each alone is fine.
func TestTwoMovesAtOnceMakeNoCircle(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		one, two := c.as(admin), c.as(otherAdmin)
		for range 5 {
			answers := together(2, func(i int) *answer {
				if i == 0 {
					return one.changeUnit(c.north, vars{"parentId": c.south})
				}
				return two.changeUnit(c.south, vars{"parentId": c.north})
			})
			if got := outcomes(answers); got[""] != 1 || got["BAD_USER_INPUT"] != 1 {
				t.Fatalf("%v", got)
			}
			one.changeUnit(c.north, vars{"parentId": nil}).ok()
			one.changeUnit(c.south, vars{"parentId": nil}).ok()
		}
	})
}

// TestAUnitIsNotDeletedUnderSomebody: who comes into a unit while it is deleted is
// in it, or it is gone.
func TestAUnitIsNotDeletedUnderSomebody(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		one, two := c.as(admin), c.as(otherAdmin)
		for i := range 4 {
			unit := one.newUnit(fmt.Sprintf("Short-lived %d", i)).ok().text("createOrganizationalUnit.organizationalUnit.id")
			answers := together(2, func(i int) *answer {
				if i == 0 {
					return one.dropUnit(unit)
				}
				return two.change(customerA, vars{"unitId": unit})
			})
			got := outcomes(answers)
			if got[""] != 1 || got["CONFLICT"]+got["NOT_FOUND"] != 1 {
				t.Fatalf("%v", got)
			}
			in, err := c.app.Store.Client.User.Query().Where(user.OrganizationalUnitID(uuid.MustParse(unit))).Count(c.system())
			if err != nil || (in == 1) != (answers[0].code() == "CONFLICT") {
				t.Fatal(in, err, got)
			}
			one.change(customerA, vars{"unitId": nil}).ok()
		}
	})
}
