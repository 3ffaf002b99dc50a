package e2e

import (
	"encoding/base32"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/config"
)

func TestASensitiveChangeAsksForAFreshProof(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		c.clock.move(5 * time.Minute)
		boss.grant(customerA, "points:read", true).ok()
		c.clock.move(time.Second)
		stale := boss.grant(customerA, "points:read", false).refused("STEP_UP_REQUIRED")
		if stale.status != 200 || stale.errs[0].Extensions["action"] != "REAUTHENTICATE" {
			t.Errorf("%d %s", stale.status, stale.body)
		}
		boss.assign(customerA, c.roles["doctor"]).refused("STEP_UP_REQUIRED")
		boss.enrol().refused("STEP_UP_REQUIRED")
		// Who may not is told so and not asked.
		late := c.signIn(customerA, password)
		c.clock.move(6 * time.Minute)
		late.assign(customerB, c.roles["doctor"]).refused("FORBIDDEN")
		late.enrol().refused("STEP_UP_REQUIRED")
		late.do(whoAmI).ok()

		boss = c.holding(c.anyone().renew(boss.refresh).ok(), "refreshSession")
		boss.assign(customerA, c.roles["doctor"]).refused("STEP_UP_REQUIRED") // to refresh proves nothing
		boss.reprove(vars{"password": "not the password"}).refused("INVALID_CREDENTIALS")
		boss.reprove(vars{}).refused("BAD_USER_INPUT").about("input")
		c.anyone().reprove(vars{"password": password}).refused("UNAUTHENTICATED")
		fresh := boss.proven(vars{"password": password})
		fresh.assign(customerA, c.roles["doctor"]).ok()
		boss.revoke(customerA, c.roles["doctor"]).refused("STEP_UP_REQUIRED") // the old token says what it said
		boss = c.holding(c.anyone().renew(boss.refresh).ok(), "refreshSession")
		boss.revoke(customerA, c.roles["doctor"]).ok()
		c.as(admin)
		if n := c.count(`SELECT count(*) FROM session_logs WHERE event = 'REAUTHENTICATE'`); n != 1 {
			t.Errorf("%d proofs in the log of sessions", n)
		}
	})
}

func TestAFactorProvesAnewToo(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		p := me.phoneOf()
		c.clock.move(9 * time.Minute)
		me = c.holding(c.anyone().renew(me.refresh).ok(), "refreshSession")
		me.do(`mutation { regenerateRecoveryCodes { recoveryCodes } }`).refused("STEP_UP_REQUIRED")
		me.reprove(vars{"code": "000000"}).refused("INVALID_CREDENTIALS")
		code := p.code()
		c.anyone().complete(c.ticket(customerA), vars{"code": code}).ok()
		me.reprove(vars{"code": code}).refused("INVALID_CREDENTIALS") // it was used to sign in
		fresh := me.proven(vars{"code": p.code(1)})
		d := fresh.deviceOf()
		me.proven(vars{"recoveryCode": p.codes[0]})
		me.proven(vars{"passkey": d.get(c.anyone().ask())})
		d.verified = false
		me.reprove(vars{"passkey": d.get(c.anyone().ask())}).refused("INVALID_CREDENTIALS")
		theirs := c.signIn(customerB, password).deviceOf()
		me.reprove(vars{"passkey": theirs.get(c.anyone().ask())}).refused("INVALID_CREDENTIALS")
	})
}

// TestAFactorIsNotFinishedOnAnUnlockedDevice: what was begun with a fresh proof asks
// for one again when it counts, so that nobody finishes what the owner has begun.
func TestAFactorIsNotFinishedOnAnUnlockedDevice(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		made := me.enrol().ok()
		secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(made.text("enrolTotp.secret"))
		if err != nil {
			t.Fatal(err)
		}
		c.keep(made.text("enrolTotp.secret"))
		p, d := &phone{c: c, id: made.text("enrolTotp.authenticator.id"), secret: secret}, newDevice(t)
		c.clock.move(4 * time.Minute)
		begun := d.create(me.beginPasskey())
		c.clock.move(time.Minute + time.Second)
		me.confirm(p.id, p.code()).refused("STEP_UP_REQUIRED")
		me.finishPasskey(begun).refused("STEP_UP_REQUIRED")
		if n := c.count(`SELECT count(*) FROM authenticators WHERE confirmed_at IS NOT NULL`); n != 0 {
			t.Errorf("%d factors count", n)
		}
		fresh := me.proven(vars{"password": password})
		codes := fresh.finishPasskey(begun).ok().list("finishPasskeyRegistration.recoveryCodes")
		for _, code := range codes {
			c.keep(code.(string))
		}
		fresh.confirm(p.id, p.code()).ok()
	})
}

// requiring is a clinic that asks for a second factor.
func requiring(t *testing.T, d, whom string) *clinic {
	return open(t, d, func(cfg *config.Config) { cfg.Factors.Require = whom })
}

func TestWhatIsHighNeedsASecondFactorWhereItIsRequired(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		c := requiring(t, d, "high")
		boss := c.as(admin)
		boss.do(`{ viewer { secondFactorRequired } users { totalCount } }`).ok().want("viewer.secondFactorRequired", "true")
		boss.assign(customerA, c.roles["doctor"]).refused("FORBIDDEN")
		boss.grant(customerA, "points:read", true).refused("FORBIDDEN")
		c.as(customerA).do(`{ viewer { secondFactorRequired } }`).ok().want("viewer.secondFactorRequired", "false")
		p := boss.phoneOf()
		// The token says what it said; the next one says that a factor was shown.
		boss.assign(customerA, c.roles["doctor"]).refused("FORBIDDEN")
		boss = c.holding(c.anyone().renew(boss.refresh).ok(), "refreshSession")
		boss.assign(customerA, c.roles["doctor"]).ok()
		boss.do(`{ viewer { secondFactorRequired } }`).ok().want("viewer.secondFactorRequired", "false")
		signed := c.holding(c.anyone().complete(c.ticket(admin), vars{"code": p.code()}).ok(), "completeLogin")
		signed.revoke(customerA, c.roles["doctor"]).ok()
		// A new password keeps what the session has shown.
		fresh := c.holding(signed.newPassword(password, newPassword).ok(), "changePassword")
		fresh.grant(customerA, "points:read", true).ok()
	}
}

func TestStaffWithoutASecondFactorDoesNothingWhereItIsRequired(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		c := requiring(t, d, "staff")
		c.as(customerA).do(`{ products { totalCount } viewer { secondFactorRequired } }`).ok().want("viewer.secondFactorRequired", "false")
		desk := c.as(staffNorth)
		desk.do(`{ viewer { secondFactorRequired permissions { name } user { username } } }`).ok().
			want("viewer.secondFactorRequired", "true").want("viewer.permissions", "[]").want("viewer.user.username", `"staff.north"`)
		desk.do(`{ customers { totalCount } }`).refused("FORBIDDEN")
		desk.do(`{ bookings { totalCount } }`).refused("FORBIDDEN")
		d := desk.deviceOf()
		c.holding(c.anyone().passkey(d.get(c.anyone().ask())).ok(), "signInWithPasskey").do(`{ customers { totalCount } }`).ok()
		desk.proven(vars{"passkey": d.get(c.anyone().ask())}).do(`{ customers { totalCount } }`).ok()
	}
}
