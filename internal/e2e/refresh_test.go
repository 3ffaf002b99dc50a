package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/refreshtoken"
	"clinicgraph/internal/auth"
)

// next exchanges the client's refresh token, and is the client with what it got.
func (cl *client) next() *client {
	cl.c.t.Helper()
	return cl.c.holding(cl.c.anyone().renew(cl.refresh).ok(), "refreshSession")
}

// dead says that nothing the clients hold is good any more.
func dead(clients ...*client) {
	for i, cl := range clients {
		t := cl.c.t
		t.Helper()
		if a := cl.do(whoAmI); a.status != 401 || a.code() != "UNAUTHENTICATED" {
			t.Errorf("access token %d: %d %s", i, a.status, a.body)
		}
		if a := cl.c.anyone().renew(cl.refresh); a.code() != "UNAUTHENTICATED" {
			t.Errorf("refresh token %d: %s", i, a.body)
		}
	}
}

// events are those of the user's sessions, by name: rows of one millisecond have
// no order.
func (c *clinic) events(login string) string {
	c.t.Helper()
	rows, err := c.app.Store.DB.Read.Query(`SELECT l.event FROM session_logs l JOIN users u ON u.id = l.user_id WHERE u.username = '` + login + `' ORDER BY l.event`)
	if err != nil {
		c.t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var event string
		if err := rows.Scan(&event); err != nil {
			c.t.Fatal(err)
		}
		all = append(all, event)
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	return strings.Join(all, " ")
}

func TestARefreshTokenIsExchangedForTheNextGeneration(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.signIn(customerA, password)
		for range 3 {
			c.clock.move(time.Minute)
			me = me.next()
			me.do(whoAmI).ok().want("viewer.user.username", `"customer.a"`)
		}
		for _, token := range []string{"", "nonsense", me.token, me.refresh[:len(me.refresh)-1], me.refresh + "A"} {
			c.anyone().renew(token).refused("UNAUTHENTICATED")
		}
		unknown, _ := auth.NewRefreshToken()
		c.anyone().renew(unknown).refused("UNAUTHENTICATED")
		me.next().do(whoAmI).ok()
	})
}

func TestWithinTheGracePeriodTheSameSuccessorIsGivenAgain(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.signIn(customerA, password)
		first := me.next()
		c.clock.move(10 * time.Second)
		again := me.next()
		if again.refresh != first.refresh {
			t.Error("there are two successors")
		}
		if again.token == first.token {
			t.Error("the access token is not fresh")
		}
		for _, cl := range []*client{first, again} {
			cl.do(whoAmI).ok()
		}
		first.next().do(whoAmI).ok()
	})
}

func TestAfterTheGracePeriodAUsedTokenEndsTheSession(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.signIn(customerA, password)
		other := c.signIn(customerA, password)
		second := me.next()
		c.clock.move(10*time.Second + time.Microsecond)
		third := second.next()
		answer := c.anyone().renew(me.refresh).refused("UNAUTHENTICATED")
		unknown, _ := auth.NewRefreshToken()
		if plain := c.anyone().renew(unknown); plain.bytes() != answer.bytes() {
			t.Errorf("%s\ndiffers from %s", answer.body, plain.body)
		}
		dead(me, second, third)
		other.do(whoAmI).ok().want("viewer.user.username", `"customer.a"`)
		other.do(`{ notifications { nodes: edges { node { kind } } } }`).ok().want("notifications.nodes", `[{"node":{"kind":"SESSION_COMPROMISED"}}]`)
		c.as(admin).do(`{ auditLogs(where: {event: "TOKEN_REUSE"}) { edges { node { success actor } } } }`).ok().
			want("auditLogs.edges", `[{"node":{"actor":"system:refreshSession","success":false}}]`)
		if n := c.count(`SELECT count(*) FROM enhanced_user_sessions WHERE status = 'COMPROMISED' AND end_reason = 'refresh token used again'`); n != 1 {
			t.Errorf("%d compromised sessions", n)
		}
		if got := c.events(customerA); got != "LOGIN LOGIN REUSE_DETECTED TOKEN_REFRESH TOKEN_REFRESH" {
			t.Error(got)
		}
	})
}

func TestTheGracePeriodDoesNotGrowWithRepetitions(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.signIn(customerA, password)
		me.next()
		c.clock.move(6 * time.Second)
		last := me.next()
		c.clock.move(4*time.Second + time.Microsecond)
		c.anyone().renew(me.refresh).refused("UNAUTHENTICATED")
		dead(me, last)
	})
}

func TestAnOldGenerationEndsTheSessionAtAnyTime(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		first := c.signIn(customerA, password)
		second := first.next()
		third := second.next() // all of it in one instant
		c.anyone().renew(first.refresh).refused("UNAUTHENTICATED")
		dead(first, second, third)
	})
}

func TestATokenIsRepeatedThreeTimes(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.signIn(customerA, password)
		last := me.next()
		for range 5 { // others on their way at the same time are no repetitions
			last = me.next()
		}
		c.clock.move(time.Second + time.Microsecond)
		for range 3 {
			last = me.next()
		}
		last.do(whoAmI).ok()
		c.anyone().renew(me.refresh).refused("UNAUTHENTICATED")
		dead(me, last)
	})
}

