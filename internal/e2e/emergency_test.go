package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/config"
)

// unconscious is why somebody takes emergency access in the stories.
const unconscious = "Patient found unconscious, history needed"

func (cl *client) breakGlass(more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation breakGlass($in: BreakGlassInput!) { breakGlass(input: $in) { permissions expiresAt accessReview { id kind status dueAt items { edges { node { id kind grants scope status } } } } } }`,
		input(vars{"reason": unconscious}, more))
}

func (cl *client) endGlass(more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation endBreakGlass($in: EndBreakGlassInput!) { endBreakGlass(input: $in) { permissions endedAt } }`, input(vars{}, more))
}

func TestEmergencyAccessShowsEverybodyForAWhile(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		c.mailed()
		me := c.as(doctorNorth)
		far := func() *answer {
			return c.as(doctorNorth).do(`query($id: ID!) { customer(id: $id) { notes phone appointments { edges { node { notes } } } } }`, vars{"id": d.far.profile})
		}
		far().refused("NOT_FOUND")
		taken := me.breakGlass().ok()
		taken.want("breakGlass.permissions", `["customer:read","customer:read_personal","customer:read_notes","booking:read","appointment:read","appointment:read_notes"]`).
			want("breakGlass.expiresAt", `"2030-01-07T09:00:00Z"`).want("breakGlass.accessReview.kind", `"BREAK_GLASS"`).
			want("breakGlass.accessReview.dueAt", `"2030-01-10T08:00:00Z"`)
		if n := len(taken.list("breakGlass.accessReview.items.edges")); n != 6 {
			t.Errorf("%d items", n)
		}
		far().ok().want("customer.notes", `"Notes about customer.b"`)
		me.pay(d.far.order, 1, "CASH").refused("FORBIDDEN") // to look, and nothing more
		me.cancel(d.far.booking).refused("FORBIDDEN")

		// Everybody who may review it is told, and nobody else.
		told := map[string]bool{}
		for _, l := range c.mailed() {
			told[l.to] = true
			if l.subject != "Somebody has taken emergency access" || !strings.Contains(l.text, "doctor.north") || strings.Contains(l.text, unconscious) {
				t.Errorf("%+v", l)
			}
		}
		if len(told) != 4 || !told["admin.one@example.org"] || !told["manager.one@example.org"] {
			t.Errorf("told: %v", told)
		}
		c.as(manager).do(`{ notifications { edges { node { kind subjectId } } } }`).ok().want("notifications.edges.0.node",
			`{"kind":"EMERGENCY_ACCESS","subjectId":"`+taken.text("breakGlass.accessReview.id")+`"}`)
		c.as(admin).do(`{ auditLogs(where: {event: "BREAK_GLASS"}) { edges { node { actor success permissionChecked } } } }`).ok().
			want("auditLogs.edges", `[{"node":{"actor":"doctor.north","permissionChecked":"access:break_glass","success":true}}]`)
		c.as(admin).explain(c.users[doctorNorth], "customer:read").ok().want("explainPermission.scope", `"ANY"`)
		if got := c.as(doctorNorth).do(`{ viewer { permissions { name source expiresAt } } }`).ok(); !strings.Contains(string(got.body), `"BREAK_GLASS"`) {
			t.Errorf("%s", got.body)
		}

		c.advance(time.Hour)
		far().refused("NOT_FOUND")
		// The review stands until somebody else has decided.
		item := taken.text("breakGlass.accessReview.items.edges.0.node.id")
		c.as(doctorNorth).attest(item).refused("FORBIDDEN")
		c.as(manager).attest(item).ok()
		c.as(manager).revokeItem(taken.text("breakGlass.accessReview.items.edges.1.node.id")).ok()
		c.as(manager).closeReview(taken.text("breakGlass.accessReview.id")).refused("INVALID_TRANSITION")
		for i := 2; i < 6; i++ {
			c.as(manager).attest(taken.text(fmt.Sprintf("breakGlass.accessReview.items.edges.%d.node.id", i))).ok()
		}
		c.as(manager).closeReview(taken.text("breakGlass.accessReview.id")).ok()
		if n := c.count(`SELECT count(*) FROM user_permissions WHERE origin = 'BREAK_GLASS'`); n != 0 {
			t.Errorf("%d rows are left of it", n)
		}
	})
}

