package e2e

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// phone is an app that shows codes.
type phone struct {
	c      *clinic
	id     string
	secret []byte
	codes  []string // recovery codes
}

// code is what the app shows now, or steps later.
func (p *phone) code(steps ...int) string {
	step := uint64(p.c.clock.now().Unix() / 30)
	for _, s := range steps {
		step += uint64(s)
	}
	mac := hmac.New(sha1.New, p.secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, step))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

func (cl *client) enrol() *answer {
	cl.c.t.Helper()
	return cl.do(`mutation { enrolTotp(input: {name: "My phone"}) { authenticator { id kind name confirmedAt } secret uri } }`)
}

func (cl *client) confirm(id, code string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: ConfirmTotpInput!) { confirmTotp(input: $in) { authenticator { id confirmedAt } recoveryCodes } }`, input(vars{"id": id, "code": code}, nil))
}

// phoneOf enrols an app for the client, and lets its first code pass.
func (cl *client) phoneOf() *phone {
	cl.c.t.Helper()
	made := cl.enrol().ok()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(made.text("enrolTotp.secret"))
	if err != nil {
		cl.c.t.Fatal(err)
	}
	p := &phone{c: cl.c, id: made.text("enrolTotp.authenticator.id"), secret: secret}
	done := cl.confirm(p.id, p.code()).ok()
	if codes, ok := done.at("confirmTotp.recoveryCodes").([]any); ok {
		for _, code := range codes {
			p.codes = append(p.codes, code.(string))
		}
	}
	cl.c.keep(append(p.codes, made.text("enrolTotp.secret"))...)
	cl.c.clock.move(time.Minute)
	return p
}

// keep says what must never be written down.
func (c *clinic) keep(secrets ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets = append(c.secrets, secrets...)
}

// ticket signs in with the password and gets the ticket for the second factor.
func (c *clinic) ticket(login string) string {
	c.t.Helper()
	a := c.anyone().login(login, password).refused("SECOND_FACTOR_REQUIRED")
	ticket, _ := a.errs[0].Extensions["ticket"].(string)
	if ticket == "" || a.errs[0].Extensions["action"] != "SECOND_FACTOR" || a.status != 200 {
		c.t.Fatalf("no ticket (%d): %s", a.status, a.body)
	}
	c.keep(ticket)
	return ticket
}

func (cl *client) complete(ticket string, factor vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: CompleteLoginInput!) { completeLogin(input: $in) { accessToken accessTokenExpiresAt refreshToken viewer { user { username } } } }`,
		input(vars{"ticket": ticket, "deviceName": "story"}, []vars{factor}))
}

