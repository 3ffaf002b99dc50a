package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// moving asks for another address for the client's account and gives the token.
func (c *clinic) moving(cl *client, from, to string) string {
	c.t.Helper()
	cl.changeEmail(to, vars{"currentPassword": password}).ok().want("changeEmail.accepted", `true`)
	for _, l := range c.mailed() {
		switch {
		case l.to == to && l.subject == subjectNewAddress:
			return l.token(c.t, verifyPage)
		case l.to != from || l.subject != subjectAsked || links.MatchString(l.text):
			c.t.Fatalf("%+v", l)
		}
	}
	c.t.Fatal("no letter to the new address")
	return ""
}

func TestAnAddressChangesOnceTheNewOneIsConfirmed(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		token := c.moving(me, "customer.a@example.org", "Moved@example.org")
		me.do(myAddress).ok().want("viewer.user.email", `"customer.a@example.org"`)
		c.anyone().verifyEmail(token).ok()
		c.onlyMail("customer.a@example.org", subjectChanged)
		me.do(myAddress).ok().want("viewer.user", `{"email":"Moved@example.org","emailVerifiedAt":"2030-01-07T08:00:00Z"}`)
		c.anyone().verifyEmail(token).refused("BAD_USER_INPUT").about("input.token")
		c.anyone().login("moved@example.org", password).ok()
		c.anyone().login("customer.a@example.org", password).refused("INVALID_CREDENTIALS")
	})
}

func TestToAskForAnotherAddressTakesAProofOfWhoAsks(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		me.changeEmail("moved@example.org", vars{"currentPassword": "not the password"}).refused("INVALID_CREDENTIALS")
		me.changeEmail("no address", vars{"currentPassword": password}).refused("BAD_USER_INPUT").about("input.newEmail")
		me.changeEmail("Customer.A@example.org", vars{"currentPassword": password}).refused("BAD_USER_INPUT").about("input.newEmail")
		for _, evil := range []string{"a@example.org\r\nBcc: b@evil.example", "a@example.org, b@evil.example", "B <b@evil.example>", "a@example.org\x00"} {
			me.changeEmail(evil, vars{"currentPassword": password}).refused("BAD_USER_INPUT").about("input.newEmail")
		}
		c.anyone().changeEmail("moved@example.org", vars{"currentPassword": password}).refused("UNAUTHENTICATED")
		c.noMail()
		c.clock.move(5 * time.Minute)
		me.changeEmail("moved@example.org").ok() // signed in five minutes ago
		if n := len(c.mailed()); n != 2 {
			t.Errorf("%d letters", n)
		}
		c.clock.move(time.Microsecond)
		me.changeEmail("moved@example.org").refused("STEP_UP_REQUIRED")
		c.noMail()
	})
}

func TestALinkToAnotherAddressIsVoidOnceThePasswordHasChanged(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		token := c.moving(me, "customer.a@example.org", "moved@example.org")
		me = c.holding(me.newPassword(password, newPassword).ok(), "changePassword")
		c.anyone().verifyEmail(token).refused("BAD_USER_INPUT").about("input.token")
		me.do(myAddress).ok().want("viewer.user.email", `"customer.a@example.org"`)
	})
}

func TestToAskForAnAddressInUseTellsItsOwnerAndNobodyElse(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		free := me.changeEmail("free@example.org", vars{"currentPassword": password}).ok()
		c.mailed()
		taken := me.changeEmail("customer.b@example.org", vars{"currentPassword": password}).ok()
		if free.bytes() != taken.bytes() {
			t.Errorf("%s\ndiffers from %s", taken.body, free.body)
		}
		var got []string
		for _, l := range c.mailed() {
			got = append(got, l.to+": "+l.subject)
		}
		want := []string{"customer.a@example.org: " + subjectAsked, "customer.b@example.org: " + subjectInUse}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		me.changeEmail("third@example.org", vars{"currentPassword": password}).ok()
		me.changeEmail("fourth@example.org", vars{"currentPassword": password}).refused("RATE_LIMITED")
	})
}

func TestOfTwoAccountsThatWantOneAddressOneGetsIt(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		tokens := []string{
			c.moving(c.as(customerA), "customer.a@example.org", "wanted@example.org"),
			c.moving(c.as(customerB), "customer.b@example.org", "WANTED@example.org"),
		}
		answers := together(2, func(i int) *answer { return c.anyone().verifyEmail(tokens[i]) })
		if diff := cmp.Diff(map[string]int{"": 1, "CONFLICT": 1}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
		if n := c.count(`SELECT count(*) FROM users WHERE email_key = 'wanted@example.org'`); n != 1 {
			t.Errorf("%d accounts have it", n)
		}
	})
}

// TestNoRecordHoldsWhatOpensAnAccount looks for the secrets of links in all that
// is kept.
func TestNoRecordHoldsWhatOpensAnAccount(t *testing.T) {
	eachByMail(t, "verified", func(t *testing.T, c *clinic) {
		c.anyone().join("newcomer").ok()
		c.anyone().verifyEmail(c.onlyMail("newcomer@example.org", subjectRegistered).token(t, verifyPage)).ok()
		c.anyone().resetPassword(c.forgotten(), resetPasswordTo).ok()
		c.mailed()
		secrets := append([]string{"argon2id", newPassword, resetPasswordTo, "newcomer@example.org"}, c.secrets...)
		for _, table := range []string{"operation_logs", "audit_logs", "outbox_messages", "one_time_tokens", "session_logs"} {
			columns := c.rows(`SELECT * FROM ` + table)
			for _, row := range columns {
				for _, secret := range secrets {
					if table == "outbox_messages" && secret == "newcomer@example.org" {
						continue // that is where it goes
					}
					if strings.Contains(row, secret) {
						t.Errorf("%s holds %q: %s", table, secret, row)
					}
				}
			}
		}
		if n := c.count(`SELECT count(*) FROM outbox_messages WHERE content_sealed IS NOT NULL`); n != 0 {
			t.Errorf("%d messages that were sent have their content", n)
		}
	})
}

// rows gives all rows of a question as text.
func (c *clinic) rows(question string) (all []string) {
	c.t.Helper()
	found, err := c.app.Store.DB.Read.Query(question)
	if err != nil {
		c.t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		c.t.Fatal(err)
	}
	for found.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := found.Scan(into...); err != nil {
			c.t.Fatal(err)
		}
		var row strings.Builder
		for _, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			fmt.Fprintln(&row, v)
		}
		all = append(all, row.String())
	}
	if err := found.Err(); err != nil {
		c.t.Fatal(err)
	}
	return all
}