func TestEmergencyAccessLeavesOtherGrantsAlone(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, me := c.as(admin), c.as(doctorNorth)
		boss.grant(doctorNorth, "customer:read", true, vars{"scope": "UNIT"}).ok()
		boss.grant(doctorNorth, "booking:read", true).ok() // for all rows: nothing to add
		me.breakGlass().ok().want("breakGlass.permissions", `["customer:read","customer:read_personal","customer:read_notes","appointment:read","appointment:read_notes"]`)
		boss.grant(doctorNorth, "customer:read", true, vars{"scope": "OWN"}).ok()
		if got := c.holds(doctorNorth)["customer:read"]; got != "ANY" {
			t.Errorf("the emergency gives %s", got)
		}
		boss.ungrant(doctorNorth, "customer:read").ok()
		boss.ungrant(doctorNorth, "customer:read").refused("NOT_FOUND") // what is left is not a direct permission
		boss.grant(doctorNorth, "customer:read", false).ok()
		if got := c.holds(doctorNorth)["customer:read"]; got != "" {
			t.Errorf("beside a denial it gives %s", got)
		}
		me.endGlass().ok()
		me.endGlass().refused("NOT_FOUND")
		me.breakGlass().refused("FORBIDDEN") // a denial stands
		if n := c.count(`SELECT count(*) FROM user_permissions WHERE user_id = '` + c.users[doctorNorth] + `' AND allowed = FALSE`); n != 1 {
			t.Errorf("%d denials", n)
		}
		me.breakGlass(vars{"permissions": []string{"customer:read_notes"}}).ok().want("breakGlass.permissions", `["customer:read_notes"]`)
		c.as(staffNorth).endGlass(vars{"userId": c.users[doctorNorth]}).refused("FORBIDDEN")
		c.as(customerA).endGlass(vars{"userId": c.users[doctorNorth]}).refused("NOT_FOUND") // whom they do not see
		c.as(manager).endGlass(vars{"userId": c.users[doctorNorth]}).ok()
		if got := c.holds(doctorNorth)["customer:read_notes"]; got != "OWN" {
			t.Errorf("after its end: %s", got)
		}
	})
}

func TestWhatEmergencyAccessIsRefused(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(doctorNorth)
		for path, in := range map[string]vars{
			"input.reason":        {"reason": "too short"},
			"input.minutes":       {"minutes": 4},
			"input.permissions.0": {"permissions": []string{"role:assign"}},
			"input.permissions.1": {"permissions": []string{"customer:read", "customer:read"}},
		} {
			me.breakGlass(in).refused("BAD_USER_INPUT").about(path)
		}
		me.breakGlass(vars{"minutes": 241}).refused("BAD_USER_INPUT").about("input.minutes")
		me.breakGlass(vars{"reason": strings.Repeat("é", 501)}).refused("BAD_USER_INPUT").about("input.reason")
		for _, login := range []string{customerA, staffNorth, manager} {
			c.as(login).breakGlass().refused("FORBIDDEN")
		}
		c.as(admin).breakGlass().refused("CONFLICT") // holds it all
		boss := c.as(admin)
		boss.actingFor(doctorNorth).breakGlass().refused("FORBIDDEN")
		// A program gets nothing of it, neither by asking nor by its owner's.
		program := c.program(me.apiToken("story", "customer:read"))
		program.breakGlass().refused("FORBIDDEN")
		count := func() string {
			return fmt.Sprint(program.do(`{ customers { totalCount } }`).ok().at("customers.totalCount"))
		}
		before := count()
		me.breakGlass(vars{"minutes": 240, "reason": strings.Repeat("é", 500)}).ok().want("breakGlass.expiresAt", `"2030-01-07T12:00:00Z"`)
		if after := count(); after != before {
			t.Errorf("a program saw %s customers and sees %s", before, after)
		}
		c.clock.move(6 * time.Minute)
		c.as(doctorNorth).breakGlass().refused("STEP_UP_REQUIRED")
	})
}

func TestEmergencyAccessIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(doctorNorth)
		answers := together(6, func(int) *answer { return me.breakGlass() })
		if got := outcomes(answers); got[""] != 1 || got["CONFLICT"] != 5 {
			t.Errorf("%v", got)
		}
		if rows, reviews := c.count(`SELECT count(*) FROM user_permissions WHERE origin = 'BREAK_GLASS'`), c.count(`SELECT count(*) FROM access_reviews`); rows != 6 || reviews != 1 {
			t.Errorf("%d rows, %d reviews", rows, reviews)
		}
		c.advance(time.Hour)
		// The one before has ended; nobody adds to one.
		c.as(doctorNorth).breakGlass(vars{"permissions": []string{"customer:read"}}).ok()
		c.as(doctorNorth).breakGlass(vars{"permissions": []string{"booking:read"}}).refused("CONFLICT")
	})
}

func TestEmergencyAccessNeedsTheSecondFactorWhereOneIsRequired(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		c := requiring(t, d, "high")
		c.as(doctorNorth).breakGlass().refused("FORBIDDEN")
		short := open(t, d, func(cfg *config.Config) { cfg.Factors.BreakGlassMax = 30 * time.Minute })
		short.as(doctorNorth).breakGlass(vars{"minutes": 31}).refused("BAD_USER_INPUT").about("input.minutes")
		short.as(doctorNorth).breakGlass(vars{"minutes": 30}).ok()
	}
}
