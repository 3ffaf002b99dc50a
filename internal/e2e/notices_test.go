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

// told gives the one letter to customer A since the last time, which has the
// subject and all of the words.
func (c *clinic) told(subject string, words ...string) {
	c.t.Helper()
	l := c.onlyMail("customer.a@example.org", subject)
	for _, word := range append(words, "On 7 January 2030, 08:", "If it was not you,") {
		if !strings.Contains(l.text, word) {
			c.t.Errorf("%q is not said in\n%s", word, l.text)
		}
	}
}

func TestEachChangeOfHowOneSignsInIsToldByMail(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		me.enrol().ok()
		c.noMail() // it counts for nothing yet
		p := me.phoneOf()
		c.told("A way to sign in was added", "My phone")
		me = me.proven(vars{"code": p.code()})
		me.do(`mutation { regenerateRecoveryCodes { recoveryCodes } }`).ok()
		c.told("You have new recovery codes", "from the address 127.0.0.1", "good no more")
		me.apiToken("the till", "product:read").ok()
		c.told("A program may act for you", "the till")
		me.apiToken("the till", "role:assign").refused("FORBIDDEN")
		me.do(`mutation($id: ID!) { removeAuthenticator(input: {id: $id}) { removed } }`, vars{"id": p.id}).ok()
		c.told("A way to sign in was removed", "My phone")
		me.newPassword(password, newPassword).ok()
		c.told(subjectPassword, "from the address 127.0.0.1")
	})
}

func TestAPasskeyIsToldByMail(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.as(customerA).deviceOf()
		c.told("A way to sign in was added")
	})
}

func TestAnAddressThatSomebodyElseChangesIsToldToTheFormerOne(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		boss := c.as(manager)
		boss.change(customerA, vars{"email": "customer.b@example.org"}).refused("CONFLICT")
		boss.change(customerA, vars{"email": "Customer.A@example.org", "locale": "de"}).ok() // the same mailbox
		c.noMail()
		boss.change(customerA, vars{"email": "moved@example.org"}).ok()
		l := c.onlyMail("Customer.A@example.org", subjectChanged)
		if !strings.Contains(l.text, "this is no longer it") || strings.Contains(l.text, "moved") {
			t.Error(l.text)
		}
	})
}
