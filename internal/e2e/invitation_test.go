package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/config"
	"clinicgraph/internal/mailtest"
)

// newDesk is the address of the account that the manager makes in these stories.
const newDesk = "new.desk@example.org"

// invited makes that account and gives its id.
func (c *clinic) invited() (id string) {
	c.t.Helper()
	return c.as(manager).newUser("new.desk", vars{"unitId": c.north, "roleIds": []string{c.roles["staff"]}}).ok().text("createUser.user.id")
}

// invitation is the token of the letter that invites to it.
func (c *clinic) invitation() string {
	c.t.Helper()
	return c.onlyMail(newDesk, subjectInvited).token(c.t, resetPage)
}

func TestWhoIsGivenAnAccountSetsThePasswordByMailAndHasNoneUntilThen(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		c = c.behindProxy(publicAt)
		c.invited()
		l := c.onlyMail(newDesk, subjectInvited)
		for _, say := range []string{"Your user name is new.desk.", "for seven days, once"} {
			if !strings.Contains(l.text, say) {
				t.Errorf("%q is not said in\n%s", say, l.text)
			}
		}
		token := l.token(t, resetPage)

		// As a wrong password is answered, after the same work.
		wrong := c.stranger(0).login(customerA, wrongPassword).refused("INVALID_CREDENTIALS").bytes()
		for i, guess := range []string{"", password, token, "new.desk"} {
			if a := c.stranger(i+1).login("new.desk", guess); a.bytes() != wrong {
				t.Errorf("%s\ndiffers from %s", a.body, wrong)
			}
		}
		if n := c.looks(); n != 5 {
			t.Errorf("%d looks at a password, want one for each try", n)
		}
		c.anyone().do(whoAmI).refused("UNAUTHENTICATED")

		c.anyone().resetPassword(token, "new.desk is new here").refused("BAD_USER_INPUT").about("input.newPassword")
		c.anyone().resetPassword(token, newPassword).ok()
		c.anyone().resetPassword(token, "ten yellow lanterns").refused("BAD_USER_INPUT").about("input.token")
		c.onlyMail(newDesk, subjectPassword)
		me := c.signIn("new.desk", newPassword)
		me.do(`{ viewer { mustChangePassword user { emailVerifiedAt } } bookings { totalCount } }`).ok().
			want("viewer", `{"mustChangePassword":false,"user":{"emailVerifiedAt":"2030-01-07T08:00:00Z"}}`)
	})
}

func TestAnInvitationLeavesByTheMailServer(t *testing.T) {
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var server mailtest.Server
			port := server.Serve(t)
			c := open(t, d, publicAt, func(cfg *config.Config) {
				cfg.Mail.SMTPURL, cfg.Mail.From = config.URL(fmt.Sprintf("smtp://127.0.0.1:%d", port)), "Clinic <no-reply@clinic.example>"
			})
			c.invited()
			if _, err := c.app.Mail.Deliver(t.Context()); err != nil {
				t.Fatal(err)
			}
			select {
			case got := <-server.Got:
				l := c.letterIn(strings.NewReader(got.Text))
				if l.to != newDesk || !strings.Contains(got.To, "<"+newDesk+">") || l.subject != subjectInvited {
					t.Errorf("%+v", got)
				}
				c.anyone().resetPassword(l.token(t, resetPage), newPassword).ok()
			default:
				t.Fatal("the mail server got nothing")
			}
			c.signIn("new.desk", newPassword).do(`{ bookings { totalCount } }`).ok()
			c.mustAddUp()
		})
	}
}

func TestAnInvitationIsGoodForSevenDaysAndAnotherIsSentAfterThat(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		desk := c.invited()
		first := c.invitation()
		c.advance(7*24*time.Hour - time.Microsecond)
		c.anyone().resetPassword(first, "short").refused("BAD_USER_INPUT").about("input.newPassword") // good still
		c.advance(time.Microsecond)
		c.anyone().resetPassword(first, newPassword).refused("BAD_USER_INPUT").about("input.token")

		// The administrator's is an invitation again; who asks is at the mailbox.
		c.as(manager).state("requirePasswordChange", desk).ok()
		second := c.invitation()
		c.anyone().forgot("new.desk").ok()
		third := c.onlyMail(newDesk, subjectReset).token(t, resetPage)
		c.advance(15 * time.Minute)
		c.anyone().resetPassword(third, newPassword).refused("BAD_USER_INPUT").about("input.token")
		c.advance(6 * 24 * time.Hour)
		c.anyone().resetPassword(second, newPassword).ok()
		c.signIn("new.desk", newPassword).do(whoAmI).ok()

		c.advance(time.Hour)
		c.as(manager).state("requirePasswordChange", desk).ok()
		all := c.mailed()
		if len(all) != 2 || all[0].subject != subjectReset { // and the letter that the password has changed
			t.Errorf("%+v", all)
		}
	})
}

func TestAnInvitationIsVoidOnceTheAddressChanges(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		desk := c.invited()
		old := c.invitation()
		c.as(manager).change(desk, vars{"email": "right.desk@example.org"}).ok()
		c.anyone().resetPassword(old, newPassword).refused("BAD_USER_INPUT").about("input.token")
		c.as(manager).state("requirePasswordChange", desk).ok()
		c.anyone().resetPassword(c.onlyMailOf("right.desk@example.org").token(t, resetPage), newPassword).ok()
		c.signIn("right.desk@example.org", newPassword).do(whoAmI).ok()
	})
}

// publicAt is the setting that links are built from.
func publicAt(cfg *config.Config) { cfg.Server.PublicURL = publicURL }