func (cl *client) reprove(proof vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: ReauthenticateInput!) { reauthenticate(input: $in) { accessToken accessTokenExpiresAt viewer { user { username } secondFactorRequired } } }`,
		vars{"in": proof})
}

// proven is the client after it has proven anew who it is.
func (cl *client) proven(proof vars) *client {
	cl.c.t.Helper()
	token := cl.reprove(proof).ok().text("reauthenticate.accessToken")
	cl.c.keep(token)
	return &client{c: cl.c, token: token, refresh: cl.refresh}
}

func TestAnAppIsEnrolledAndAskedForAtEachSignIn(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		c.anyone().enrol().refused("UNAUTHENTICATED")
		made := me.enrol().ok().want("enrolTotp.authenticator.confirmedAt", "null").want("enrolTotp.authenticator.kind", `"TOTP"`)
		if uri := made.text("enrolTotp.uri"); !strings.HasPrefix(uri, "otpauth://totp/ClinicGraph:customer.a?") {
			t.Error(uri)
		}
		// Before it is confirmed it counts for nothing, and an earlier one is forgotten.
		c.anyone().login(customerA, password).ok()
		first := made.text("enrolTotp.authenticator.id")
		again := me.enrol().ok()
		me.confirm(first, "000000").refused("NOT_FOUND")
		id := again.text("enrolTotp.authenticator.id")
		c.as(customerB).confirm(id, "000000").refused("NOT_FOUND")
		me.confirm(id, "not a code").refused("INVALID_CREDENTIALS")
		c.anyone().login(customerA, password).ok()

		p := me.phoneOf()
		if len(p.codes) != 10 {
			t.Errorf("%d recovery codes", len(p.codes))
		}
		me.confirm(p.id, p.code()).refused("NOT_FOUND")
		me.do(`{ viewer { authenticators { kind name } recoveryCodesLeft } }`).ok().
			want("viewer.authenticators", `[{"kind":"TOTP","name":"My phone"}]`).want("viewer.recoveryCodesLeft", "10")

		asked := c.anyone().login(customerA, password).refused("SECOND_FACTOR_REQUIRED")
		if diff := cmp.Diff([]any{"TOTP", "RECOVERY_CODE"}, asked.errs[0].Extensions["factors"]); diff != "" {
			t.Error(diff)
		}
		c.anyone().login(customerA, "not the password").refused("INVALID_CREDENTIALS")
		ticket := c.ticket(customerA)
		// A ticket is no token.
		(&client{c: c, token: ticket}).do(whoAmI).refused("UNAUTHENTICATED")
		c.anyone().renew(ticket).refused("UNAUTHENTICATED")
		fresh := c.holding(c.anyone().complete(ticket, vars{"code": p.code()}).ok(), "completeLogin")
		fresh.do(whoAmI).ok().want("viewer.user.username", `"customer.a"`)
		c.anyone().complete(ticket, vars{"code": p.code(1)}).refused("UNAUTHENTICATED")
		fresh.do(`{ viewer { sessions { amr } } }`).ok().want("viewer.sessions.0.amr", `["pwd","otp","mfa"]`)
		c.as(admin).do(`{ auditLogs(where: {event: "LOGIN_FACTOR_ASKED"}) { totalCount } added: auditLogs(where: {event: "FACTOR_ADD"}) { totalCount } }`).ok().
			want("auditLogs.totalCount", "2").want("added.totalCount", "1")
	})
}

func TestACodeIsGoodOnceAndForItsTime(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		p := c.as(customerA).phoneOf()
		for name, code := range map[string]string{"two steps old": p.code(-2), "two steps ahead": p.code(2), "empty": "", "a word": "abcdef"} {
			if a := c.anyone().complete(c.ticket(customerA), vars{"code": code}); a.code() != "INVALID_CREDENTIALS" {
				t.Errorf("%s: %s", name, a.body)
			}
		}
		code := p.code(-1)
		c.anyone().complete(c.ticket(customerA), vars{"code": code}).ok()
		c.anyone().complete(c.ticket(customerA), vars{"code": code}).refused("INVALID_CREDENTIALS")
		c.anyone().complete(c.ticket(customerA), vars{"code": p.code(1)}).ok()
		// What is later has been taken: an earlier code is good no more.
		c.anyone().complete(c.ticket(customerA), vars{"code": p.code()}).refused("INVALID_CREDENTIALS")
	})
}

func TestATicketIsGoodForFiveMinutesFiveTriesAndItsDevice(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		p := c.as(customerA).phoneOf()
		late := c.ticket(customerA)
		c.clock.move(5*time.Minute - time.Second)
		inTime := c.ticket(customerA)
		c.clock.move(time.Second)
		c.anyone().complete(late, vars{"code": p.code()}).refused("UNAUTHENTICATED")
		elsewhere := &client{c: c, header: "User-Agent", value: "another program"}
		elsewhere.complete(inTime, vars{"code": p.code()}).refused("UNAUTHENTICATED")
		c.anyone().complete(inTime, vars{"code": p.code()}).ok()

		for _, bad := range []string{"", "x", inTime[:len(inTime)-1], inTime + "x", c.as(customerB).refresh} {
			c.anyone().complete(bad, vars{"code": p.code(1)}).refused("UNAUTHENTICATED")
		}
		for _, factors := range []vars{{}, {"code": "1", "recoveryCode": "2"}} {
			c.anyone().complete(inTime, factors).refused("BAD_USER_INPUT").about("input")
		}
		c.clock.move(time.Hour)
		tried := c.ticket(customerA)
		for range 4 {
			c.anyone().complete(tried, vars{"code": "000000"}).refused("INVALID_CREDENTIALS")
			c.clock.move(20 * time.Second)
		}
		c.anyone().complete(tried, vars{"code": "000000"}).refused("INVALID_CREDENTIALS")
		c.anyone().complete(tried, vars{"code": p.code()}).refused("UNAUTHENTICATED")
	})
}

// An account that is shut between the steps, or before a passkey answers, stays shut.
func TestNoFactorOpensAShutAccount(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		p := c.as(customerA).phoneOf()
		d := c.as(customerA).deviceOf()
		for shut, opened := range map[string]string{"lockUser": "unlockUser", "deactivateUser": "reactivateUser"} {
			ticket, asked := c.ticket(customerA), c.anyone().ask()
			c.as(admin).state(shut, customerA).ok()
			c.anyone().complete(ticket, vars{"code": p.code()}).refused("UNAUTHENTICATED")
			c.anyone().passkey(d.get(asked)).refused("INVALID_CREDENTIALS")
			c.as(admin).state(opened, customerA).ok()
			c.anyone().complete(c.ticket(customerA), vars{"code": p.code()}).ok()
			c.anyone().passkey(d.get(c.anyone().ask())).ok()
			c.clock.move(time.Minute)
		}
		asked := c.anyone().ask()
		c.signIn(admin, password).state("deleteUser", customerA).ok()
		c.anyone().passkey(d.get(asked)).refused("INVALID_CREDENTIALS")
	})
}

func TestAnAppThatIsNotConfirmedOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		first := me.phoneOf()
		secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(me.enrol().ok().text("enrolTotp.secret"))
		if err != nil {
			t.Fatal(err)
		}
		second := &phone{c: c, secret: secret}
		c.anyone().complete(c.ticket(customerA), vars{"code": second.code()}).refused("INVALID_CREDENTIALS")
		c.anyone().complete(c.ticket(customerA), vars{"code": first.code()}).ok()
	})
}

func TestAuthenticatorsAreTheirOwnersAndAtMostTen(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		p := me.phoneOf()
		rename := `mutation($id: ID!) { renameAuthenticator(input: {id: $id, name: "Another name"}) { authenticator { name user { username } } } }`
		c.as(customerB).do(rename, vars{"id": p.id}).refused("NOT_FOUND")
		c.as(admin).do(rename, vars{"id": p.id}).refused("NOT_FOUND")
		me.do(rename, vars{"id": p.id}).ok().want("renameAuthenticator.authenticator.name", `"Another name"`)
		asked := me.beginPasskey() // while there is room
		for range 8 {
			me.deviceOf()
		}
		tenth := newDevice(t)
		me.finishPasskey(tenth.create(me.beginPasskey())).ok()
		me.enrol().refused("CONFLICT")
		me.do(`mutation { beginPasskeyRegistration { options } }`).refused("CONFLICT")
		me.finishPasskey(newDevice(t).create(asked)).refused("CONFLICT")
	})
}

func TestANewPasswordBetweenTheStepsEndsTheSignIn(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		p := me.phoneOf()
		ticket := c.ticket(customerA)
		me.newPassword(password, newPassword).ok()
		c.anyone().complete(ticket, vars{"code": p.code()}).refused("UNAUTHENTICATED")
	})
}

func TestARecoveryCodeStandsInOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		p := me.phoneOf()
		c.anyone().complete(c.ticket(customerA), vars{"recoveryCode": strings.ToUpper(p.codes[0])}).ok()
		c.anyone().complete(c.ticket(customerA), vars{"recoveryCode": p.codes[0]}).refused("INVALID_CREDENTIALS")
		me.do(`{ viewer { recoveryCodesLeft } }`).ok().want("viewer.recoveryCodesLeft", "9")
		other := c.as(customerB).phoneOf()
		c.anyone().complete(c.ticket(customerA), vars{"recoveryCode": other.codes[0]}).refused("INVALID_CREDENTIALS")

		renewed := me.do(`mutation { regenerateRecoveryCodes { recoveryCodes } }`).ok().list("regenerateRecoveryCodes.recoveryCodes")
		c.keep(renewed[0].(string))
		c.anyone().complete(c.ticket(customerA), vars{"recoveryCode": p.codes[1]}).refused("INVALID_CREDENTIALS")
		c.anyone().complete(c.ticket(customerA), vars{"recoveryCode": renewed[0]}).ok()
		c.as(staffNorth).do(`mutation { regenerateRecoveryCodes { recoveryCodes } }`).refused("CONFLICT")

		// With the last authenticator everything goes.
		me = me.proven(vars{"password": password})
		remove := `mutation($id: ID!) { removeAuthenticator(input: {id: $id}) { removed } }`
		c.as(customerB).do(remove, vars{"id": p.id}).refused("NOT_FOUND")
		me.do(remove, vars{"id": p.id}).ok()
		me.do(`{ viewer { authenticators { id } recoveryCodesLeft } }`).ok().want("viewer.recoveryCodesLeft", "0")
		c.anyone().login(customerA, password).ok()
	})
}

func TestOfParallelUsesOfOneFactorOneWins(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		p := c.as(customerA).phoneOf()
		for name, show := range map[string]func() vars{
			"code":          func() vars { return vars{"code": p.code()} },
			"recovery code": func() vars { return vars{"recoveryCode": p.codes[0]} },
		} {
			factor, tickets := show(), make([]string, 4)
			for i := range tickets {
				tickets[i] = c.ticket(customerA)
			}
			answers := together(len(tickets), func(i int) *answer { return c.anyone().complete(tickets[i], factor) })
			if n := outcomes(answers)[""]; n != 1 {
				t.Errorf("%s: %d sessions: %v", name, n, outcomes(answers))
			}
			c.clock.move(time.Hour)
		}
		ticket := c.ticket(customerA)
		answers := together(4, func(i int) *answer { return c.anyone().complete(ticket, vars{"recoveryCode": p.codes[1+i]}) })
		if n := outcomes(answers)[""]; n != 1 {
			t.Errorf("one ticket: %d sessions: %v", n, outcomes(answers))
		}
	})
}

// TestParallelGuessesGetNoFreeTries sends 200 codes at once. Of one ticket at
// most five are looked at; and what is charged to the account stays charged.
func TestParallelGuessesGetNoFreeTries(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		p := c.as(customerA).phoneOf()
		ticket := c.ticket(customerA)
		right := p.code()
		answers := together(200, func(i int) *answer {
			code := fmt.Sprintf("%06d", i)
			if code == right {
				code = "999999"
			}
			return c.anyone().complete(ticket, vars{"code": code})
		})
		if n := outcomes(answers)[""]; n != 0 {
			t.Fatalf("%d guesses were right", n)
		}
		if n := c.count(`SELECT attempts FROM one_time_tokens WHERE purpose = 'SECOND_FACTOR' AND used_at IS NULL ORDER BY attempts DESC LIMIT 1`); n > 5 {
			t.Errorf("%d codes were looked at", n)
		}
		// The right one comes too late: for this ticket, and for the account.
		if a := c.anyone().complete(ticket, vars{"code": right}); a.code() == "" {
			t.Error("the ticket is still good")
		}
		if a := c.anyone().login(customerA, password); a.code() == "" || a.code() == "SECOND_FACTOR_REQUIRED" {
			t.Errorf("the account is not blocked: %s", a.body)
		}
	})
}
