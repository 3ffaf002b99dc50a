package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
)

// keepSecret writes a secret to a file of its own.
func keepSecret(t *testing.T, secret []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// freshSecret is a master secret as an operator makes one.
func freshSecret() []byte {
	raw := make([]byte, 32)
	rand.Read(raw)
	return []byte(base64.StdEncoding.EncodeToString(raw))
}

// reopened is the clinic's database once more.
func (c *clinic) reopened() *store.DB {
	t := c.t
	t.Helper()
	if c.dialect == dialect.Postgres {
		db, err := store.OpenPostgres(t.Context(), store.Options{URL: c.database(), Wait: -1})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	var file string
	if err := c.app.Store.DB.Read.QueryRow(`SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file); err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenSQLite(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// withSecret is a server of the clinic with another secret, and former ones.
func (c *clinic) withSecret(secret []byte, former ...[]byte) *clinic {
	c.t.Helper()
	w := *c.world
	w.secret = secret
	return serveOn(c.t, &clinic{
		world: &w, t: c.t, dialect: c.dialect, log: &journal{}, clock: c.clock, secrets: c.secrets, clients: map[string]*client{},
	}, c.reopened(), func(cfg *config.Config, _ *app.Options) {
		for _, secret := range former {
			cfg.FormerSecretFiles = append(cfg.FormerSecretFiles, keepSecret(c.t, secret))
		}
	})
}

func TestTheSecretIsExchangedAndNobodyNotices(t *testing.T) {
	each(t, func(t *testing.T, before *clinic) {
		next := freshSecret()
		phone := before.as(customerA).phoneOf()
		device := before.as(customerB).deviceOf()
		me := before.signIn(staffNorth, password)
		before.as(staffSouth).changeEmail("elsewhere@example.org", vars{"currentPassword": password}).ok()
		mailed := before.count(`SELECT count(*) FROM outbox_messages WHERE status = 'PENDING'`)

		c := before.withSecret(next, freshSecret(), before.secret)
		phone.c = c
		if len(c.log.about("former secrets are accepted", "factors_resealed=2 factors_lost=0 passwords_of_former=11 passwords_lost=0")) != 1 {
			// The administrator who has never signed in has a password, too.
			t.Errorf("the log: %v", c.log.lines)
		}
		me.at(c).do(whoAmI).ok()
		c.holding(c.anyone().renew(me.refresh).ok(), "refreshSession").do(whoAmI).ok()
		c.signIn(staffNorth, password)
		c.anyone().login(staffSouth, "not the password").refused("INVALID_CREDENTIALS")
		c.anyone().complete(c.ticket(customerA), vars{"code": phone.code()}).ok()
		c.anyone().complete(c.ticket(customerA), vars{"recoveryCode": phone.codes[0]}).ok()
		c.anyone().complete(c.ticket(customerA), vars{"recoveryCode": phone.codes[0]}).refused("INVALID_CREDENTIALS")
		c.anyone().passkey(device.get(c.anyone().ask())).ok()
		if _, err := c.app.Mail.Deliver(c.system()); err != nil {
			t.Error(err)
		}
		if n := c.count(`SELECT count(*) FROM outbox_messages WHERE status = 'FAILED' OR attempts > 0 AND status = 'PENDING'`); n > 0 || mailed == 0 {
			t.Errorf("%d of %d letters were not sent", n, mailed)
		}
		// The history of passwords is of the former secret.
		c.signIn(staffNorth, password).newPassword(password, password).refused("BAD_USER_INPUT")

		// Without the former secret: whoever has signed in meanwhile, and nobody else.
		after := before.withSecret(next)
		phone.c = after
		after.broken = true // a hash that cannot be checked is an error in the log
		me.at(after).do(whoAmI).ok()
		after.signIn(staffNorth, password)
		after.anyone().login(staffSouth, password).refused("INVALID_CREDENTIALS")
		before.clock.move(5 * time.Minute)
		after.anyone().complete(after.ticket(customerA), vars{"code": phone.code()}).ok()
		after.anyone().passkey(device.get(after.anyone().ask())).ok()
	})
}

func TestASecretThatDoesNotOpenTheDatabaseStopsTheStart(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		c := open(t, d)
		data := t.TempDir()
		if err := os.WriteFile(filepath.Join(data, "secret.key"), freshSecret(), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg := settings(data)
		for name, former := range map[string][]string{"alone": nil, "with another": {keepSecret(t, freshSecret())}} {
			cfg.FormerSecretFiles = former
			_, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler), options(c.reopened(), c.clock.now))
			var wrong *config.Error
			if !errors.As(err, &wrong) || wrong.Key != "CLINICGRAPH_SECRET_FILE" || !strings.Contains(wrong.Error(), "CLINICGRAPH_FORMER_SECRET_FILES") {
				t.Errorf("%s: %v", name, err)
			}
		}
		cfg.FormerSecretFiles = []string{filepath.Join(data, "nowhere")}
		_, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler), options(c.reopened(), c.clock.now))
		var wrong *config.Error
		if !errors.As(err, &wrong) || wrong.Key != "CLINICGRAPH_FORMER_SECRET_FILES" {
			t.Errorf("a file that is not there: %v", err)
		}
		// What was tried has changed nothing.
		c.signIn(customerA, password).do(whoAmI).ok()
	}
}
