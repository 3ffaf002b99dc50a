package e2e

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/ent"
)

func (cl *client) apiToken(name string, scopes ...string) *answer {
	cl.c.t.Helper()
	return cl.apiTokenUntil(name, cl.c.clock.now().Add(30*24*time.Hour), scopes...)
}

func (cl *client) apiTokenUntil(name string, end time.Time, scopes ...string) *answer {
	cl.c.t.Helper()
	if scopes == nil {
		scopes = []string{}
	}
	return cl.do(`mutation createApiToken($in: CreateApiTokenInput!) { createApiToken(input: $in) { token apiToken { id name hint scopes expiresAt lastUsedAt revokedAt } } }`,
		input(vars{"name": name, "scopes": scopes, "expiresAt": end}, nil))
}

func (cl *client) revokeAPIToken(id string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($id: ID!) { revokeApiToken(input: {id: $id}) { apiToken { id revokedAt revokeReason } } }`, vars{"id": id})
}

// program is a client with a token that was made.
func (c *clinic) program(made *answer) *client {
	c.t.Helper()
	p := &client{c: c, token: made.ok().text("createApiToken.token")}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets = append(c.secrets, p.token)
	return p
}

func TestAProgramMayDoWhatItsScopesNameAndItsOwnerMayDo(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(staffNorth)
		made := me.apiToken(" the till ", "booking:read", "product:read", "payment:read").ok().
			want("createApiToken.apiToken.name", `"the till"`).want("createApiToken.apiToken.scopes", `["booking:read","product:read","payment:read"]`)
		if plain := made.text("createApiToken.token"); !regexp.MustCompile(`^cg_[A-Za-z0-9_-]{49}$`).MatchString(plain) ||
			plain[len(plain)-4:] != made.text("createApiToken.apiToken.hint") {
			t.Errorf("token %s", made.body)
		}
		program := c.program(made)
		program.do(`{ bookings { totalCount } products { totalCount } }`).ok()
		program.do(customersOf).refused("FORBIDDEN")
		program.do(`{ viewer { user { id } sessions { id } apiTokens { id } customers { id } permissions { name scope } } }`).ok().
			want("viewer", `{"apiTokens":[],"customers":[],"permissions":[{"name":"product:read","scope":"ANY"},{"name":"booking:read","scope":"UNIT"},{"name":"payment:read","scope":"UNIT"}],"sessions":[],"user":null}`)

		// What the owner loses, the program loses, and gains with nothing.
		c.as(admin).grant(staffNorth, "booking:read", false).ok()
		program.do(`{ bookings { totalCount } }`).refused("FORBIDDEN")
		c.as(admin).ungrant(staffNorth, "booking:read").ok()
		program.do(`{ bookings { totalCount } }`).ok()
		c.as(admin).assign(staffNorth, c.roles["manager"]).ok()
		program.do(`{ users { totalCount } }`).refused("FORBIDDEN")

		me.do(`{ viewer { apiTokens { name hint scopes } } }`).ok().want("viewer.apiTokens.0.name", `"the till"`)
		c.as(admin).do(`{ auditLogs(where: {event: "API_TOKEN_CREATE"}) { edges { node { actor subjectId success } } } }`).ok().
			want("auditLogs.edges.0.node", `{"actor":"staff.north","subjectId":"`+made.text("createApiToken.apiToken.id")+`","success":true}`)
	})
}

func TestATokenThatCannotBeIsNotMade(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		year := opening.AddDate(1, 0, 0)
		me.apiToken("").refused("BAD_USER_INPUT").about("input.name")
		me.apiToken("a\nb", "booking:read").refused("BAD_USER_INPUT").about("input.name")
		me.apiToken("none").refused("BAD_USER_INPUT").about("input.scopes")
		me.apiToken("unknown", "booking:read", "moon:land").refused("BAD_USER_INPUT").about("input.scopes.1")
		me.apiToken("wild", "booking:*").refused("BAD_USER_INPUT").about("input.scopes.0")
		me.apiToken("twice", "booking:read", "booking:read").refused("BAD_USER_INPUT").about("input.scopes.1")
		me.apiToken("more", "audit_log:read").refused("FORBIDDEN")
		me.apiTokenUntil("past", opening, "booking:read").refused("BAD_USER_INPUT").about("input.expiresAt")
		me.apiTokenUntil("long", year.Add(time.Microsecond), "booking:read").refused("BAD_USER_INPUT").about("input.expiresAt")
		me.apiTokenUntil("a year", year, "booking:read").ok()
		c.anyone().apiToken("nobody", "booking:read").refused("UNAUTHENTICATED")

		// Twenty are alive at once, however close the race.
		answers := together(25, func(int) *answer { return me.apiToken("one of many", "booking:read") })
		if diff := cmp.Diff(map[string]int{"": 19, "CONFLICT": 6}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
		for _, a := range answers {
			if a.code() == "" {
				me.revokeAPIToken(a.text("createApiToken.apiToken.id")).ok()
				break
			}
		}
		me.apiToken("after one is gone", "booking:read").ok()
	})
}

func TestATokenEndsAtOnceWithWhateverEndsIt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		ask := `{ products { totalCount } }`
		for name, end := range map[string]func(me *client, id, owner string){
			"revoked by its owner":          func(me *client, id, _ string) { me.revokeAPIToken(id).ok() },
			"revoked by somebody who may":   func(_ *client, id, _ string) { c.as(manager).revokeAPIToken(id).ok() },
			"its owner is locked":           func(_ *client, _, owner string) { boss.state("lockUser", owner).ok() },
			"its owner is closed":           func(_ *client, _, owner string) { boss.state("deactivateUser", owner).ok() },
			"its owner is deleted":          func(_ *client, _, owner string) { boss.state("deleteUser", owner).ok() },
			"its end":                       func(*client, string, string) { c.clock.move(5 * time.Minute) },
			"its owner must set a password": nil,
		} {
			joined := c.anyone().join("owner-" + regexp.MustCompile(`\W`).ReplaceAllString(name, ".")).ok()
			me, owner := c.holding(joined, "register.session"), joined.text("register.session.viewer.user.id")
			made := me.apiTokenUntil("till", c.clock.now().Add(5*time.Minute), "product:read")
			program := c.program(made)
			program.do(ask).ok()
			if end == nil {
				boss.state("requirePasswordChange", owner).ok()
				program.do(ask).refused("PASSWORD_CHANGE_REQUIRED")
				continue
			}
			end(me, made.text("createApiToken.apiToken.id"), owner)
			if a := program.do(ask); a.code() != "UNAUTHENTICATED" || a.status != 401 {
				t.Errorf("%s: %s", name, a.body)
			}
		}
		// Others' tokens are nobody's business.
		made := c.as(customerB).apiToken("till", "product:read").ok()
		c.as(customerA).revokeAPIToken(made.text("createApiToken.apiToken.id")).refused("NOT_FOUND")
		c.as(customerA).revokeAPIToken(missing(ent.TypeApiToken)).refused("NOT_FOUND")
		boss.grant(staffNorth, "session:read", true).ok()
		c.as(staffNorth).revokeAPIToken(made.text("createApiToken.apiToken.id")).refused("FORBIDDEN")

		// What is not a token of ours costs no query.
		plain := made.text("createApiToken.token")
		for _, wrong := range []string{"cg_", plain[:len(plain)-1], plain[:len(plain)-1] + "!", "rt_" + plain[3:], plain + "x"} {
			(&client{c: c, token: wrong}).do(ask).refused("UNAUTHENTICATED")
		}
	})
}

func TestAProgramSignsNobodyInAndChangesNoAccess(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		var all []string
		var me struct {
			Viewer struct{ Permissions []struct{ Name string } }
		}
		held, err := json.Marshal(c.as(admin).do(`{ viewer { permissions { name } } }`).ok().data)
		if err != nil || json.Unmarshal(held, &me) != nil {
			t.Fatal(err)
		}
		for _, p := range me.Viewer.Permissions {
			all = append(all, p.Name)
		}
		program := c.program(c.as(admin).apiToken("everything", all...))
		program.do(customersOf).ok()
		for name, a := range map[string]*answer{
			"changePassword": program.newPassword(password, newPassword),
			"createUser":     program.newUser("another"), "lockUser": program.state("lockUser", customerA),
			"grant": program.grant(customerA, "directory:read", true), "assign": program.assign(customerA, c.roles["staff"]),
			"createRole": program.createRole("another"), "createApiToken": program.apiToken("another", "booking:read"),
			"revokeApiToken": program.revokeAPIToken(missing(ent.TypeApiToken)), "impersonate": program.impersonate(customerA),
			"updateProfile": program.profile(vars{"phone": nil}), "stopImpersonating": program.do(`mutation { stopImpersonating { stopped } }`),
		} {
			if a.code() != "FORBIDDEN" {
				t.Errorf("%s: %s", name, a.body)
			}
		}
	})
}

// TestTheUseOfATokenIsNotedOnceAMinute: not with a write for each request, and not
// as a change that somebody made.
func TestTheUseOfATokenIsNotedOnceAMinute(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		made := me.apiToken("till", "product:read")
		program := c.program(made)
		used := func() string {
			t.Helper()
			s, _ := me.do(`{ viewer { apiTokens { lastUsedAt lastUsedIp version } } }`).ok().
				want("viewer.apiTokens.0.version", `1`).at("viewer.apiTokens.0.lastUsedAt").(string)
			return s
		}
		if got := used(); got != "" {
			t.Errorf("used at %s before it was", got)
		}
		c.clock.move(30*time.Second + time.Microsecond)
		for _, a := range together(10, func(int) *answer { return program.do(`{ products { totalCount } }`) }) {
			a.ok()
		}
		if got := used(); got != "2030-01-07T08:00:00Z" {
			t.Errorf("used at %s", got)
		}
		c.clock.move(30 * time.Second)
		program.do(`{ products { totalCount } }`).ok()
		if got := used(); got != "2030-01-07T08:01:00Z" {
			t.Errorf("used at %s", got)
		}
		me.do(`{ viewer { apiTokens { lastUsedIp } } }`).ok().want("viewer.apiTokens.0.lastUsedIp", `"127.0.0.1"`)
	})
}

func TestAProgramIsToldWhatItMayKnowAndNothingAfterItsEnd(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		made := c.as(customerA).apiToken("till", "booking:read")
		program, other := c.program(made), c.program(c.as(customerB).apiToken("till", "booking:read"))
		s, theirs := program.socket(), other.socket()
		id, none := s.subscribe(`subscription { bookingChanged { id } }`), theirs.subscribe(`subscription { bookingChanged { id } }`)
		booking := c.as(customerA).book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.booking.id")
		s.data(id).want("bookingChanged.id", `"`+booking+`"`)
		next := c.as(customerB).book(c.chat, c.practitioners[doctorNorth], at(10, 0)).ok().text("bookAppointment.booking.id")
		theirs.data(none).want("bookingChanged.id", `"`+next+`"`) // the first that it hears of
		c.as(customerA).revokeAPIToken(made.text("createApiToken.apiToken.id")).ok()
		if code := s.closed(); code != 4401 && code != 4403 {
			t.Errorf("closed with %d", code)
		}
	})
}
