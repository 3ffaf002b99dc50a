package e2e

import (
	"testing"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
)

func (cl *client) status(role, status string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: SetRoleStatusInput!) { setRoleStatus(input: $in) { role { status version } } }`, input(vars{"roleId": role, "status": status}, more))
}

func (cl *client) renameRole(role string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: UpdateRoleInput!) { updateRole(input: $in) { role { name description version } } }`, input(vars{"roleId": role}, more))
}

func (cl *client) dropRole(role string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: DeleteRoleInput!) { deleteRole(input: $in) { deletedId } }`, input(vars{"roleId": role, "reason": "story"}, nil))
}

// TestAnInactiveRolePermitsNothingFromTheNextRequest: and what a preview said of
// it comes true.
func TestAnInactiveRolePermitsNothingFromTheNextRequest(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, me := c.as(admin), c.as(doctorNorth)
		role := boss.createRole("reader", may("role:read", "ANY")).ok().text("createRole.role.id")
		boss.assign(doctorNorth, role).ok()
		me.do(`{ roles { totalCount } }`).ok()
		boss.preview(role, vars{"status": "INACTIVE"}).ok().want("previewRoleChange.affected", `1`)
		boss.status(role, "INACTIVE", vars{"reason": "not needed", "expectedVersion": 1}).ok().
			want("setRoleStatus.role", `{"status":"INACTIVE","version":2}`)
		me.do(`{ roles { totalCount } }`).refused("FORBIDDEN")
		boss.status(role, "ACTIVE", vars{"expectedVersion": 1}).refused("CONFLICT")
		boss.status(role, "ACTIVE").ok()
		me.do(`{ roles { totalCount } }`).ok()
		boss.do(`query($id: ID!) { auditLogs(where: {event: "ROLE_STATUS_SET", subjectId: $id}) { edges { node { details success } } } }`, vars{"id": role}).ok().
			want("auditLogs.edges.1.node", `{"details":"from ACTIVE to INACTIVE: not needed","success":true}`)

		for name, a := range map[string]*answer{
			"system": boss.status(c.roles["staff"], "INACTIVE"), "system's name": boss.renameRole(c.roles["staff"], vars{"name": "desk"}),
			"system's end": boss.dropRole(c.roles["customer"]), "beyond": c.as(manager).status(boss.createRole("auditor", may("audit_log:read", "ANY")).ok().text("createRole.role.id"), "INACTIVE"),
		} {
			if a.code() != "FORBIDDEN" {
				t.Errorf("%s: %s", name, a.body)
			}
		}
		boss.status(missing(ent.TypeRole), "INACTIVE").refused("NOT_FOUND")
	})
}

// TestTheLastRoleThatGivesRolesStaysActive: also where two are switched off at once.
func TestTheLastRoleThatGivesRolesStaysActive(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		keepers := map[string]string{}
		for name, login := range map[string]string{"keeper a": customerA, "keeper b": customerB} {
			role := boss.createRole(name, may("role:assign", "ANY"), may("role:read", "ANY"), may("role:update", "ANY")).ok().text("createRole.role.id")
			boss.assign(login, role).ok()
			keepers[login] = role
		}
		c.arrange(func(client *ent.Client) error { // nobody else gives roles
			others, err := client.User.Query().Where(user.UsernameNotIn(customerA, customerB)).IDs(c.system())
			for _, id := range others {
				if err == nil {
					err = client.User.UpdateOneID(id).SetIsActive(false).Exec(c.system())
				}
			}
			return err
		})
		// Each switches off the role of the other.
		one, two := c.as(customerA), c.as(customerB)
		answers := together(2, func(i int) *answer {
			if i == 0 {
				return one.status(keepers[customerB], "INACTIVE")
			}
			return two.status(keepers[customerA], "INACTIVE")
		})
		if got := outcomes(answers); got[""] != 1 || got["CONFLICT"]+got["FORBIDDEN"] != 1 {
			t.Fatalf("%v", got)
		}
	})
}

func TestARoleIsRenamedAndDeletedWhenNobodyHasIt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		role := boss.createRole("helper", may("role:read", "ANY")).ok().text("createRole.role.id")
		boss.renameRole(role, vars{"name": "guide", "description": "Shows the way", "expectedVersion": 1}).ok().
			want("updateRole.role", `{"description":"Shows the way","name":"guide","version":2}`)
		boss.renameRole(role, vars{"name": "customer"}).refused("CONFLICT")
		boss.renameRole(role, vars{"name": "x"}).refused("BAD_USER_INPUT").about("input.name")
		boss.renameRole(role, vars{"name": "late", "expectedVersion": 1}).refused("CONFLICT")

		boss.assign(customerA, role, vars{"expiresAt": opening.Add(time.Minute)}).ok()
		boss.dropRole(role).refused("CONFLICT")
		c.clock.move(time.Minute) // what has ended goes with it
		if told := boss.actionsOf("Role", role)["deleteRole"]; told != "yes" {
			t.Error(told)
		}
		c.as(customerA).dropRole(role).refused("FORBIDDEN")
		boss.dropRole(role).ok().want("deleteRole.deletedId", `"`+role+`"`)
		boss.dropRole(role).refused("NOT_FOUND")
		boss.assign(customerA, role).refused("NOT_FOUND")
		boss.do(`query($id: ID!) { auditLogs(where: {event: "ROLE_DELETE", subjectId: $id}) { edges { node { details } } } }`, vars{"id": role}).ok().
			want("auditLogs.edges.0.node.details", `"guide: role:read@ANY: story"`)
		boss.createRole("guide").ok() // the name is free
	})
}

// TestARoleIsNotDeletedUnderSomebody: who is given it at that moment has it, or
// nobody ever will.
func TestARoleIsNotDeletedUnderSomebody(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		one, two := c.as(admin), c.as(otherAdmin)
		for range 4 {
			role := one.createRole("brief").ok().text("createRole.role.id")
			answers := together(2, func(i int) *answer {
				if i == 0 {
					return one.dropRole(role)
				}
				return two.assign(customerA, role)
			})
			if got := outcomes(answers); got[""] != 1 || got["CONFLICT"]+got["NOT_FOUND"] != 1 {
				t.Fatalf("%v", got)
			}
			if answers[1].code() == "" {
				one.revoke(customerA, role).ok()
				one.dropRole(role).ok()
			}
		}
	})
}

// TestWhatIsHeldForAWhileIsNotGivenForLonger: neither for good nor by a microsecond.
func TestWhatIsHeldForAWhileIsNotGivenForLonger(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, deputy := c.as(admin), c.as(manager)
		end := opening.Add(4 * time.Minute)
		boss.grant(manager, "audit_log:read", true, vars{"expiresAt": end}).ok()
		role := boss.createRole("auditor", may("audit_log:read", "ANY")).ok().text("createRole.role.id")
		later, within := vars{"expiresAt": end.Add(time.Microsecond)}, vars{"expiresAt": end}

		deputy.grant(customerB, "audit_log:read", true).refused("FORBIDDEN")
		deputy.grant(customerB, "audit_log:read", true, later).refused("FORBIDDEN")
		deputy.grant(customerB, "audit_log:read", true, within).ok()
		deputy.grant(customerB, "audit_log:read", false).ok() // a denial gives nothing
		deputy.assign(customerA, role).refused("FORBIDDEN")
		deputy.assign(customerA, role, later).refused("FORBIDDEN")
		deputy.assign(customerA, role, within).ok()
		deputy.assign(customerA, role).refused("FORBIDDEN") // a second time it would lose its end
		deputy.createRole("mine", may("audit_log:read", "ANY")).refused("FORBIDDEN")
		other := deputy.createRole("other", may("booking:read", "ANY")).ok().text("createRole.role.id")
		deputy.setRole(other, []vars{may("booking:read", "ANY"), may("audit_log:read", "OWN")}).refused("FORBIDDEN")
		deputy.preview(other, vars{"permissions": []vars{may("audit_log:read", "OWN")}}).refused("FORBIDDEN")
		deputy.newUser("new.auditor", vars{"roleIds": []string{role}}).refused("FORBIDDEN")
		// What the role has already may stay in it, and be switched off, and not on.
		deputy.setRole(role, []vars{may("audit_log:read", "ANY"), may("booking:read", "ANY")}).ok()
		deputy.status(role, "INACTIVE").ok()
		deputy.status(role, "ACTIVE").refused("FORBIDDEN")
		boss.status(role, "ACTIVE").ok()
		// Who holds it by another way for good gives it for good.
		boss.createRole("free hand", may("audit_log:read", "ANY")).ok()
		boss.grant(manager, "audit_log:read", true).ok()
		deputy.assign(customerA, role).ok()
	})
}

// TestWhatIsReservedIsShownAndNotGranted: nobody can say yet what it will open.
func TestWhatIsReservedIsShownAndNotGranted(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		boss.do(`{ permissions(where: {nameIn: ["payment:refund", "payment:read"]}, orderBy: {field: NAME}) { edges { node { name reserved } } } }`).ok().
			want("permissions.edges", `[{"node":{"name":"payment:read","reserved":false}},{"node":{"name":"payment:refund","reserved":true}}]`)
		boss.grant(customerA, "payment:refund", true).refused("BAD_USER_INPUT").about("input.permission")
		boss.grant(customerA, "payment:refund", false).refused("BAD_USER_INPUT").about("input.permission")
		boss.createRole("cashier", may("payment:read", "ANY"), may("payment:refund", "ANY")).refused("BAD_USER_INPUT").about("input.permissions.1.permission")
		role := boss.createRole("cashier", may("payment:read", "ANY")).ok().text("createRole.role.id")
		boss.setRole(role, []vars{may("payment:refund", "ANY")}).refused("BAD_USER_INPUT").about("input.permissions.0.permission")
		boss.preview(role, vars{"permissions": []vars{may("payment:refund", "ANY")}}).refused("BAD_USER_INPUT").about("input.permissions.0.permission")
		boss.apiToken("till", "payment:refund").refused("BAD_USER_INPUT").about("input.scopes.0")
		if held := c.holds(admin); held["payment:refund"] != "" || held["payment:read"] != "ANY" {
			t.Errorf("a wildcard lists what is reserved: %v", held)
		}
	})
}

// TestAPreviewAsksAFewStatementsForEverybody: not one for each who has the role.
func TestAPreviewAsksAFewStatementsForEverybody(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		role := boss.createRole("reader", may("directory:read", "ANY")).ok().text("createRole.role.id")
		ask := func() int {
			return len(c.statements("", func() {
				boss.preview(role, vars{"permissions": []vars{}, "revokeFrom": []string{c.users[customerA], c.users[customerB]}}).ok()
			}))
		}
		few := ask()
		for _, login := range []string{customerA, customerB, doctorNorth, doctorNext, doctorSouth, staffNorth, staffSouth, manager} {
			boss.assign(login, role).ok()
		}
		boss.preview(role, vars{"permissions": []vars{}}).ok().want("previewRoleChange.affected", `7`).want("previewRoleChange.complete", `true`)
		if many := ask(); many > few+1 {
			t.Errorf("%d statements for nobody, %d for eight", few, many)
		}
	})
}
