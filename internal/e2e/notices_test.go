package e2e

import (
	"strings"
	"testing"
	"time"
)

func TestASignInFromANewDeviceIsToldByMail(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		phone := c.anyone()
		phone.header, phone.value = "User-Agent", "Phone/1.0\u00a0(new)"
		phone.login(customerA, password).ok() // the first of all is no news
		c.noMail()
		c.signIn(customerA, password)
		if l := c.onlyMail("customer.a@example.org", "A sign-in from a new device"); !strings.Contains(l.text, "from the address 127.0.0.1: Go-http-client") || !strings.Contains(l.text, "On 7 January 2030, 08:00 UTC") {
			t.Error(l.text)
		}
		c.signIn(customerA, password)
		phone.login(customerA, password).ok()
		phone.login(customerA, "not the password").refused("INVALID_CREDENTIALS")
		c.noMail()
	})
}

func TestARefreshTokenThatIsUsedAgainIsToldByMail(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		me := c.signIn(customerA, password)
		c.holding(c.anyone().renew(me.refresh).ok(), "refreshSession")
		c.clock.move(time.Minute)
		c.anyone().renew(me.refresh).refused("UNAUTHENTICATED")
		c.onlyMail("customer.a@example.org", "A session of yours was ended")
	})
}

func TestWhoIsGivenAnAccountIsInvited(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		c.as(admin).do(`mutation { createUser(input: {username: "new.desk", email: "new.desk@example.org", givenName: "New", surname: "Desk"}) { user { id } } }`).ok()
		l := c.onlyMail("new.desk@example.org", "Your account at the clinic")
		if !strings.Contains(l.text, "Your user name is new.desk.") {
			t.Error(l.text)
		}
		c.clock.move(72*time.Hour - time.Microsecond)
		c.anyone().resetPassword(l.token(t, resetPage), newPassword).ok()
		c.onlyMail("new.desk@example.org", subjectPassword)
		c.signIn("new.desk", newPassword).do(`{ viewer { mustChangePassword user { emailVerifiedAt } } }`).ok().
			want("viewer.mustChangePassword", `false`)
	})
}
