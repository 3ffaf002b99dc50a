package e2e

import (
	"encoding/base32"
	"net/http"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
	"clinicgraph/internal/notify"
)

// TestNoSecretIsWrittenDown goes through all that has secrets, with every
// statement and operation in the log, and then looks for each of them everywhere.
func TestNoSecretIsWrittenDown(t *testing.T) {
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openWith(t, d, func(cfg *config.Config, _ *app.Options) {
				publicAt(cfg)
				cfg.Observe.SlowOperation, cfg.Observe.SlowSQL = time.Nanosecond, time.Nanosecond // all are slow
			})
			w := c.witnessed()
			c.haveSecrets(w)
			// The letters wait sealed; then they have left.
			for _, when := range []string{"before the mail has left", "after"} {
				if places := w.found(c); len(places) > 0 {
					t.Errorf("%s, secrets are in %q", when, places)
				}
				c.mailed()
			}
			for _, field := range append(secretFields, "cookie __Host-rt", "cookie __Host-dv") {
				if len(w.seen[field]) == 0 {
					t.Errorf("the story has no %s", field)
				}
			}
			c.mustAddUp()
			if t.Failed() {
				return
			}

			// What is planted is found, however it is written.
			c.plant(w)
			want := []string{
				"authenticators.secret_sealed: secret", "letter News: refreshToken", "log: recoveryCodes", "users.lock_reason: accessToken",
			}
			if diff := cmp.Diff(want, w.found(c)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// haveSecrets has people and programs use every kind of secret, rightly and
// wrongly.
func (c *clinic) haveSecrets(w *witness) {
	const mine, next, third = "nine purple lanterns", "ten purple lanterns", "eleven purple lanterns"
	t := c.t
	t.Helper()

	// Registration, and what is typed into the wrong field.
	c.anyone().join("keeper", vars{"password": mine}).ok()
	c.anyone().verifyEmail(c.onlyMail("keeper@example.org", subjectConfirm).token(t, verifyPage)).ok()
	c.anyone().login("keeper", "wrong yellow lanterns").refused("INVALID_CREDENTIALS")
	c.anyone().login(mine, "keeper").refused("INVALID_CREDENTIALS")
	c.anyone().forgot(mine).ok()
	c.anyone().join(mine+"@", vars{"password": mine}).refused("BAD_USER_INPUT")
	c.anyone().do(`mutation { login(input: {login: "keeper", password: "` + mine + `"}) { accessToken nonsense } }`).refused("GRAPHQL_VALIDATION_FAILED")
	c.anyone().do(`mutation { login(input: {login: "keeper", password: "` + mine + `"}) { accessToken refreshToken deviceToken } }`).ok()

	// Sessions: renewed, renewed once too often, by cookie.
	me := c.signIn("keeper", mine)
	later := me.next()
	c.clock.move(time.Minute)
	c.anyone().renew(me.refresh).refused("UNAUTHENTICATED")
	c.anyone().renew(later.refresh).refused("UNAUTHENTICATED")
	page := &browser{c: c}
	page.signIn().ok()
	page.renew(vars{}).ok()
	(&client{c: c, token: page.cookie.Value}).do(whoAmI).refused("UNAUTHENTICATED")

	// Second factors.
	me = c.signIn("keeper", mine)
	phone := me.phoneOf()
	me.do(`mutation { regenerateRecoveryCodes { recoveryCodes } }`).ok()
	phone.codes = w.last("recoveryCodes", 10)
	half := func() string {
		a := c.anyone().login("keeper", mine).refused("SECOND_FACTOR_REQUIRED")
		return a.errs[0].Extensions["ticket"].(string)
	}
	ticket := half()
	c.anyone().complete(ticket, vars{"recoveryCode": "0000-0000-0000-0000"}).refused("INVALID_CREDENTIALS")
	me = c.holding(c.anyone().complete(ticket, vars{"recoveryCode": phone.codes[0]}).ok(), "completeLogin")
	c.anyone().complete(half(), vars{"recoveryCode": phone.codes[0]}).refused("INVALID_CREDENTIALS")
	c.clock.move(time.Minute)
	me = c.holding(c.anyone().complete(half(), vars{"code": phone.code()}).ok(), "completeLogin")
	me = me.proven(vars{"password": mine})

	// A program; another password, another address.
	program := c.program(me.apiToken("the till", "product:read"))
	program.do(whoAmI).ok()
	program.do(`mutation { enrolTotp(input: {name: "x"}) { secret } }`).refused("FORBIDDEN")
	me.newPassword("wrong yellow lanterns", next).refused("INVALID_CREDENTIALS")
	me.newPassword(mine, "short").refused("BAD_USER_INPUT")
	me = c.holding(me.newPassword(mine, next).ok(), "changePassword")
	me.changeEmail("moved.keeper@example.org", vars{"currentPassword": next}).ok()
	for _, l := range c.mailed() {
		if l.subject == subjectNewAddress {
			c.anyone().resetPassword(l.token(t, verifyPage), third).refused("BAD_USER_INPUT") // the wrong way to use it
			c.anyone().verifyEmail(l.token(t, verifyPage)).ok()
		}
	}
	c.anyone().forgot("keeper").ok()
	for _, l := range c.mailed() {
		if l.subject == subjectReset {
			c.anyone().resetPassword(l.token(t, resetPage), "keeper's own lanterns").refused("BAD_USER_INPUT")
			c.anyone().resetPassword(l.token(t, resetPage), third).ok()
		}
	}

	// Administration.
	desk := c.invited()
	c.anyone().resetPassword(c.onlyMailOf(newDesk).token(t, resetPage), newPassword).ok()
	c.as(manager).state("requirePasswordChange", desk).ok()
	c.as(admin).actingFor(customerA).do(whoAmI).ok()

	// What odd clients send.
	c.get(http.MethodGet, "/graphql?query=%7Bviewer%7D&token="+me.token)
	c.get(http.MethodGet, "/reset-password?token="+w.last("token", 1)[0])
	c.anyone().send(http.MethodPut, "application/json", strings.NewReader(`"`+third+`"`), "PUT")
	c.anyone().post("application/json", `{"query":"mutation { login(input: {login: \"keeper\", password: \"`+third)
	c.anyone().post("application/json", `{"query":"{ __typename }","variables":{"password":"`+third+`"},"password":"`+third+`"}`)
}

// plant puts four secrets where they must not be: an access token's signature, the
// key of an app in bytes, a recovery code without its groups, a refresh token in a
// letter.
func (c *clinic) plant(w *witness) {
	c.t.Helper()
	signature := strings.Split(w.last("accessToken", 1)[0], ".")[2]
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(w.last("secret", 1)[0])
	if err != nil {
		c.t.Fatal(err)
	}
	mark := "?"
	if c.dialect == dialect.Postgres {
		mark = "$1"
	}
	for change, to := range map[string]any{
		`UPDATE users SET lock_reason = ` + mark + ` WHERE username = 'customer.b'`: "See " + signature + ".",
		`UPDATE authenticators SET secret_sealed = ` + mark:                         key,
	} {
		if _, err := c.app.Store.DB.Write.Exec(change, to); err != nil {
			c.t.Fatal(err)
		}
	}
	c.log.logger().Info("a code was used", "code", strings.ReplaceAll(w.last("recoveryCodes", 1)[0], "-", ""))
	if err := c.app.Mail.Transport.Send(c.t.Context(), notify.Letter{
		ID: uuid.New(), From: "no-reply@clinic.example", To: "keeper@example.org", Subject: "News", Text: w.last("refreshToken", 1)[0] + "\n",
	}); err != nil {
		c.t.Fatal(err)
	}
	c.mailed()
}