func TestAnExpiredTokenIsNeverExchanged(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		fresh, desk := c.signIn(staffNorth, password), c.signIn(staffNorth, password)
		c.clock.move(30*time.Minute - time.Second)
		last := desk.next()
		c.clock.move(time.Second) // in its grace period, and past its end
		c.anyone().renew(desk.refresh).refused("UNAUTHENTICATED")
		c.anyone().renew(fresh.refresh).refused("UNAUTHENTICATED")
		last.next().do(whoAmI).ok() // that was no alarm
		c.clock.move(9*time.Second + time.Microsecond)
		c.anyone().renew(desk.refresh).refused("UNAUTHENTICATED")
		dead(last)
	})
}

func TestParallelExchangesOfOneTokenGiveOneSuccessor(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.signIn(customerA, password)
		answers := together(20, func(int) *answer { return c.anyone().renew(me.refresh) })
		if diff := cmp.Diff(map[string]int{"": 20}, outcomes(answers)); diff != "" {
			t.Fatal(diff)
		}
		access, refresh := map[string]bool{}, map[string]bool{}
		var last *client
		for _, a := range answers {
			last = c.holding(a, "refreshSession")
			access[last.token], refresh[last.refresh] = true, true
			last.do(whoAmI).ok()
		}
		if len(access) != 20 || len(refresh) != 1 {
			t.Errorf("%d access tokens, %d refresh tokens", len(access), len(refresh))
		}
		if n := c.count(`SELECT count(*) FROM refresh_tokens WHERE generation > 1`); n != 1 {
			t.Errorf("%d new generations", n)
		}
		last.next().do(whoAmI).ok()
	})
}

func TestOneRevokedGenerationStopsThoseAfterIt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		first := c.signIn(customerA, password)
		second := first.next()
		c.arrange(func(client *ent.Client) error {
			token, err := client.RefreshToken.Query().Where(refreshtoken.Generation(2)).Only(c.system())
			if err != nil {
				return err
			}
			return token.Update().SetRevokedAt(c.clock.now()).SetRevokeReason("story").Exec(c.system())
		})
		c.anyone().renew(second.refresh).refused("UNAUTHENTICATED")
		c.anyone().renew(first.refresh).refused("UNAUTHENTICATED")
		dead(first, second)
	})
}

func TestSigningOutInOneWindowEndsTheOther(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.signIn(customerA, password)
		a := me.next()
		b := me.next()
		a.do(`mutation { logout { loggedOut } }`).ok()
		dead(a, b, me)
		if got := c.events(customerA); got != "LOGIN LOGOUT TOKEN_REFRESH TOKEN_REFRESH" {
			t.Error(got)
		}
	})
}

func TestARefreshLooksAtTheAccountAndItsRightsAnew(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		id := uuid.MustParse(c.users[customerA])
		change := func(how func(*ent.UserUpdateOne) *ent.UserUpdateOne) {
			c.arrange(func(client *ent.Client) error {
				return how(client.User.UpdateOneID(id)).Exec(c.system())
			})
		}
		me := c.signIn(customerA, password)
		for name, shut := range map[string][2]func(*ent.UserUpdateOne) *ent.UserUpdateOne{
			"not active": {func(u *ent.UserUpdateOne) *ent.UserUpdateOne { return u.SetIsActive(false) }, func(u *ent.UserUpdateOne) *ent.UserUpdateOne { return u.SetIsActive(true) }},
			"locked":     {func(u *ent.UserUpdateOne) *ent.UserUpdateOne { return u.SetIsLocked(true) }, func(u *ent.UserUpdateOne) *ent.UserUpdateOne { return u.SetIsLocked(false) }},
		} {
			change(shut[0])
			if a := c.anyone().renew(me.refresh); a.code() != "UNAUTHENTICATED" {
				t.Errorf("%s: %s", name, a.body)
			}
			if a := me.do(whoAmI); a.status != 401 {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
			change(shut[1])
		}
		// What strangers have guessed at signs nobody out, and a password that must
		// be changed is no matter of tokens.
		change(func(u *ent.UserUpdateOne) *ent.UserUpdateOne {
			return u.SetLockedUntil(c.clock.now().Add(time.Hour)).SetMustChangePassword(true)
		})
		me = me.next()
		me.do(whoAmI).ok().want("viewer.mustChangePassword", `true`)
		change(func(u *ent.UserUpdateOne) *ent.UserUpdateOne { return u.SetMustChangePassword(false) })
		c.as(admin).grant(customerA, "role:read", true).ok()
		c.anyone().do(`mutation($in: RefreshSessionInput!) { refreshSession(input: $in) { refreshToken viewer { permissions { name } } } }`,
			input(vars{"refreshToken": me.refresh}, nil)).ok()
		me.do(`{ roles { totalCount } }`).ok()
	})
}

func TestOfARefreshTokenTheDatabaseKeepsNothingThatIsGood(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.signIn(customerA, password)
		first := me.next()
		var hash, sealed []byte
		if err := c.app.Store.DB.Read.QueryRow(`SELECT token_hash, successor_sealed FROM refresh_tokens WHERE used_at IS NOT NULL`).Scan(&hash, &sealed); err != nil {
			t.Fatal(err)
		}
		for _, kept := range [][]byte{hash, sealed} {
			for _, token := range []string{me.refresh, first.refresh} {
				if len(kept) == 0 || strings.Contains(fmt.Sprintf("%s", kept), token[3:20]) {
					t.Errorf("%d bytes of the token are there to be read", len(kept))
				}
			}
		}
	})
}
