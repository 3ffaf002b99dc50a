package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"clinicgraph/ent"
	"clinicgraph/internal/config"
)

// behindProxy starts the clinic anew so that a story may come from any address.
func (c *clinic) behindProxy(change ...func(*config.Config)) *clinic {
	c.t.Helper()
	return open(c.t, c.dialect, append(change, func(cfg *config.Config) { cfg.Load.TrustedProxies = []string{"127.0.0.1", "::1"} })...)
}

// from is somebody without a token at an address.
func (c *clinic) from(ip string) *client { return &client{c: c, ip: ip} }

// stranger is somebody at an address that nobody else has.
func (c *clinic) stranger(i int) *client { return c.from(fmt.Sprintf("10.2.%d.%d", i/250, i%250)) }

// looks counts how often a password was looked at and was wrong.
func (c *clinic) looks() int {
	return int(c.metric("clinicgraph_secret_tries_total", "action", "login", "outcome", "wrong"))
}

// after fails the test unless the error says in how many seconds to come again.
func (a *answer) after(seconds int) {
	a.t.Helper()
	if got := fmt.Sprint(a.errs[0].Extensions["retryAfter"]); got != fmt.Sprint(seconds) {
		a.t.Errorf("come again after %s s, want %d", got, seconds)
	}
}

const wrongPassword = "not the password"

func TestOf200ParallelWrongPasswordsFiveAreLookedAt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c = c.behindProxy()
		for code, n := range outcomes(together(200, func(i int) *answer { return c.stranger(i).login(customerA, wrongPassword) })) {
			if code != "INVALID_CREDENTIALS" && code != "OVERLOADED" {
				t.Errorf("%d %s", n, code)
			}
		}
		if n := c.looks(); n != 5 {
			t.Errorf("%d looks", n)
		}
		c.stranger(201).login(customerA, password).refused("INVALID_CREDENTIALS")
		c.clock.move(30 * time.Second)
		c.stranger(201).login(customerA, password).ok()
	})
}

func TestTenParallelRightPasswordsAllSucceed(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		answers := together(10, func(int) *answer { return c.anyone().login(customerA, password) })
		if diff := cmp.Diff(map[string]int{"": 10}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestStrangersDoNotShutOutADeviceThatIsKnown(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c = c.behindProxy()
		first := c.from("10.1.1.1").login(customerA, password).ok()
		me, device := c.holding(first, "login"), first.text("login.deviceToken")
		for i := range 5 {
			c.stranger(i).login(customerA, wrongPassword).refused("INVALID_CREDENTIALS")
		}
		c.stranger(6).login(customerA, password).refused("INVALID_CREDENTIALS")
		// The session lives on, and the device signs in, and keeps its token.
		me.do(whoAmI).ok()
		at := &client{c: c, ip: "10.7.7.7", device: device}
		if again := at.login(customerA, password).ok().text("login.deviceToken"); again != device {
			t.Error("a known device was given another token")
		}
		c.stranger(7).login(customerA, password).refused("INVALID_CREDENTIALS")
		// It is known to one account only, and has a budget of its own.
		for range 5 {
			at.login(customerB, wrongPassword).refused("INVALID_CREDENTIALS")
		}
		at.login(customerB, password).refused("INVALID_CREDENTIALS")
		for range 10 {
			at.login(customerA, wrongPassword).refused("INVALID_CREDENTIALS")
		}
		at.login(customerA, password).refused("INVALID_CREDENTIALS")
		c.clock.move(30 * time.Second)
		at.login(customerA, password).ok()
	})
}

func TestABlockIsTheSameWhetherThereIsAnAccountOrNot(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c = c.behindProxy()
		for i := range 5 {
			c.stranger(i).login(customerA, wrongPassword).refused("INVALID_CREDENTIALS")
			c.stranger(i).login("nobody.at.all", wrongPassword).refused("INVALID_CREDENTIALS")
		}
		known, unknown := c.stranger(9).login(customerA, password), c.stranger(9).login("Nobody.At.All", password)
		if known.refused("INVALID_CREDENTIALS").bytes() != unknown.bytes() {
			t.Errorf("%s\ndiffers from %s", known.body, unknown.body)
		}
		if blocked := c.metric("clinicgraph_secret_tries_total", "outcome", "blocked"); blocked != 2 {
			t.Errorf("%v tries met a block", blocked)
		}
	})
}

func TestAnAddressThatFailsTooOftenWaits(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c = c.behindProxy()
		here := c.from("10.3.3.3")
		for i := range 20 {
			here.login(fmt.Sprintf("somebody.%d", i), wrongPassword).refused("INVALID_CREDENTIALS")
			if i == 10 {
				here.login(customerB, password).ok() // and it counts for nothing
			}
		}
		here.login(customerA, password).refused("RATE_LIMITED").after(300)
		c.from("10.3.3.4").login(customerA, password).ok()
		c.clock.move(5 * time.Minute)
		here.login(customerA, password).ok()
	})
}

