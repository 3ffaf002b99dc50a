package e2e

import (
	"fmt"
	"testing"
	"time"
)

// TestEachWayToTakeARightEndsTheSubscription, whatever the right rested on, and before
// there is anything to tell. Where a right ends by itself, the next event is not told.
func TestEachWayToTakeARightEndsTheSubscription(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, n := c.as(admin), 0
		// Each watches with one right, which is of a role of their own or direct.
		watch := func(direct bool, more ...vars) (s *socket, op, user, role string) {
			n++
			login := fmt.Sprint("watcher.", n)
			me := c.holding(c.anyone().join(login).ok(), "register.session")
			user = c.userByLogin(login)
			boss.revoke(user, c.roles["customer"]).ok()
			role = boss.createRole(login, may("booking:read", "ANY")).ok().text("createRole.role.id")
			if direct {
				boss.grant(user, "booking:read", true, more...).ok()
			} else {
				boss.assign(user, role, more...).ok()
			}
			s = me.socket()
			return s, s.subscribe(`subscription { bookingChanged { id } }`), user, role
		}
		for way, take := range map[string]struct {
			direct bool
			by     func(user, role string) *answer
		}{
			"setRolePermissions": {by: func(_, role string) *answer { return boss.setRole(role, []vars{may("product:read", "ANY")}) }},
			"setRoleStatus":      {by: func(_, role string) *answer { return boss.status(role, "INACTIVE") }},
			"revokeRole":         {by: func(user, role string) *answer { return boss.revoke(user, role) }},
			"a denial":           {by: func(user, _ string) *answer { return boss.grant(user, "booking:read", false) }},
			"a denial of more":   {direct: true, by: func(user, _ string) *answer { return boss.grant(user, "booking:read", false) }},
			"removeUserPermission": {direct: true, by: func(user, _ string) *answer {
				return boss.ungrant(user, "booking:read")
			}},
		} {
			s, op, user, role := watch(take.direct)
			take.by(user, role).ok()
			if code := s.refused(op); code != "FORBIDDEN" {
				t.Errorf("%s: %s", way, code)
			}
		}
		s, _, user, _ := watch(false)
		boss.state("deactivateUser", user).ok()
		if code := s.closed(); code != 4403 {
			t.Errorf("a closed account: %d", code)
		}
		for i, direct := range []bool{false, true} {
			end := vars{"expiresAt": c.clock.now().Add(time.Minute)}
			s, op, _, _ := watch(direct, end)
			c.as(customerA).book(c.chat, c.practitioners[doctorNorth], at(10+i, 0)).ok()
			s.data(op).ok()
			c.clock.move(time.Minute)
			c.as(customerB).book(c.chat, c.practitioners[doctorSouth], at(10+i, 0)).ok()
			if code := s.refused(op); code != "FORBIDDEN" {
				t.Errorf("a right that has ended, direct %t: %s", direct, code)
			}
		}
	})
}

// TestAGrantCountsFromItsBeginning, and not before; a denial as well.
func TestAGrantCountsFromItsBeginning(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, me := c.as(admin), c.as(customerA)
		const roles = `{ roles { totalCount } }`
		in := func(d time.Duration) time.Time { return opening.Add(d) }
		role := boss.createRole("deputy", may("role:read", "ANY")).ok().text("createRole.role.id")
		for what, a := range map[string]*answer{
			"past":         boss.assign(customerA, role, vars{"validFrom": in(-time.Second)}),
			"the end":      boss.assign(customerA, role, vars{"validFrom": in(time.Minute), "expiresAt": in(time.Minute)}),
			"a past right": boss.grant(customerA, "role:read", true, vars{"validFrom": in(-time.Second)}),
		} {
			t.Log(what)
			a.refused("BAD_USER_INPUT").about("input.validFrom")
		}
		boss.assign(customerA, role, vars{"validFrom": in(time.Minute), "expiresAt": in(2 * time.Minute)}).ok().
			want("assignRole.userRole.expiresAt", `"2030-01-07T08:02:00Z"`)
		boss.grant(customerA, "role:read", false, vars{"validFrom": in(90 * time.Second)}).ok()
		me.do(roles).refused("FORBIDDEN")
		boss.do(`query($id: ID!) { explainPermission(userId: $id, permission: "role:read") { rows { standing } } }`, vars{"id": c.users[customerA]}).ok()
		c.clock.move(time.Minute - time.Microsecond)
		me.do(roles).refused("FORBIDDEN")
		c.clock.move(time.Microsecond)
		me.do(roles).ok()
		c.clock.move(30 * time.Second)
		me.do(roles).refused("FORBIDDEN") // the denial has begun
		boss.ungrant(customerA, "role:read").ok()
		me.do(roles).ok()
		c.clock.move(30 * time.Second)
		me.do(roles).refused("FORBIDDEN") // the role has ended
		// A second time without a beginning it counts at once.
		boss.assign(customerA, role, vars{"validFrom": c.clock.now().Add(time.Hour)}).ok()
		me.do(roles).refused("FORBIDDEN")
		boss.assign(customerA, role).ok().want("assignRole.userRole.validFrom", `null`)
		me.do(roles).ok()
		// Who makes a denial begin later lifts it for a while: that takes all of it.
		boss.grant(customerB, "audit_log:read", false).ok()
		c.as(manager).grant(customerB, "audit_log:read", false, vars{"validFrom": c.clock.now().Add(time.Hour)}).refused("FORBIDDEN")
	})
}

// TestNobodyIsGivenAnythingWithoutAReason, in words on one line.
func TestNobodyIsGivenAnythingWithoutAReason(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		for _, reason := range []string{"", "  ", "no", "a line\nand another"} {
			boss.assign(customerA, c.roles["doctor"], vars{"reason": reason}).refused("BAD_USER_INPUT").about("input.reason")
			boss.grant(customerA, "role:read", true, vars{"reason": reason}).refused("BAD_USER_INPUT").about("input.reason")
		}
		boss.assign(customerA, c.roles["doctor"], vars{"reason": nil}).refused("GRAPHQL_VALIDATION_FAILED")
		boss.grant(customerA, "role:read", true, vars{"reason": " ward round "}).ok().want("setUserPermission.userPermission.reason", `"ward round"`)
	})
}
