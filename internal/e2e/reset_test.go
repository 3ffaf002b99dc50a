package e2e

import (
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
)

const resetPasswordTo = "nine yellow lanterns"

// forgotten asks for a new password of customer A and gives the link's token.
func (c *clinic) forgotten() string {
	c.t.Helper()
	c.anyone().forgot(customerA).ok().want("requestPasswordReset.accepted", `true`)
	return c.onlyMail("customer.a@example.org", subjectReset).token(c.t, resetPage)
}

func TestAForgottenPasswordIsSetByALinkOnce(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		me, other := c.as(customerA), c.signIn(customerA, password)
		c.arrange(func(client *ent.Client) error {
			return client.User.UpdateOneID(uuid.MustParse(c.users[customerA])).SetMustChangePassword(true).SetLockedUntil(c.clock.now().Add(time.Hour)).Exec(c.system())
		})
		token := c.forgotten()
		// What is refused leaves the link good.
		c.anyone().resetPassword(token, "short").refused("BAD_USER_INPUT").about("input.newPassword")
		c.anyone().resetPassword(token, "customer.a loves lanterns").refused("BAD_USER_INPUT").about("input.newPassword")
		c.anyone().resetPassword(token, password).refused("BAD_USER_INPUT").about("input.newPassword") // as it was
		c.anyone().verifyEmail(token).refused("BAD_USER_INPUT").about("input.token")                   // for another purpose
		c.anyone().resetPassword(token, resetPasswordTo).ok().want("resetPassword.reset", `true`)
		c.anyone().resetPassword(token, "ten yellow lanterns").refused("BAD_USER_INPUT").about("input.token")
		c.onlyMail("customer.a@example.org", subjectPassword)
		for _, old := range []*client{me, other} {
			old.do(whoAmI).refused("UNAUTHENTICATED")
			c.anyone().renew(old.refresh).refused("UNAUTHENTICATED")
		}
		c.anyone().login(customerA, password).refused("INVALID_CREDENTIALS")
		me = c.signIn(customerA, resetPasswordTo)
		me.do(`{ viewer { mustChangePassword user { emailVerifiedAt } } }`).ok().
			want("viewer", `{"mustChangePassword":false,"user":{"emailVerifiedAt":"2030-01-07T08:00:00Z"}}`)
		c.as(admin).do(`{ auditLogs(where: {event: "PASSWORD_RESET"}) { totalCount } }`).ok().want("auditLogs.totalCount", `1`)
	})
}

func TestALinkForANewPasswordLapses(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		token := c.forgotten()
		c.clock.move(15*time.Minute - time.Microsecond)
		c.anyone().resetPassword(token, "short").refused("BAD_USER_INPUT").about("input.newPassword") // good still
		c.clock.move(time.Microsecond)
		c.anyone().resetPassword(token, resetPasswordTo).refused("BAD_USER_INPUT").about("input.token")
		c.signIn(customerA, password)
	})
}

func TestALinkForANewPasswordIsVoidOnceSomethingHasChanged(t *testing.T) {
	for name, change := range map[string]func(*clinic){
		"the password":           func(c *clinic) { c.as(customerA).newPassword(password, newPassword).ok() },
		"the address":            func(c *clinic) { c.set(customerA, func(u *ent.UserUpdateOne) { u.SetEmailKey("x@example.org") }) },
		"the account is locked":  func(c *clinic) { c.set(customerA, func(u *ent.UserUpdateOne) { u.SetIsLocked(true) }) },
		"the account is shut":    func(c *clinic) { c.set(customerA, func(u *ent.UserUpdateOne) { u.SetIsActive(false) }) },
		"the account is deleted": func(c *clinic) { c.set(customerA, func(u *ent.UserUpdateOne) { u.SetDeletedAt(c.clock.now()) }) },
	} {
		t.Run(name, func(t *testing.T) {
			eachByMail(t, "", func(t *testing.T, c *clinic) {
				token := c.forgotten()
				change(c)
				c.anyone().resetPassword(token, resetPasswordTo).refused("BAD_USER_INPUT").about("input.token")
			})
		})
	}
}

