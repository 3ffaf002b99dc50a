package e2e

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"clinicgraph/ent"
)

const purpose = "helps on the telephone"

func (cl *client) impersonate(user string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation impersonate($in: ImpersonateInput!) { impersonate(input: $in) { accessToken accessTokenExpiresAt refreshToken
		viewer { user { username } impersonation { by reason endsAt } } } }`, input(vars{"userId": cl.c.id(user), "reason": purpose}, more))
}

// actingFor is a session of the client in which it acts for the user.
func (cl *client) actingFor(user string, more ...vars) *client {
	cl.c.t.Helper()
	return cl.c.holding(cl.impersonate(user, more...).ok(), "impersonate")
}

func TestStaffActForSomebodyOnRecordAndTheOwnerSeesIt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me, owner := c.signIn(admin, password), c.as(customerA)
		began := me.impersonate(customerA).ok().want("impersonate.viewer.user.username", `"customer.a"`).
			want("impersonate.viewer.impersonation", `{"by":"admin.one","endsAt":"2030-01-07T08:15:00Z","reason":"helps on the telephone"}`)
		acting := c.holding(began, "impersonate")

		// The token says who acts (RFC 8693).
		var claims struct {
			Sub string
			Act struct{ Sub string }
		}
		body, err := base64.RawURLEncoding.DecodeString(strings.Split(acting.token, ".")[1])
		if err != nil || json.Unmarshal(body, &claims) != nil || claims.Sub != c.users[customerA] || claims.Act.Sub != c.users[admin] {
			t.Errorf("claims %s", body)
		}

		// With the user's rights, and no more.
		acting.do(customersOf).ok().want("customers.totalCount", `1`)
		acting.do(`{ users { totalCount } }`).ok().want("users.totalCount", `1`)
		acting.do(`{ auditLogs { totalCount } }`).refused("FORBIDDEN")
		booking := acting.book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.booking.id")

		// What was done is the administrator's, for the customer.
		me.do(`query($id: ID!) { operationLogs(where: {entityType: "Booking", entityId: $id}) { edges { node { actor actingFor user { username } } } } }`, vars{"id": booking}).ok().
			want("operationLogs.edges.0.node", `{"actingFor":"`+c.users[customerA]+`","actor":"admin.one","user":{"username":"admin.one"}}`)
		me.do(`query($id: ID!) { booking(id: $id) { createdBy updatedBy } }`, vars{"id": booking}).ok().
			want("booking", `{"createdBy":"`+c.users[admin]+`","updatedBy":"`+c.users[admin]+`"}`)
		me.do(`{ auditLogs(where: {event: "ACCESS_DENIED"}) { edges { node { actor actingFor resource } } } }`).ok().
			want("auditLogs.edges.0.node", `{"actingFor":"`+c.users[customerA]+`","actor":"admin.one","resource":"Query.auditLogs"}`)
		me.do(`{ auditLogs(where: {event: "IMPERSONATE"}) { edges { node { actor actingFor subjectId details success } } } }`).ok().
			want("auditLogs.edges.0.node", `{"actingFor":null,"actor":"admin.one","details":"`+purpose+`","subjectId":"`+c.users[customerA]+`","success":true}`)

		// The owner is told, sees who and why, and of the booking, too.
		owner.do(`{ viewer { impersonation { by } sessions { impersonatedBy impersonationReason impersonator { username } } } }`).ok().
			want("viewer.impersonation", `null`).
			want("viewer.sessions.0", `{"impersonatedBy":"admin.one","impersonationReason":"`+purpose+`","impersonator":null}`).
			want("viewer.sessions.1.impersonatedBy", `null`)
		owner.do(`{ notifications { edges { node { kind } } } }`).ok().
			want("notifications.edges.0.node.kind", `"BOOKING_CONFIRMED"`).want("notifications.edges.1.node.kind", `"IMPERSONATED"`)

		acting.do(`mutation { stopImpersonating { stopped } }`).ok()
		acting.do(whoAmI).refused("UNAUTHENTICATED")
		c.anyone().renew(acting.refresh).refused("UNAUTHENTICATED")
		me.do(whoAmI).ok()
		me.do(`mutation { stopImpersonating { stopped } }`).refused("INVALID_TRANSITION")
		me.do(`{ auditLogs(where: {event: "IMPERSONATE_STOP"}) { edges { node { actor actingFor subjectId } } } }`).ok().
			want("auditLogs.edges.0.node", `{"actingFor":"`+c.users[customerA]+`","actor":"admin.one","subjectId":"`+c.users[customerA]+`"}`)
	})
}

// Every line of the log of a session in which somebody acts for the owner says who.
func TestTheLogOfASessionSaysWhoActedInIt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		acting := c.signIn(admin, password).actingFor(customerA)
		session := acting.session()
		acting.do(`mutation { stopImpersonating { stopped } }`).ok()
		own := c.signIn(customerA, password)
		ownSession := own.session()
		own.do(`mutation { logout { loggedOut } }`).ok()
		logs := `query($id: ID!) { node(id: $id) { ... on UserSession { logs { edges { node { event actingFor user { username } } } } } } }`
		line := func(event, actor, actingFor string) string {
			return `{"node":{"actingFor":` + actingFor + `,"event":"` + event + `","user":{"username":"` + actor + `"}}}`
		}
		forA := `"` + c.users[customerA] + `"`
		c.as(admin).do(logs, vars{"id": session}).ok().want("node.logs.edges", `[`+line("LOGOUT", admin, forA)+`,`+line("LOGIN", admin, forA)+`]`)
		c.as(admin).do(logs, vars{"id": ownSession}).ok().want("node.logs.edges", `[`+line("LOGOUT", customerA, "null")+`,`+line("LOGIN", customerA, "null")+`]`)
	})
}

func TestNobodyActsForWhomTheyMayNot(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(admin)
		me.impersonate(admin).refused("FORBIDDEN")
		me.impersonate(otherAdmin).refused("FORBIDDEN")
		me.impersonate(manager).refused("FORBIDDEN") // who gives roles
		me.impersonate(missing(ent.TypeUser)).refused("NOT_FOUND")
		c.as(manager).impersonate(customerA).refused("FORBIDDEN") // without the permission
		me.grant(manager, "user:impersonate", true).ok()
		c.as(manager).impersonate(doctorNorth).refused("FORBIDDEN") // who reads notes
		me.grant(staffNorth, "user:impersonate", true, vars{"scope": "UNIT"}).ok()
		c.as(staffNorth).impersonate(customerA).refused("NOT_FOUND")
		me.grant(staffNorth, "user:read", true).ok()
		c.as(staffNorth).impersonate(customerA).refused("FORBIDDEN") // of no unit
		me.state("lockUser", customerB).ok()
		me.impersonate(customerB).refused("INVALID_TRANSITION")

		for path, more := range map[string][]vars{
			"input.reason":  {{"reason": "too short"}, {"reason": strings.Repeat("x", 501)}, {"reason": "two lines\nof a reason"}},
			"input.minutes": {{"minutes": 0}, {"minutes": -1}, {"minutes": 61}},
		} {
			for _, m := range more {
				me.impersonate(customerA, m).refused("BAD_USER_INPUT").about(path)
			}
		}
		me.impersonate(customerA, vars{"reason": strings.Repeat("x", 500), "minutes": 60}).ok()
		me.impersonate(customerA, vars{"reason": strings.Repeat("x", 10), "minutes": 1}).ok()
	})
}

func TestWhoActsForSomebodyDoesNothingThatIsTheOwnersAlone(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		// Even where the owner could: somebody who may, and an administrator who may more.
		for _, p := range []string{"user:create", "user:update", "user:lock", "user:deactivate", "user:read", "role:create"} {
			c.as(admin).grant(staffNorth, p, true).ok()
		}
		acting := c.as(admin).actingFor(staffNorth)
		for name, a := range map[string]*answer{
			"changePassword": acting.newPassword(password, newPassword),
			"createUser":     acting.newUser("another"), "updateUser": acting.change(customerA, vars{"locale": "de"}),
			"lockUser": acting.state("lockUser", customerA), "deactivateUser": acting.state("deactivateUser", customerA),
			"requirePasswordChange": acting.state("requirePasswordChange", customerA),
			"createRole":            acting.createRole("another"),
			"createApiToken":        acting.apiToken("another", "user:read"),
			"impersonate":           acting.impersonate(customerA),
		} {
			if a.code() != "FORBIDDEN" {
				t.Errorf("%s: %s", name, a.body)
			}
		}
		acting.profile(vars{"phone": "+49301234567"}).ok()
		acting.do(`mutation { logout { loggedOut } }`).ok()
		acting.do(whoAmI).refused("UNAUTHENTICATED")
	})
}

// TestActingForSomebodyEndsWithWhateverItRestsOn: its time, however often it is
// refreshed, the permission and the account of who acts, the reach of both.
func TestActingForSomebodyEndsWithWhateverItRestsOn(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.signIn(admin, password)
		boss.assign(staffNorth, c.roles["manager"]).ok()
		boss.grant(staffNorth, "user:impersonate", true).ok()
		ended := func(acting *client) {
			t.Helper()
			acting.do(whoAmI).refused("UNAUTHENTICATED")
			c.anyone().renew(acting.refresh).refused("UNAUTHENTICATED")
		}
		// The permission is taken away.
		acting := c.as(staffNorth).actingFor(customerA)
		boss.ungrant(staffNorth, "user:impersonate").ok()
		ended(acting)
		boss.grant(staffNorth, "user:impersonate", true).ok()
		// The owner comes to hold more.
		acting = c.as(staffNorth).actingFor(customerA)
		boss.grant(customerA, "audit_log:read", true).ok()
		ended(acting)
		boss.ungrant(customerA, "audit_log:read").ok()
		// Who acts is locked; the owner is.
		acting = c.as(staffNorth).actingFor(customerA)
		boss.state("lockUser", staffNorth).ok()
		ended(acting)
		boss.state("unlockUser", staffNorth).ok()
		acting = c.signIn(staffNorth, password).actingFor(customerA)
		boss.state("lockUser", customerA).ok()
		ended(acting)
		boss.state("unlockUser", customerA).ok()

		// The time, of which refreshing gives no more.
		acting = boss.actingFor(customerA, vars{"minutes": 12})
		c.clock.move(9 * time.Minute)
		acting = c.holding(c.anyone().renew(acting.refresh).ok(), "refreshSession")
		acting.do(`{ viewer { impersonation { by endsAt } } }`).ok().want("viewer.impersonation.by", `"admin.one"`)
		if n := c.count(`SELECT count(*) FROM operation_logs WHERE entity_type = 'RefreshToken' AND acting_for = '` + c.users[customerA] + `' AND user_id = '` + c.users[admin] + `'`); n == 0 {
			t.Error("the refresh is not on record as done by who acts")
		}
		c.clock.move(3*time.Minute - time.Microsecond)
		acting.do(whoAmI).ok()
		c.clock.move(time.Microsecond)
		ended(acting)
	})
}
