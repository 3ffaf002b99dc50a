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
