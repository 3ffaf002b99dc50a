package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
)

const whoAmI = `{ viewer { user { username } mustChangePassword } }`

func TestRegistrationRefusesWhatCannotBeAnAccount(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		nobody := c.anyone()
		nobody.join("Ann.Other").ok()
		for name, more := range map[string]vars{
			"the same name":          {"username": "ann.other", "email": "a@example.org"},
			"the name in full width": {"username": "ａnn.other", "email": "b@example.org"},
			"the same address":       {"username": "somebody", "email": "ANN.OTHER@example.org"},
			"an address as a name":   {"username": "else", "email": "Ann.Other@Example.ORG"},
		} {
			if a := nobody.join("x", more); a.code() != "CONFLICT" {
				t.Errorf("%s: %s", name, a.body)
			}
		}
		for path, more := range map[string]vars{
			"input.username":  {"username": "a@b.example"},
			"input.email":     {"email": "no address"},
			"input.password":  {"password": "too short"},
			"input.givenName": {"givenName": "  "},
			"input.surname":   {"surname": ""},
		} {
			nobody.join("newcomer", more).refused("BAD_USER_INPUT").about(path)
		}
		nobody.join("longwinded", vars{"password": "my name is longwinded"}).refused("BAD_USER_INPUT").about("input.password")
		if n := c.count(`SELECT count(*) FROM users`); n != 12 {
			t.Errorf("%d users", n)
		}
		if n := c.count(`SELECT count(*) FROM customers`); n != 4 {
			t.Errorf("%d customers", n)
		}
	})
}

func TestOfParallelRegistrationsOfOneNameOneSucceeds(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		answers := together(10, func(int) *answer { return c.anyone().join("popular") })
		if diff := cmp.Diff(map[string]int{"": 1, "CONFLICT": 9}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestASignInTellsNothingAboutAccounts(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.arrange(func(client *ent.Client) error {
			return client.User.UpdateOneID(uuid.MustParse(c.users[doctorSouth])).SetIsActive(false).Exec(c.system())
		})
		wrong := c.anyone().login(customerA, "not the password").refused("INVALID_CREDENTIALS")
		for _, a := range []*answer{
			c.anyone().login("nobody.at.all", password),
			c.anyone().login("", ""),
			c.anyone().login(doctorSouth, password), // right, but may not
			c.anyone().login(customerA, password+" "),
		} {
			if a.bytes() != wrong.bytes() {
				t.Errorf("%s\ndiffers from %s", a.body, wrong.body)
			}
		}
		// By name or by address, however they are written.
		for _, login := range []string{"Customer.A", " customer.a ", "CUSTOMER.A@example.org"} {
			c.anyone().login(login, password).ok().want("login.viewer.user.username", `"customer.a"`)
		}
		c.as(admin).do(`{ auditLogs(where: {event: "LOGIN_ERROR"}) { totalCount } }`).ok().want("auditLogs.totalCount", `5`)
	})
}

func TestAnExpiredAccessTokenIsExchangedWithItStillInTheHeader(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		const leeway = 30 * time.Second // for the clocks of several servers
		c.clock.move(10*time.Minute + leeway - time.Second)
		me.do(whoAmI).ok()
		c.clock.move(time.Second)
		expired := me.do(whoAmI).refused("UNAUTHENTICATED")
		if expired.status != 401 || expired.errs[0].Extensions["action"] != "REFRESH" {
			t.Errorf("%d %s", expired.status, expired.body)
		}
		me.book(c.chat, c.practitioners[doctorNorth], at(9, 0)).refused("UNAUTHENTICATED")
		fresh := c.holding(me.renew(me.refresh).ok(), "refreshSession")
		fresh.do(whoAmI).ok()
		me.login(customerA, password).ok()
		if n := c.count(`SELECT count(*) FROM bookings`); n != 0 {
			t.Errorf("%d bookings with an expired token", n)
		}
	})
}

func TestASessionEndsWhenNobodyUsesIt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		desk, me := c.as(staffNorth), c.as(customerA)
		c.clock.move(29 * time.Minute)
		desk = c.holding(c.anyone().renew(desk.refresh).ok(), "refreshSession")
		c.clock.move(30 * time.Minute)
		c.anyone().renew(desk.refresh).refused("UNAUTHENTICATED")
		c.clock.move(13 * 24 * time.Hour)
		me = c.holding(c.anyone().renew(me.refresh).ok(), "refreshSession")
		c.clock.move(14 * 24 * time.Hour)
		c.anyone().renew(me.refresh).refused("UNAUTHENTICATED")
	})
}

func TestSigningOutEndsTheSessionAtOnceAndNoOther(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me, other := c.as(customerA), c.signIn(customerA, password)
		me.do(`mutation { logout { loggedOut } }`).ok().want("logout.loggedOut", `true`)
		if a := me.do(whoAmI).refused("UNAUTHENTICATED"); a.status != 401 {
			t.Errorf("status %d", a.status)
		}
		c.anyone().renew(me.refresh).refused("UNAUTHENTICATED")
		me.do(`mutation { logout { loggedOut } }`).refused("UNAUTHENTICATED")
		c.anyone().do(`mutation { logout { loggedOut } }`).refused("UNAUTHENTICATED")
		other.do(whoAmI).ok()
	})
}

func TestADeactivatedAccountIsShutAtOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(staffNorth)
		c.arrange(func(client *ent.Client) error {
			return client.User.UpdateOneID(uuid.MustParse(c.users[staffNorth])).SetIsActive(false).Exec(c.system())
		})
		me.do(whoAmI).refused("UNAUTHENTICATED")
		c.anyone().renew(me.refresh).refused("UNAUTHENTICATED")
	})
}

