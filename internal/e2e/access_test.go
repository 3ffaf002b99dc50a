package e2e

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
)

const customersOf = `{ customers { totalCount } }`

func TestAPermissionWorksFromTheNextRequestUntilTheInstantItEnds(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(doctorNorth)
		me.do(`{ roles { totalCount } }`).refused("FORBIDDEN")
		c.as(admin).grant(doctorNorth, "role:read", true, vars{"expiresAt": opening.Add(5 * time.Minute)}).ok().
			want("setUserPermission.userPermission.expiresAt", `"2030-01-07T08:05:00Z"`)
		me.do(`{ roles { totalCount } }`).ok()
		me.do(`{ viewer { permissions { name source expiresAt } } }`).ok()

		c.clock.move(5*time.Minute - time.Microsecond)
		me.do(`{ roles { totalCount } }`).ok()
		c.clock.move(time.Microsecond)
		me.do(`{ roles { totalCount } }`).refused("FORBIDDEN")
	})
}

func TestADenialBeatsEveryRoleUntilItEnds(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me, boss := c.as(staffNorth), c.as(admin)
		me.do(customersOf).ok().want("customers.totalCount", `3`)
		boss.grant(staffNorth, "customer:read", false, vars{"expiresAt": opening.Add(5 * time.Minute)}).ok()
		me.do(customersOf).refused("FORBIDDEN")
		// Another role that allows it changes nothing.
		boss.assign(staffNorth, c.roles["manager"]).ok()
		me.do(customersOf).refused("FORBIDDEN")
		c.clock.move(5 * time.Minute)
		me.do(customersOf).ok()
		boss.grant(staffNorth, "customer:read", false).ok()
		me.do(customersOf).refused("FORBIDDEN")
		boss.ungrant(staffNorth, "customer:read").ok()
		me.do(customersOf).ok()
		// Even an administrator's wildcard.
		boss.grant(otherAdmin, "customer:read", false).ok()
		c.as(otherAdmin).do(customersOf).refused("FORBIDDEN")
	})
}

func TestARoleIsMadeGivenChangedAndTaken(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me, boss := c.as(doctorNorth), c.as(manager)
		made := boss.createRole("desk helper", may("customer:read", "ANY"), may("booking:read", "UNIT")).ok()
		role := made.text("createRole.role.id")
		made.want("createRole.role.isSystem", `false`).want("createRole.role.version", `1`)
		me.do(customersOf).ok().want("customers.totalCount", `0`)
		boss.assign(doctorNorth, role).refused("FORBIDDEN") // who reads notes that the manager may not
		c.as(admin).assign(doctorNorth, role, vars{"expiresAt": opening.Add(5 * time.Minute)}).ok().
			want("assignRole.userRole.role.name", `"desk helper"`).want("assignRole.userRole.reason", `"story"`)
		me.do(customersOf).ok().want("customers.totalCount", `3`)
		boss.setRole(role, []vars{may("booking:read", "UNIT")}, vars{"expectedVersion": 1}).ok().
			want("setRolePermissions.role.version", `2`).want("setRolePermissions.role.rolePermissions", `[{"permission":"booking:read","scope":"UNIT"}]`)
		me.do(customersOf).ok().want("customers.totalCount", `0`)
		boss.setRole(role, []vars{may("customer:read", "ANY")}, vars{"expectedVersion": 1}).refused("CONFLICT")
		boss.setRole(role, []vars{may("customer:read", "ANY")}).ok()
		me.do(customersOf).ok().want("customers.totalCount", `3`)
		c.as(admin).revoke(doctorNorth, role).ok()
		me.do(customersOf).ok().want("customers.totalCount", `0`)
		c.as(admin).revoke(doctorNorth, role).refused("NOT_FOUND")
		c.as(admin).assign(doctorNorth, role, vars{"expiresAt": opening}).refused("BAD_USER_INPUT").about("input.expiresAt")

		// A second time it changes end and reason, and ends at the instant.
		c.as(admin).assign(doctorNorth, role).ok().want("assignRole.userRole.expiresAt", `null`)
		c.as(admin).assign(doctorNorth, role, vars{"expiresAt": opening.Add(time.Minute)}).ok()
		c.clock.move(time.Minute)
		me.do(customersOf).ok().want("customers.totalCount", `0`)
	})
}