// set changes an account behind the server's back.
func (c *clinic) set(login string, change func(*ent.UserUpdateOne)) {
	c.t.Helper()
	c.arrange(func(client *ent.Client) error {
		update := client.User.UpdateOneID(uuid.MustParse(c.users[login]))
		change(update)
		return update.Exec(c.system())
	})
}

func TestAskingForANewPasswordTellsNothingAboutAccounts(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		c.set(customerB, func(u *ent.UserUpdateOne) { u.SetIsActive(false) })
		c.set(staffNorth, func(u *ent.UserUpdateOne) { u.SetIsLocked(true) })
		known := c.anyone().forgot(customerA).ok()
		written := func() int { return c.count(`SELECT count(*) FROM operation_logs`) }
		for _, login := range []string{"nobody.at.all", "nobody@example.org", customerB, staffNorth, "customer.a@EXAMPLE.org", "\x00'; --"} {
			before := written()
			a := c.anyone().forgot(login).ok()
			if a.bytes() != known.bytes() {
				t.Errorf("%q: %s\ndiffers from %s", login, a.body, known.body)
			}
			if n := written() - before; n != 1 {
				t.Errorf("%q: %d rows were written", login, n)
			}
		}
		all := c.mailed()
		if len(all) != 2 || all[0].to != "customer.a@example.org" || all[1].to != "customer.a@example.org" {
			t.Errorf("%+v", all)
		}
		c.anyone().forgot("").refused("BAD_USER_INPUT").about("input.login")
	})
}

func TestNobodyIsFloodedWithLinks(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		for range 5 {
			c.anyone().forgot(customerA).ok()
		}
		if n := len(c.mailed()); n != 3 {
			t.Errorf("%d letters, want 3", n)
		}
		c.clock.move(time.Hour)
		c.forgotten()
	})
}

func TestAnAddressOfTheNetworkAsksThirtyTimesAnHour(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		answers := together(35, func(int) *answer { return c.anyone().forgot("nobody") })
		if diff := cmp.Diff(map[string]int{"": 30, "RATE_LIMITED": 5}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
		c.clock.move(2 * time.Minute)
		c.anyone().forgot("nobody").ok()
		c.anyone().forgot("nobody").refused("RATE_LIMITED")
	})
}

func TestOfParallelUsesOfOneLinkOneSucceeds(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		token := c.forgotten()
		answers := together(8, func(int) *answer { return c.anyone().resetPassword(token, resetPasswordTo) })
		if diff := cmp.Diff(map[string]int{"": 1, "BAD_USER_INPUT": 7}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestOfTwoLinksTheSecondIsVoid uses both at once: either of them changes what
// the other rests on.
func TestOfTwoLinksUsedAtOnceOneSucceeds(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		tokens := []string{c.forgotten(), c.forgotten()}
		answers := together(2, func(i int) *answer { return c.anyone().resetPassword(tokens[i], resetPasswordTo) })
		if diff := cmp.Diff(map[string]int{"": 1, "BAD_USER_INPUT": 1}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestTwoServersSendEachLetterOnce has a second server of the same data at work.
func TestTwoServersSendEachLetterOnce(t *testing.T) {
	c := open(t, dialect.Postgres)
	second := c.twin()
	for _, login := range []string{customerA, customerB, doctorNorth, staffNorth, manager} {
		c.anyone().forgot(login).ok()
	}
	var all sync.WaitGroup
	for _, server := range []*clinic{c, second, c, second} {
		all.Go(func() {
			if _, err := server.app.Mail.Deliver(server.t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	seen := map[string]int{}
	for _, l := range append(c.mailed(), second.mailed()...) {
		seen[l.to]++
	}
	if diff := cmp.Diff(map[string]int{"customer.a@example.org": 1, "customer.b@example.org": 1, "doctor.north@example.org": 1, "staff.north@example.org": 1, "manager.one@example.org": 1}, seen); diff != "" {
		t.Error(diff)
	}
}
