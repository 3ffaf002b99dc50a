package e2e

import (
	"regexp"
	"strconv"
	"sync"
	"testing"

	"clinicgraph/internal/config"
)

// waits fails the test unless the answer says when to come again.
func (a *answer) waits() *answer {
	a.t.Helper()
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || seconds < 1 || len(a.errs) != 1 || a.errs[0].Extensions["retryAfter"] == nil || a.errs[0].Extensions["action"] != "RETRY" {
		a.t.Errorf("%s\ndoes not say when to come again: Retry-After %q, %s", a.what, a.header.Get("Retry-After"), a.body)
	}
	return a
}

// spend asks until there is nothing left.
func (cl *client) spend(most int) *answer {
	cl.c.t.Helper()
	for range most {
		a := cl.do(`{ bookings(first: 20) { edges { node { id } } } }`)
		if a.status == 429 {
			return a.refused("RATE_LIMITED").waits()
		}
		if a.status != 200 {
			cl.c.t.Fatalf("%d %s", a.status, a.body)
		}
	}
	cl.c.t.Fatalf("still not refused after %d requests", most)
	return nil
}

func TestWhoHasSpentTheirPointsWaitsAndNobodyElseDoes(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c = open(t, c.dialect, func(cfg *config.Config) { cfg.Load.RateUser, cfg.Load.RateStaff = 5, 1_000_000 })
		me, other, desk := c.as(customerA), c.as(customerB), c.as(staffNorth)
		field := regexp.MustCompile(`^"user";r=\d+;t=\d+$`)
		if a := me.do(whoAmI).ok(); a.header.Get("RateLimit-Policy") != `"user";q=50;w=10` || !field.MatchString(a.header.Get("RateLimit")) {
			t.Errorf("%q %q", a.header.Get("RateLimit-Policy"), a.header.Get("RateLimit"))
		}
		if a := me.spend(200); !field.MatchString(a.header.Get("RateLimit")) {
			t.Errorf("%q", a.header.Get("RateLimit"))
		}
		other.do(whoAmI).ok()
		desk.do(whoAmI).ok()
		c.anyone().do(typenames).ok()
	})
}

// Who wants more cannot have it by making tokens.
func TestProgramsSpendThePointsOfTheirOwner(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c = open(t, c.dialect, func(cfg *config.Config) { cfg.Load.RateUser = 5 })
		me, other := c.as(customerA), c.as(customerB)
		till, kiosk := c.program(me.apiToken("till", "booking:read")), c.program(me.apiToken("kiosk", "booking:read"))
		theirs := c.program(other.apiToken("till", "booking:read"))
		till.spend(200)
		for name, cl := range map[string]*client{"the other program": kiosk, "the owner": me} {
			if a := cl.do(`{ bookings(first: 20) { edges { node { id } } } }`).refused("RATE_LIMITED").waits(); a.status != 429 {
				t.Errorf("%s: %d", name, a.status)
			}
		}
		theirs.do(`{ bookings(first: 20) { edges { node { id } } } }`).ok()
	})
}

// TestPointsAreSpentOnSocketsAsWell subscribes until there is nothing left.
func TestPointsAreSpentOnSocketsAsWell(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c = open(t, c.dialect, func(cfg *config.Config) { cfg.Load.RateUser = 1 })
		me := c.as(customerA)
		for range 100 {
			switch got := me.watch(watchBookings, nil); got {
			case "open":
			case "RATE_LIMITED":
				return
			default:
				t.Fatal(got)
			}
		}
		t.Error("still not refused")
	})
}

func TestSensitiveActionsAreCounted(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c = open(t, c.dialect, func(cfg *config.Config) { cfg.Load.RateActions = 3 })
		for range 3 {
			c.anyone().login(customerA, "a wrong password").refused("INVALID_CREDENTIALS")
		}
		a := c.anyone().login(customerA, password).refused("RATE_LIMITED").waits()
		if a.status != 429 || a.header.Get("RateLimit-Policy") != `"login";q=3;w=300` {
			t.Errorf("%d %q", a.status, a.header.Get("RateLimit-Policy"))
		}
		c.anyone().do(typenames).ok()
	})
}

const typenames = `{ __typename }`

// TestAnAddressIsWhatTrustedProxiesSayAndNobodyElse asks as a client that says
// each time that it comes from somewhere else.
func TestAnAddressIsWhatTrustedProxiesSayAndNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		from := func(c *clinic, ip string) *client {
			return &client{c: c, header: "X-Forwarded-For", value: ip}
		}
		ask := func(c *clinic, address func(i int) string) (refused int) {
			for i := range 200 {
				if from(c, address(i)).do(typenames).status == 429 {
					refused++
				}
			}
			return refused
		}
		fresh := func(i int) string { return "198.51.100." + strconv.Itoa(i) }
		open1 := open(t, c.dialect, func(cfg *config.Config) { cfg.Load.RateAnonymous = 1 })
		if ask(open1, fresh) == 0 {
			t.Error("a made-up address is believed")
		}
		trusting := open(t, c.dialect, func(cfg *config.Config) {
			cfg.Load.RateAnonymous, cfg.Load.TrustedProxies = 1, []string{"127.0.0.0/8", "::1"}
		})
		if n := ask(trusting, fresh); n > 0 {
			t.Errorf("%d of 200 clients behind a proxy are refused", n)
		}
		if ask(trusting, func(i int) string { return fresh(i) + ", 203.0.113.9" }) == 0 {
			t.Error("what a client says before the proxy is believed")
		}
		from(trusting, "203.0.113.77, 192.0.2.33").do(`mutation { login(input: {login: "nobody", password: "wrong password"}) { accessToken } }`).refused("INVALID_CREDENTIALS")
		trusting.as(admin).do(`{ auditLogs(first: 1, where: {event: "LOGIN_ERROR"}) { edges { node { ipAddress } } } }`).ok().
			want("auditLogs.edges.0.node.ipAddress", `"192.0.2.33"`)
	})
}

// TestTenTimesTheLoadIsRefusedInGoodForm is bench/overload in short.
func TestTenTimesTheLoadIsRefusedInGoodForm(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c = open(t, c.dialect, func(cfg *config.Config) { cfg.Load.InFlight = 4 })
		me, desk := c.as(customerA), c.as(staffNorth)
		var running sync.WaitGroup
		var mu sync.Mutex
		served := 0
		for i := range 40 {
			running.Go(func() {
				who := me
				if i%2 == 0 {
					who = desk
				}
				for range 5 {
					switch a := who.do(`{ viewer { user { id username } } bookings { totalCount } }`); a.status {
					case 200:
						a.ok()
						mu.Lock()
						served++
						mu.Unlock()
					case 503:
						a.refused("OVERLOADED").waits()
					default:
						t.Errorf("%d %s", a.status, a.body)
					}
				}
			})
		}
		running.Wait()
		if served == 0 {
			t.Error("nobody was served")
		}
		me.do(whoAmI).ok()
	})
}