func TestNobodyGivesWhatTheyDoNotHold(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(manager)
		boss.createRole("auditor", may("audit_log:read", "ANY")).refused("FORBIDDEN")
		boss.createRole("twice", may("booking:read", "ANY"), may("booking:read", "OWN")).refused("BAD_USER_INPUT").about("input.permissions.1.permission")
		boss.createRole("unknown", may("moon:land", "ANY")).refused("BAD_USER_INPUT").about("input.permissions.0.permission")
		boss.createRole("wild", may("booking:*", "ANY")).refused("BAD_USER_INPUT")
		boss.grant(customerB, "audit_log:read", true).refused("FORBIDDEN")
		boss.assign(customerB, c.roles["admin"]).refused("FORBIDDEN")
		boss.assign(customerB, c.roles["staff"]).ok()

		// Nor further than they hold it: grants of a unit do not become grants of all.
		lead := c.as(staffSouth)
		for _, p := range []string{"permission:grant", "permission:read", "role:create", "user:read", "role:assign", "role:read"} {
			c.as(admin).grant(staffSouth, p, true).ok()
		}
		lead.grant(customerB, "booking:read", true, vars{"scope": "ANY"}).refused("FORBIDDEN")
		lead.createRole("too far", may("booking:read", "ANY")).refused("FORBIDDEN")
		lead.createRole("as far", may("booking:read", "UNIT")).ok()
		// customer.b holds payment:read for the own: narrower than the unit's.
		lead.grant(customerB, "booking:read", true, vars{"scope": "UNIT"}).ok()
		c.as(admin).grant(staffSouth, "booking:read", false).ok()
		lead.grant(customerA, "booking:read", true, vars{"scope": "OWN"}).refused("FORBIDDEN")
	})
}

func TestNobodyChangesTheirOwnAccess(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for _, login := range []string{admin, manager} {
			me := c.as(login)
			me.grant(login, "booking:read", true).refused("FORBIDDEN")
			me.grant(login, "booking:read", false).refused("FORBIDDEN")
			me.ungrant(login, "booking:read").refused("FORBIDDEN")
			me.assign(login, c.roles["customer"]).refused("FORBIDDEN")
			me.revoke(login, c.roles[map[string]string{admin: "admin", manager: "manager"}[login]]).refused("FORBIDDEN")
		}
		// Nor through a role of their own: what is theirs for an hour stays so.
		own := c.as(admin).createRole("own", may("product:read", "ANY")).ok().text("createRole.role.id")
		c.as(admin).assign(manager, own).ok()
		c.as(admin).grant(manager, "audit_log:read", true, vars{"expiresAt": opening.Add(time.Hour)}).ok()
		c.as(manager).setRole(own, []vars{may("product:read", "ANY"), may("audit_log:read", "ANY")}).refused("FORBIDDEN")
		c.as(admin).setRole(own, []vars{may("product:read", "ANY"), may("audit_log:read", "ANY")}).ok()
	})
}

func TestNobodyTouchesWhoMayDoMore(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(manager)
		boss.grant(admin, "booking:read", false).refused("FORBIDDEN")
		boss.revoke(admin, c.roles["admin"]).refused("FORBIDDEN")
		boss.assign(doctorNorth, c.roles["customer"]).refused("FORBIDDEN")
		// A role that permits more is not the manager's to cut.
		wide := c.as(admin).createRole("wide", may("audit_log:read", "ANY")).ok().text("createRole.role.id")
		boss.setRole(wide, []vars{}).refused("FORBIDDEN")
		// Nor is a denial of more the manager's to lift, in whatever way.
		c.as(admin).assign(customerB, wide).ok()
		c.as(admin).grant(customerB, "audit_log:read", false).ok()
		boss.ungrant(customerB, "audit_log:read").refused("FORBIDDEN")
		boss.grant(customerB, "audit_log:read", false, vars{"expiresAt": opening.Add(time.Minute)}).refused("FORBIDDEN")
		boss.grant(customerB, "audit_log:read", true, vars{"scope": "OWN"}).refused("FORBIDDEN")
		c.as(customerB).do(`{ auditLogs { totalCount } }`).refused("FORBIDDEN")
		c.clock.move(time.Minute)
		c.as(customerB).do(`{ auditLogs { totalCount } }`).refused("FORBIDDEN")
		// Somebody who holds it for the own rows does not lift it for all.
		c.as(admin).grant(manager, "audit_log:read", true, vars{"scope": "OWN"}).ok()
		boss.grant(customerB, "audit_log:read", true, vars{"scope": "OWN"}).refused("FORBIDDEN")
	})
}

