package e2e

import (
	"encoding/base64"
	"maps"
	"math"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/config"
)

func (cl *client) beginPasskey() any {
	cl.c.t.Helper()
	return cl.do(`mutation { beginPasskeyRegistration { options } }`).ok().at("beginPasskeyRegistration.options")
}

func (cl *client) finishPasskey(passkey any) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: FinishPasskeyRegistrationInput!) { finishPasskeyRegistration(input: $in) { authenticator { id kind name confirmedAt } recoveryCodes } }`,
		input(vars{"passkey": passkey, "name": "My key"}, nil))
}

// ask begins a sign-in with a passkey; with a ticket, as a second factor.
func (cl *client) ask(ticket ...string) any {
	cl.c.t.Helper()
	in := vars{}
	if len(ticket) > 0 {
		in["ticket"] = ticket[0]
	}
	return cl.do(`mutation($in: BeginPasskeySignInInput) { beginPasskeySignIn(input: $in) { options } }`, vars{"in": in}).ok().at("beginPasskeySignIn.options")
}

func (cl *client) passkey(passkey any) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: SignInWithPasskeyInput!) { signInWithPasskey(input: $in) { accessToken accessTokenExpiresAt refreshToken viewer { user { username } sessions { amr } } } }`,
		input(vars{"passkey": passkey, "deviceName": "story"}, nil))
}

// deviceOf registers a passkey of the client.
func (cl *client) deviceOf() *device {
	cl.c.t.Helper()
	d := newDevice(cl.c.t)
	done := cl.finishPasskey(d.create(cl.beginPasskey())).ok()
	if codes, ok := done.at("finishPasskeyRegistration.recoveryCodes").([]any); ok {
		for _, code := range codes {
			cl.c.keep(code.(string))
		}
	}
	return d
}

func TestAPasskeySignsInAlone(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		options := me.beginPasskey().(map[string]any)
		want := map[string]any{"requireResidentKey": true, "residentKey": "required", "userVerification": "required"}
		if diff := cmp.Diff(want, options["authenticatorSelection"]); diff != "" {
			t.Error(diff)
		}
		d := me.deviceOf()
		fresh := c.anyone().passkey(d.get(c.anyone().ask())).ok().
			want("signInWithPasskey.viewer.user.username", `"customer.a"`).
			want("signInWithPasskey.viewer.sessions.0.amr", `["hwk","user","mfa"]`)
		c.holding(fresh, "signInWithPasskey").do(whoAmI).ok()
		if c.anyone().ask().(map[string]any)["allowCredentials"] != nil {
			t.Error("whoever asks is told of credentials")
		}
		// The device is known, and not registered twice.
		excluded, _ := me.beginPasskey().(map[string]any)["excludeCredentials"].([]any)
		if len(excluded) != 1 {
			t.Errorf("%d known devices", len(excluded))
		}
		other := c.as(customerB)
		again := *d
		other.finishPasskey(again.create(other.beginPasskey())).refused("CONFLICT")
	})
}

func TestARegistrationIsForWhoBeganItOnceAndInTime(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		c.as(customerB).finishPasskey(newDevice(t).create(me.beginPasskey())).refused("INVALID_CREDENTIALS")
		mixed := maps.Clone(me.beginPasskey().(map[string]any))
		mixed["challenge"] = c.anyone().ask().(map[string]any)["challenge"] // of a sign-in
		me.finishPasskey(newDevice(t).create(mixed)).refused("INVALID_CREDENTIALS")
		late, inTime := me.beginPasskey(), me.beginPasskey()
		c.clock.move(5*time.Minute - time.Second)
		made := newDevice(t).create(inTime)
		me.finishPasskey(made).ok()
		me.finishPasskey(made).refused("INVALID_CREDENTIALS")
		c.clock.move(time.Second)
		me.finishPasskey(newDevice(t).create(late)).refused("INVALID_CREDENTIALS")
	})
}

