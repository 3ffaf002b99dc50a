package e2e

import (
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/config"
)

func TestAnAccountComesIntoBeingWhenItsAddressIsConfirmed(t *testing.T) {
	eachByMail(t, "verified", func(t *testing.T, c *clinic) {
		users := c.count(`SELECT count(*) FROM users`)
		c.anyone().join("newcomer").ok().want("register.session", `null`)
		c.anyone().login("newcomer", newPassword).refused("INVALID_CREDENTIALS")
		l := c.onlyMail("newcomer@example.org", subjectRegistered)
		if n := c.count(`SELECT count(*) FROM users`); n != users {
			t.Errorf("%d users, want %d: there is no account yet", n, users)
		}
		token := l.token(t, verifyPage)
		c.anyone().verifyEmail(token[:len(token)-1] + "A").refused("BAD_USER_INPUT").about("input.token")
		c.anyone().verifyEmail(token).ok().want("verifyEmail.verified", `true`)
		c.anyone().verifyEmail(token).refused("BAD_USER_INPUT").about("input.token")
		me := c.signIn("newcomer", newPassword)
		me.do(`{ viewer { user { username email emailVerifiedAt isCustomer } customers { pointsAccount { balance } } } }`).ok().
			want("viewer.user", `{"email":"newcomer@example.org","emailVerifiedAt":"2030-01-07T08:00:00Z","isCustomer":true,"username":"newcomer"}`).
			want("viewer.customers.0.pointsAccount.balance", `0`)
		c.as(admin).do(`{ auditLogs(where: {event: "EMAIL_VERIFY", actor: "newcomer"}) { totalCount } }`).ok().want("auditLogs.totalCount", `1`)
		c.noMail()
	})
}

func TestARegistrationDoesNotTellWhetherThereIsAnAccount(t *testing.T) {
	eachByMail(t, "verified", func(t *testing.T, c *clinic) {
		free := c.anyone().join("first.try").ok()
		written := func() int { return c.count(`SELECT count(*) FROM operation_logs`) }
		before := written()
		taken := c.anyone().join("second.try", vars{"email": "Customer.A@Example.ORG"}).ok()
		between := written()
		c.anyone().join("third.try").ok()
		if free.bytes() != taken.bytes() {
			t.Errorf("%s\ndiffers from %s", taken.body, free.body)
		}
		// Whoever has the address: one row, sealed. All else is behind the answer.
		if a, b := between-before, written()-between; a != 1 || b != 1 {
			t.Errorf("%d rows for an address in use, %d for a free one", a, b)
		}
		var got []string
		for _, l := range c.mailed() {
			got = append(got, l.to+": "+l.subject)
			if l.subject == subjectInUse && (links.MatchString(l.text) || strings.Contains(l.text, "second.try")) {
				t.Errorf("it tells too much:\n%s", l.text)
			}
		}
		want := []string{"customer.a@example.org: " + subjectInUse, "first.try@example.org: " + subjectRegistered, "third.try@example.org: " + subjectRegistered}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		// A user name may be told: it was chosen.
		c.anyone().join("Customer.A", vars{"email": "fourth@example.org"}).refused("CONFLICT")
		for path, more := range map[string]vars{
			"input.username": {"username": "a@b.example"}, "input.email": {"email": "no address"}, "input.password": {"password": "too short"},
			"input.givenName": {"givenName": "  "}, "input.surname": {"surname": ""},
		} {
			c.anyone().join("fifth", more).refused("BAD_USER_INPUT").about(path)
		}
		c.noMail()
	})
}

func TestNobodyIsFloodedWithRegistrations(t *testing.T) {
	eachByMail(t, "verified", func(t *testing.T, c *clinic) {
		for _, as := range []string{"victim@example.org", "VICTIM@example.org", "Victim@example.org", "victim@EXAMPLE.org", "victim@example.org"} {
			c.anyone().join("somebody", vars{"email": as}).ok()
		}
		if n := len(c.mailed()); n != 3 {
			t.Errorf("%d letters, want 3", n)
		}
		c.clock.move(time.Hour)
		c.anyone().join("somebody", vars{"email": "victim@example.org"}).ok()
		c.onlyMail("victim@example.org", subjectRegistered)
	})
}

