package e2e

import (
	"testing"
	"time"
)

func TestSessionsWhoseTimeIsOverEndAndGo(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		desk, me := c.signIn(staffNorth, password), c.signIn(customerA, password)
		sweep := func(want int) {
			t.Helper()
			if n, err := c.app.Sessions.CleanUp(t.Context()); n != want || err != nil {
				t.Errorf("cleaned up %d, %v, want %d", n, err, want)
			}
		}
		states := func(login, want string) {
			t.Helper()
			if n := c.count(`SELECT count(*) FROM enhanced_user_sessions WHERE user_id = '` + c.users[login] + `' AND status = '` + want + `'`); n != 1 {
				t.Errorf("%s: %d are %s", login, n, want)
			}
		}
		c.clock.move(30*time.Minute - time.Microsecond)
		sweep(0)
		desk.do(`{ viewer { sessions { id } } }`).refused("UNAUTHENTICATED") // the access token is over before
		c.clock.move(time.Microsecond)
		sweep(1)
		states(staffNorth, "IDLE_EXPIRED")
		states(customerA, "ACTIVE")
		if got := c.events(staffNorth); got != "EXPIRE LOGIN" {
			t.Error(got)
		}
		for range 2 { // the third refresh comes past the end
			c.clock.move(13 * 24 * time.Hour)
			me = me.next()
		}
		c.clock.move(4 * 24 * time.Hour) // 30 days and half an hour since the sign-in
		sweep(2)                         // the desk's token goes: its session ended a month ago
		states(customerA, "EXPIRED")
		c.anyone().renew(me.refresh).refused("UNAUTHENTICATED")

		tokens := `SELECT count(*) FROM refresh_tokens`
		if n := c.count(tokens); n != 3 {
			t.Errorf("%d refresh tokens", n)
		}
		c.clock.move(30*24*time.Hour - time.Microsecond)
		sweep(0)
		c.clock.move(time.Microsecond)
		sweep(3)
		if n := c.count(tokens); n != 0 {
			t.Errorf("%d refresh tokens are left", n)
		}
		c.clock.move(60 * 24 * time.Hour)
		sweep(2)
		if n := c.count(`SELECT count(*) FROM user_sessions`); n != 0 {
			t.Errorf("%d old sessions are shown", n)
		}
		sweep(0)
	})
}