func TestAPasskeyOfAnotherPlaceOrTimeIsRefused(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		d := me.deviceOf()
		options := c.anyone().ask()
		for name, lie := range map[string]func(*device) any{
			"another relying party": func(d *device) any { d.rpID = "evil.example"; return d.get(c.anyone().ask()) },
			"another origin":        func(d *device) any { d.origin = "http://evil.example:8080"; return d.get(c.anyone().ask()) },
			"another port":          func(d *device) any { d.origin = "http://localhost:9999"; return d.get(c.anyone().ask()) },
			"an invented challenge": func(d *device) any { return d.get(map[string]any{"challenge": b64(make([]byte, 32))}) },
			"a challenge to register": func(d *device) any {
				return d.get(me.beginPasskey())
			},
			"a challenge to somebody else": func(d *device) any {
				return d.get((&client{c: c, header: "User-Agent", value: "another browser"}).ask())
			},
			"a challenge that ends later": func(d *device) any {
				options := c.anyone().ask().(map[string]any)
				raw, err := base64.RawURLEncoding.DecodeString(options["challenge"].(string))
				if err != nil {
					t.Fatal(err)
				}
				raw[16+8-1]++
				return d.get(map[string]any{"challenge": b64(raw)})
			},
			"no user verification": func(d *device) any { d.verified = false; return d.get(c.anyone().ask()) },
			"another key":          func(d *device) any { d.key = newDevice(t).key; return d.get(c.anyone().ask()) },
			"an unknown key":       func(d *device) any { d.id = newDevice(t).id; return d.get(c.anyone().ask()) },
			"another user":         func(d *device) any { d.handle = make([]byte, 16); return d.get(c.anyone().ask()) },
			"no user":              func(d *device) any { d.handle = nil; return d.get(c.anyone().ask()) },
			"another's signature": func(d *device) any {
				answer := d.get(c.anyone().ask())
				forged := maps.Clone(answer["response"].(vars))
				forged["signature"] = d.get(c.anyone().ask())["response"].(vars)["signature"]
				answer["response"] = forged
				return answer
			},
		} {
			copied := *d
			if a := c.anyone().passkey(lie(&copied)); a.code() != "INVALID_CREDENTIALS" {
				t.Errorf("%s: %s", name, a.body)
			}
		}
		for _, nonsense := range []any{vars{}, vars{"id": "x"}, vars{"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "response": vars{}}} {
			c.anyone().passkey(nonsense).refused("BAD_USER_INPUT").about("input.passkey")
			me.finishPasskey(nonsense).refused("BAD_USER_INPUT").about("input.passkey")
		}
		// A device that is known may change its address, and need not be known at first.
		known := &client{c: c, device: c.anyone().login(customerB, password).ok().text("login.deviceToken")}
		moved := &client{c: c, device: known.device, header: "User-Agent", value: "another browser"}
		d.counter += 100
		moved.passkey(d.get(known.ask())).ok()
		known.passkey(d.get(c.anyone().ask())).ok()
		c.anyone().passkey(d.get(known.ask())).refused("INVALID_CREDENTIALS")
		// Once, and in time.
		d.counter += 100
		answer := d.get(options)
		c.anyone().passkey(answer).ok()
		c.anyone().passkey(answer).refused("INVALID_CREDENTIALS")
		late, inTime := c.anyone().ask(), c.anyone().ask()
		c.clock.move(5*time.Minute - time.Second)
		c.anyone().passkey(d.get(inTime)).ok()
		c.clock.move(time.Second)
		c.anyone().passkey(d.get(late)).refused("INVALID_CREDENTIALS")
	})
}

// A key that may be copied to others of its owner's counts nothing: the challenge
// alone keeps its answer from being used twice.
func TestOfParallelAnswersToOneChallengeOneWins(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		servers := []*clinic{c}
		if c.dialect == dialect.Postgres {
			servers = append(servers, c.another(false))
		}
		for login, send := range map[string]func(server *clinic, ticket string, answer any) *answer{
			customerA: func(server *clinic, _ string, shown any) *answer { return server.anyone().passkey(shown) },
			customerB: func(server *clinic, ticket string, shown any) *answer {
				return server.anyone().complete(ticket, vars{"passkey": shown})
			},
		} {
			d := c.as(login).deviceOf()
			tickets := []string{c.ticket(login), c.ticket(login), c.ticket(login)}
			d.counter = math.MaxUint32 // and the next is 0
			shown := d.get(c.anyone().ask())
			answers := together(12, func(i int) *answer { return send(servers[i%len(servers)], tickets[i%len(tickets)], shown) })
			got := outcomes(answers) // the ticket of the one that wins is gone for those that come later
			if got[""] != 1 || got["INVALID_CREDENTIALS"]+got["UNAUTHENTICATED"] != 11 {
				t.Errorf("%s: %v", login, got)
			}
		}
		c.as(admin).do(`{ auditLogs(where: {event: "PASSKEY_CLONE_SUSPECTED"}) { totalCount } }`).ok().want("auditLogs.totalCount", "0")
	})
}