func TestTwoAdministratorsWhoDemoteEachOtherLeaveOne(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.arrange(func(client *ent.Client) error {
			for _, id := range []string{c.users[manager], c.userByLogin(c.first.Login)} {
				if err := client.User.UpdateOneID(uuid.MustParse(id)).SetIsActive(false).Exec(c.system()); err != nil {
					return err
				}
			}
			return nil
		})
		ways := map[string]func(me *client, other string) *answer{
			"revokeRole":        func(me *client, other string) *answer { return me.revoke(other, c.roles["admin"]) },
			"setUserPermission": func(me *client, other string) *answer { return me.grant(other, "role:assign", false) },
		}
		for range 10 {
			for way, demote := range ways {
				pair := []string{admin, otherAdmin}
				answers := together(2, func(i int) *answer { return demote(c.as(pair[i]), pair[1-i]) })
				winner := -1
				for i, a := range answers {
					if a.code() == "" {
						winner = i
					}
				}
				if n := outcomes(answers)[""]; n != 1 {
					t.Fatalf("%s: %d succeeded: %s %s", way, n, answers[0].body, answers[1].body)
				}
				// The one who is left puts things right again.
				if other := pair[1-winner]; way == "revokeRole" {
					c.as(pair[winner]).assign(other, c.roles["admin"]).ok()
				} else {
					c.as(pair[winner]).ungrant(other, "role:assign").ok()
				}
			}
		}
	})
}

func TestChangesOfAccessAreOnRecordRefusedOnesToo(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.as(admin).grant(customerB, "booking:read", false).ok()
		c.as(manager).grant(customerB, "audit_log:read", true).refused("FORBIDDEN")
		c.as(manager).assign(admin, c.roles["customer"]).refused("FORBIDDEN")
		found := c.as(admin).do(`query($id: ID!) { auditLogs(where: {subjectId: $id, permissionChecked: "permission:grant"}) { edges { node { event actor success errorCode decision details } } } }`,
			vars{"id": c.users[customerB]}).ok()
		want := []any{
			map[string]any{"node": map[string]any{"event": "USER_PERMISSION_SET_ERROR", "actor": manager, "success": false, "errorCode": "FORBIDDEN", "decision": "DENY", "details": "audit_log:read@ANY allowed=true: story"}},
			map[string]any{"node": map[string]any{"event": "USER_PERMISSION_SET", "actor": admin, "success": true, "errorCode": "", "decision": "ALLOW", "details": "booking:read@ANY allowed=false: story"}},
		}
		if diff := cmp.Diff(want, found.list("auditLogs.edges")); diff != "" {
			t.Error(diff)
		}
		c.as(admin).do(`{ auditLogs(where: {event: "ROLE_ASSIGN_ERROR", actor: "`+manager+`"}) { totalCount } }`).ok().want("auditLogs.totalCount", `1`)
	})
}

// arrange changes the database behind the server's back.
func (c *clinic) arrange(change func(*ent.Client) error) {
	c.t.Helper()
	if err := c.app.Store.InTx(c.system(), func(client *ent.Client, _ *sql.Tx) error { return change(client) }); err != nil {
		c.t.Fatal(err)
	}
}

func (c *clinic) userByLogin(login string) (id string) {
	c.t.Helper()
	if err := c.app.Store.DB.Read.QueryRow(`SELECT id FROM users WHERE username = '` + login + `'`).Scan(&id); err != nil {
		c.t.Fatal(err)
	}
	return id
}

func TestAGrantThatHasEndedIsNotGiven(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		for _, end := range []time.Time{opening, opening.Add(-time.Hour)} {
			boss.grant(customerA, "directory:read", true, vars{"expiresAt": end}).refused("BAD_USER_INPUT").about("input.expiresAt")
			boss.assign(customerA, c.roles["doctor"], vars{"expiresAt": end}).refused("BAD_USER_INPUT").about("input.expiresAt")
		}
		boss.grant(customerA, "directory:read", true, vars{"expiresAt": opening.Add(time.Second)}).ok()
	})
}