func TestOfTwoRegistrationsOfOneNameOrAddressOneIsCompleted(t *testing.T) {
	eachByMail(t, "verified", func(t *testing.T, c *clinic) {
		var tokens []string
		for _, email := range []string{"one@example.org", "two@example.org"} {
			c.anyone().join("popular", vars{"email": email}).ok()
			tokens = append(tokens, c.onlyMail(email, subjectRegistered).token(t, verifyPage))
		}
		answers := together(2, func(i int) *answer { return c.anyone().verifyEmail(tokens[i]) })
		if diff := cmp.Diff(map[string]int{"": 1, "CONFLICT": 1}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
		tokens = nil
		for _, name := range []string{"name.one", "name.two"} {
			c.anyone().join(name, vars{"email": "same@example.org"}).ok()
			tokens = append(tokens, c.onlyMail("same@example.org", subjectRegistered).token(t, verifyPage))
		}
		answers = together(2, func(i int) *answer { return c.anyone().verifyEmail(tokens[i]) })
		if diff := cmp.Diff(map[string]int{"": 1, "CONFLICT": 1}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOfParallelUsesOfARegistrationsLinkOneSucceeds(t *testing.T) {
	eachByMail(t, "verified", func(t *testing.T, c *clinic) {
		c.anyone().join("hasty").ok()
		token := c.onlyMail("hasty@example.org", subjectRegistered).token(t, verifyPage)
		answers := together(8, func(int) *answer { return c.anyone().verifyEmail(token) })
		if diff := cmp.Diff(map[string]int{"": 1, "BAD_USER_INPUT": 7}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestARegistrationThatNobodyConfirmsLapses(t *testing.T) {
	eachByMail(t, "verified", func(t *testing.T, c *clinic) {
		c.anyone().join("late").ok()
		token := c.onlyMail("late@example.org", subjectRegistered).token(t, verifyPage)
		c.clock.move(24 * time.Hour)
		c.anyone().verifyEmail(token).refused("BAD_USER_INPUT").about("input.token")
		if n := c.count(`SELECT count(*) FROM one_time_tokens`); n != 1 {
			t.Errorf("%d tokens", n)
		}
	})
}

func TestALinkWorksUntilItsEnd(t *testing.T) {
	eachByMail(t, "verified", func(t *testing.T, c *clinic) {
		c.anyone().join("timely").ok()
		token := c.onlyMail("timely@example.org", subjectRegistered).token(t, verifyPage)
		c.clock.move(24*time.Hour - time.Microsecond)
		c.anyone().verifyEmail(token).ok()
	})
}

func TestWhereRegistrationIsClosedNobodyRegisters(t *testing.T) {
	eachByMail(t, "closed", func(t *testing.T, c *clinic) {
		c.anyone().join("newcomer").refused("FORBIDDEN")
		c.noMail()
	})
}

func TestWhoIsLetInAtOnceIsAskedToConfirmTheAddress(t *testing.T) {
	eachByMail(t, "immediate", func(t *testing.T, c *clinic) {
		me := c.holding(c.anyone().join("quick").ok(), "register.session")
		first := c.onlyMail("quick@example.org", subjectConfirm).token(t, verifyPage)
		me.do(myAddress).ok().want("viewer.user.emailVerifiedAt", `null`)
		for range 2 {
			me.confirmMe().ok().want("requestEmailVerification.accepted", `true`)
			c.onlyMail("quick@example.org", subjectConfirm)
		}
		me.confirmMe().refused("RATE_LIMITED")
		// A new password does not void it: it opens nothing.
		me = c.holding(me.newPassword(newPassword, "eight green umbrellas").ok(), "changePassword")
		c.onlyMail("quick@example.org", subjectPassword)
		c.anyone().verifyEmail(first).ok()
		me.do(myAddress).ok().want("viewer.user.emailVerifiedAt", `"2030-01-07T08:00:00Z"`)
		me.confirmMe().refused("CONFLICT")
		c.anyone().confirmMe().refused("UNAUTHENTICATED")
	})
}

// TestLinksComeFromTheSettings asks with the Host header of somebody else.
func TestLinksComeFromTheSettings(t *testing.T) {
	eachByMail(t, "verified", func(t *testing.T, c *clinic) {
		forged := c.anyone()
		forged.host, forged.header, forged.value = "evil.example", "X-Forwarded-Host", "evil.example"
		forged.join("target").ok()
		forged.forgot(customerA).ok()
		for _, l := range c.mailed() {
			if strings.Contains(l.text, "evil") || !strings.Contains(l.text, publicURL+"/") {
				t.Errorf("%s", l.text)
			}
		}
	})
}

func TestALinkMayLeadToAnyPageOfTheFrontEnd(t *testing.T) {
	c := open(t, dialect.SQLite, func(cfg *config.Config) {
		cfg.Mail.LinkResetPassword = "https://app.clinic.example/account/reset?code={token}"
	})
	c.anyone().forgot(customerA).ok()
	if l := c.onlyMail("customer.a@example.org", subjectReset); !strings.Contains(l.text, "https://app.clinic.example/account/reset?code=ot_") {
		t.Error(l.text)
	}
}
