package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/ent"
	"clinicgraph/internal/config"
)

func (cl *client) name(id, name string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: NameSessionInput!) { nameSession(input: $in) { session { deviceName isCurrent } } }`, input(vars{"id": id, "name": name}, nil))
}

func (cl *client) end(id string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: RevokeSessionInput!) { revokeSession(input: $in) { session { status endReason } } }`, input(vars{"id": id}, nil))
}

func TestAUserSeesWhereTheyAreSignedIn(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		phone := c.signIn(customerA, password)
		c.clock.move(time.Minute)
		desk := c.signIn(customerA, password)
		list := `{ viewer { sessions { deviceName isCurrent status amr ipAddress lastIpAddress } } }`
		row := `{"amr":["pwd"],"deviceName":"story","ipAddress":"127.0.0.1","isCurrent":%t,"lastIpAddress":"127.0.0.1","status":"ACTIVE"}`
		desk.do(list).ok().want("viewer.sessions", fmt.Sprintf("["+row+","+row+"]", true, false))
		desk.name(phone.session(), " Phone ").ok().want("nameSession.session", `{"deviceName":"Phone","isCurrent":false}`)
		phone.do(`{ viewer { sessions { deviceName } } }`).ok().want("viewer.sessions", `[{"deviceName":"story"},{"deviceName":"Phone"}]`)
		for _, name := range []string{"", "  ", strings.Repeat("é", 65), "\x00"} {
			desk.name(phone.session(), name).refused("BAD_USER_INPUT").about("input.name")
		}
		desk.name(phone.session(), strings.Repeat("é", 64)).ok()
		for _, id := range []string{c.as(customerB).session(), missing(ent.TypeUserSession)} {
			desk.name(id, "mine").refused("NOT_FOUND")
		}
		gone := phone.session()
		desk.end(gone).ok()
		desk.name(gone, "gone").refused("NOT_FOUND")
	})
}

func TestAnEndedSessionIsDeadAtOnceAndOnlyThat(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		phone, desk, third := c.signIn(customerA, password), c.signIn(customerA, password), c.signIn(customerA, password)
		id := phone.session()
		for range 2 { // the second time nothing is left to do
			desk.end(id).ok().want("revokeSession.session", `{"endReason":"revoked by its owner","status":"REVOKED"}`)
		}
		dead(phone)
		desk.do(whoAmI).ok()
		desk.do(`mutation { revokeOtherSessions { ended } }`).ok().want("revokeOtherSessions.ended", `1`)
		dead(third)
		desk.do(whoAmI).ok()
		fourth := c.signIn(customerA, password)
		desk.do(`mutation { logoutEverywhere { ended } }`).ok().want("logoutEverywhere.ended", `2`)
		dead(desk, fourth)
		c.signIn(customerA, password).do(whoAmI).ok()
		if got, want := c.events(customerA), "LOGIN LOGIN LOGIN LOGIN LOGIN REVOKE REVOKE REVOKE REVOKE"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		// The shape that reports written for the former system read.
		if n := c.count(`SELECT count(*) FROM user_sessions WHERE is_active AND user_id = '` + c.users[customerA] + `'`); n != 1 {
			t.Errorf("%d sessions count as active", n)
		}
		if n := c.count(`SELECT count(*) FROM user_sessions WHERE user_id = '` + c.users[customerA] + `'`); n != 5 {
			t.Errorf("%d sessions in the former shape", n)
		}
	})
}

func TestOnlyWhoMayEndsTheSessionsOfOthers(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		theirs := c.signIn(customerA, password)
		id := theirs.session()
		c.as(customerB).end(id).refused("NOT_FOUND")
		c.as(staffNorth).end(id).refused("NOT_FOUND")
		c.as(admin).grant(staffNorth, "session:read", true, vars{"scope": "ANY"}).ok()
		c.as(staffNorth).end(id).refused("FORBIDDEN")
		c.as(admin).grant(customerB, "session:revoke", true, vars{"scope": "ANY"}).ok()
		c.as(customerB).end(id).refused("NOT_FOUND") // what is not seen is not there
		c.as(manager).end(c.as(admin).session()).refused("FORBIDDEN")
		theirs.do(whoAmI).ok()
		c.as(manager).end(id).ok().want("revokeSession.session.endReason", `"revoked by somebody else"`)
		dead(theirs)
	})
}

func TestOneSessionTooManyEndsTheOldest(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(d, func(t *testing.T) {
			t.Parallel()
			c := open(t, d, func(cfg *config.Config) { cfg.Sessions.PerUser = 3 })
			var signed []*client
			for range 3 {
				signed = append(signed, c.signIn(customerA, password))
				c.clock.move(time.Second)
			}
			for _, cl := range signed {
				cl.do(whoAmI).ok()
			}
			signed = append(signed, c.signIn(customerA, password))
			dead(signed[0])
			for _, cl := range signed[1:] {
				cl.do(whoAmI).ok()
			}
			if n := c.count(`SELECT count(*) FROM enhanced_user_sessions WHERE status = 'EVICTED'`); n != 1 {
				t.Errorf("%d evicted", n)
			}
			if got := c.events(customerA); got != "LIMIT_EVICTED LOGIN LOGIN LOGIN LOGIN" {
				t.Error(got)
			}
			// Many at once keep to the limit as well.
			together(6, func(int) *answer { return c.anyone().login(customerA, password) })
			if n := c.count(`SELECT count(*) FROM enhanced_user_sessions WHERE status = 'ACTIVE' AND user_id = '` + c.users[customerA] + `'`); n != 3 {
				t.Errorf("%d live sessions", n)
			}
			c.mustAddUp()
		})
	}
}