const blocks = `query($now: Time!) { rateLimitLogs(where: {blockedUntilGT: $now}) { edges { node { scope action attempts blockedUntil user { username } } } } }`

func TestStaffSeesWhoIsBlocked(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c = c.behindProxy()
		for i := range 8 {
			c.stranger(i).login(customerA, wrongPassword).refused("INVALID_CREDENTIALS")
		}
		c.as(admin).do(blocks, vars{"now": c.clock.now()}).ok().want("rateLimitLogs.edges",
			`[{"node":{"action":"login","attempts":8,"blockedUntil":"2030-01-07T08:00:30Z","scope":"ACCOUNT","user":{"username":"customer.a"}}}]`)
		c.as(customerB).do(blocks, vars{"now": c.clock.now()}).refused("FORBIDDEN")
		c.as(admin).do(`query($id: ID!) { user(id: $id) { failedLoginAttempts lockedUntil isLocked lastFailedLoginAt } }`, vars{"id": c.id(customerA)}).ok().want("user",
			`{"failedLoginAttempts":5,"isLocked":false,"lastFailedLoginAt":"2030-01-07T08:00:00Z","lockedUntil":"2030-01-07T08:00:30Z"}`)
		c.clock.move(30 * time.Second)
		c.as(admin).do(blocks, vars{"now": c.clock.now()}).ok().want("rateLimitLogs.edges", `[]`)
		c.stranger(9).login(customerA, password).ok()
		c.as(admin).do(`query($id: ID!) { user(id: $id) { failedLoginAttempts lockedUntil } }`, vars{"id": c.id(customerA)}).ok().want("user",
			`{"failedLoginAttempts":0,"lockedUntil":null}`)
		if n := c.count(`SELECT count(*) FROM rate_limit_logs`); n != 1 {
			t.Errorf("%d rows of the log for one block", n)
		}
	})
}

func TestTheCurrentPasswordCannotBeGuessedWithinASession(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		for range 10 {
			me.newPassword(wrongPassword, newPassword).refused("INVALID_CREDENTIALS")
		}
		me.newPassword(password, newPassword).refused("INVALID_CREDENTIALS")
		me.do(whoAmI).ok()
		c.clock.move(30 * time.Second)
		me.newPassword(password, newPassword).ok()
	})
}

func TestTheLastSixPasswordsDoNotComeBack(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me, had := c.as(customerA), []string{password}
		for i := range 6 {
			if i == 5 { // five changes are what an hour has
				me.newPassword(had[i], "yet another long password").refused("RATE_LIMITED").after(3600)
				c.clock.move(time.Hour)
				me = c.signIn(customerA, had[i])
			}
			next := fmt.Sprintf("umbrella number %d of many", i)
			me = c.holding(me.newPassword(had[i], next).ok(), "changePassword")
			had = append(had, next)
		}
		for i, old := range had[1:] {
			if i > 0 && i%4 == 0 { // what is refused counts as well: it costs as much
				c.clock.move(time.Hour)
				me = c.signIn(customerA, had[6])
			}
			me.newPassword(had[6], old).refused("BAD_USER_INPUT").about("input.newPassword")
		}
		c.clock.move(time.Hour)
		me = c.signIn(customerA, had[6])
		me.newPassword(had[6], had[0]).ok() // it is the seventh
		if n := c.count(`SELECT count(*) FROM password_histories`); n != 5 {
			t.Errorf("%d former passwords are kept", n)
		}
	})
}

func TestAnImportedPasswordSignsInAndIsHashedAnew(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		imported, err := bcrypt.GenerateFromPassword([]byte("from another system"), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		hash := func() (stored string) {
			if err := c.app.Store.DB.Read.QueryRow(`SELECT password_hash FROM users WHERE username_key = $1`, customerA).Scan(&stored); err != nil {
				t.Fatal(err)
			}
			return stored
		}
		set := func(stored string) {
			c.arrange(func(client *ent.Client) error {
				return client.User.UpdateOneID(uuid.MustParse(c.users[customerA])).SetPasswordHash(stored).Exec(c.system())
			})
		}
		set(string(imported))
		c.anyone().login(customerA, wrongPassword).refused("INVALID_CREDENTIALS")
		if hash() != string(imported) {
			t.Error("a wrong password was stored")
		}
		c.anyone().login(customerA, "from another system").ok()
		if stored := hash(); len(stored) < 10 || stored[:10] != "$argon2id$" {
			t.Errorf("stored as %.10s", stored)
		}
		c.anyone().login(customerA, "from another system").ok()
	})
}