func TestANewPasswordEndsAllOtherSessions(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me, other := c.as(customerA), c.signIn(customerA, password)
		me.newPassword("not the password", newPassword).refused("INVALID_CREDENTIALS")
		me.newPassword(password, password).refused("BAD_USER_INPUT").about("input.newPassword")
		me.newPassword(password, "short").refused("BAD_USER_INPUT").about("input.newPassword")
		other.do(whoAmI).ok()
		fresh := c.holding(me.newPassword(password, newPassword).ok(), "changePassword")
		for _, old := range []*client{me, other} {
			old.do(whoAmI).refused("UNAUTHENTICATED")
			c.anyone().renew(old.refresh).refused("UNAUTHENTICATED")
		}
		fresh.do(whoAmI).ok()
		c.anyone().login(customerA, password).refused("INVALID_CREDENTIALS")
		c.anyone().login(customerA, newPassword).ok()
	})
}

// TestAnAccountThatMustChangeItsPasswordDoesNothingElse asks every root field
// with the first administrator's one-time password.
func TestAnAccountThatMustChangeItsPasswordDoesNothingElse(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.signIn(c.first.Login, c.first.Password)
		me.do(`{ viewer { user { username } mustChangePassword permissions { name } sessions { id } customers { id } } }`).ok().
			want("viewer.mustChangePassword", `true`).want("viewer.permissions", `[]`).want("viewer.customers", `[]`)
		for _, ask := range []string{
			`{ users { totalCount } }`, `{ auditLogs { totalCount } }`, `{ products { totalCount } }`,
			`{ node(id: "` + c.consultation + `") { id } }`, `{ nodes(ids: ["` + c.consultation + `"]) { id } }`,
			`{ viewer { user { sessions { totalCount } } } }`, `{ viewer { user { roles { name } } } }`,
			`mutation { cancelBooking(input: {id: "` + missing(ent.TypeBooking) + `"}) { booking { id } } }`,
		} {
			a := me.do(ask).refused("PASSWORD_CHANGE_REQUIRED")
			if len(a.errs) == 1 && a.errs[0].Extensions["action"] != "CHANGE_PASSWORD" {
				t.Errorf("%s: %s", ask, a.body)
			}
		}
		me = c.holding(me.newPassword(c.first.Password, newPassword).ok(), "changePassword")
		me.do(`{ viewer { mustChangePassword permissions { name } } users { totalCount } }`).ok().want("viewer.mustChangePassword", `false`)
	})
}

func TestABadTokenIsAnsweredWith401UnlessAllIsPublic(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		good := c.as(customerA).token
		for _, value := range []string{"Bearer", "Bearer ", "Bearer nonsense", "Basic dTpw", good, "Bearer " + good + "x", "Bearer " + good[:len(good)-4] + "AAAA", "Bearer " + good + ", Bearer " + good} {
			bad := &client{c: c, header: "Authorization", value: value}
			for _, ask := range []string{whoAmI, `{ products { totalCount } }`, `mutation { logoutEverywhere { ended } }`, `{ a: __typename viewer { user { id } } }`} {
				if a := bad.do(ask); a.code() != "UNAUTHENTICATED" || a.status != 401 || len(a.errs) != 1 {
					t.Errorf("%q, %s: %d %s", value, ask, a.status, a.body)
				}
			}
			bad.login(customerA, password).ok()
		}
		if a := c.anyone().do(whoAmI).refused("UNAUTHENTICATED"); a.status != 200 || a.errs[0].Extensions["action"] != "SIGN_IN" {
			t.Errorf("without a token: %d %s", a.status, a.body)
		}
	})
}

func TestTheViewerIsAnsweredWhateverIsDenied(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for _, permission := range []string{"user:read", "session:read", "customer:read"} {
			c.as(admin).grant(customerA, permission, false).ok()
		}
		c.as(customerA).do(`{ viewer { user { username } sessions { status } customers { id } permissions { name } } }`).ok().
			want("viewer.user.username", `"customer.a"`).want("viewer.sessions", `[{"status":"ACTIVE"}]`).want("viewer.customers", `[]`)
	})
}

func TestTheViewerKnowsWhatItMay(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.as(admin).grant(customerA, "role:read", true, vars{"scope": "OWN", "expiresAt": opening.Add(time.Hour)}).ok()
		c.as(admin).grant(customerA, "reward:redeem", false).ok()
		held := c.as(customerA).do(`{ viewer { permissions { name scope source role expiresAt } } }`).ok().list("viewer.permissions")
		find := func(name string) any {
			i := slices.IndexFunc(held, func(p any) bool { return p.(map[string]any)["name"] == name })
			if i < 0 {
				return nil
			}
			return held[i]
		}
		for name, want := range map[string]any{
			"role:read":     map[string]any{"name": "role:read", "scope": "OWN", "source": "USER", "role": nil, "expiresAt": "2030-01-07T09:00:00Z"},
			"booking:read":  map[string]any{"name": "booking:read", "scope": "OWN", "source": "ROLE", "role": "customer", "expiresAt": nil},
			"product:read":  map[string]any{"name": "product:read", "scope": "ANY", "source": "ROLE", "role": "customer", "expiresAt": nil},
			"reward:redeem": nil, "user:update": nil, "audit_log:read": nil,
		} {
			if diff := cmp.Diff(want, find(name)); diff != "" {
				t.Errorf("%s:\n%s", name, diff)
			}
		}
	})
}