// Strangers cannot fill the records.
func TestWhoAsksForAPasskeyLeavesNothingBehind(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := c.as(customerA).deviceOf()
		ticket := c.ticket(customerA)
		rows := func() (n int) {
			for _, table := range []string{"one_time_tokens", "operation_logs", "audit_logs", "session_logs", "rate_limit_logs"} {
				n += c.count(`SELECT count(*) FROM ` + table)
			}
			return n
		}
		before := rows()
		var shown []any
		for range 10 {
			shown = append(shown, d.get(c.anyone().ask()), d.get(c.anyone().ask(ticket)))
		}
		if n := rows() - before; n != 0 {
			t.Errorf("%d rows", n)
		}
		// One that is wrong leaves what a wrong password leaves, and is not used up.
		wrong := maps.Clone(shown[18].(vars))
		response := maps.Clone(wrong["response"].(vars))
		response["signature"] = b64([]byte("no signature"))
		wrong["response"] = response
		tokens := c.count(`SELECT count(*) FROM one_time_tokens`)
		c.anyone().passkey(wrong).refused("INVALID_CREDENTIALS")
		if n := c.count(`SELECT count(*) FROM one_time_tokens`) - tokens; n != 0 {
			t.Errorf("%d tokens", n)
		}
		c.anyone().passkey(shown[18]).ok()
		c.anyone().complete(ticket, vars{"passkey": shown[19]}).ok()
	})
}

func TestACopiedPasskeyIsRefusedAndOnRecord(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := c.as(customerA).deviceOf()
		d.counter = 10
		c.anyone().passkey(d.get(c.anyone().ask())).ok()
		for _, counter := range []uint32{3, 10} { // get counts one up
			d.counter = counter
			d.counter--
			c.anyone().passkey(d.get(c.anyone().ask())).refused("INVALID_CREDENTIALS")
		}
		c.as(admin).do(`{ auditLogs(where: {event: "PASSKEY_CLONE_SUSPECTED"}) { totalCount } }`).ok().want("auditLogs.totalCount", "2")
		d.counter = 11
		c.anyone().passkey(d.get(c.anyone().ask())).ok()
	})
}

func TestAPasskeyIsASecondFactor(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		mine, theirs := c.as(customerA).deviceOf(), c.as(customerB).deviceOf()
		ticket := c.ticket(customerA)
		options := c.anyone().ask(ticket)
		allowed := options.(map[string]any)["allowCredentials"].([]any)
		if len(allowed) != 1 || allowed[0].(map[string]any)["id"] != b64(mine.id) {
			t.Errorf("%v", allowed)
		}
		c.anyone().do(`mutation { beginPasskeySignIn(input: {ticket: "x"}) { options } }`).refused("UNAUTHENTICATED")
		c.anyone().complete(ticket, vars{"passkey": theirs.get(options)}).refused("INVALID_CREDENTIALS")
		// What answers as a second factor need not have verified its user: alone it
		// does not sign in.
		mine.verified = false
		c.anyone().passkey(mine.get(c.anyone().ask(ticket))).refused("INVALID_CREDENTIALS")
		done := c.anyone().complete(ticket, vars{"passkey": mine.get(c.anyone().ask(ticket))}).ok()
		c.holding(done, "completeLogin").do(`{ viewer { sessions { amr } } }`).ok().want("viewer.sessions.0.amr", `["pwd","hwk","user","mfa"]`)
	})
}

func TestPasskeysAreForThePublicAddress(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		c := open(t, d, func(cfg *config.Config) {
			cfg.Server.PublicURL, cfg.Server.AllowedOrigins = "https://clinic.example", []string{"https://app.clinic.example", "https://other.example"}
		})
		me, key := c.as(customerA), newDevice(t)
		key.rpID = "clinic.example"
		for origin, want := range map[string]string{"https://other.example": "INVALID_CREDENTIALS", "http://localhost:8080": "INVALID_CREDENTIALS", "https://app.clinic.example": ""} {
			key.origin = origin
			if a := me.finishPasskey(key.create(me.beginPasskey())); a.code() != want {
				t.Errorf("%s: %s", origin, a.body)
			}
		}
		nowhere := open(t, d, func(cfg *config.Config) { cfg.Server.PublicURL = "http://127.0.0.1:8080" })
		nowhere.as(customerA).do(`mutation { beginPasskeyRegistration { options } }`).refused("FORBIDDEN")
		nowhere.anyone().do(`mutation { beginPasskeySignIn { options } }`).refused("FORBIDDEN")
	}
}
