package e2e

import (
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
)

// TestOwnReadsAreOnRecordWhereTheSettingsSaySo, and frequent events are not.
func TestOwnReadsAreOnRecordWhereTheSettingsSaySo(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		c := open(t, d, func(cfg *config.Config) {
			cfg.AuditRules = []string{"OWN_DATA_READ=always", "LOGOUT=off", "TOKEN_REFRESH=sampled:2"}
		})
		count := func(event string) (n int) {
			t.Helper()
			if err := c.app.Store.DB.Read.QueryRow(`SELECT count(*) FROM audit_logs WHERE event = '` + event + `'`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		me := c.as(customerA)
		me.do(personalOf, vars{"id": c.profiles[customerA]}).ok()
		if n := count("OWN_DATA_READ"); n != 1 || len(c.shown()) != 0 {
			t.Errorf("%d own reads, and %v", n, c.shown())
		}
		for range 4 {
			me = c.holding(c.anyone().renew(me.refresh).ok(), "refreshSession")
		}
		me.do(`mutation { logout { loggedOut } }`)
		c.anyone().do(`mutation { logout(input: {refreshToken: "cg_rt_nobody"}) { loggedOut } }`).refused("UNAUTHENTICATED")
		if refreshed, out, failed := count("TOKEN_REFRESH"), count("LOGOUT"), count("LOGOUT_ERROR"); refreshed != 2 || out != 0 || failed != 1 {
			t.Errorf("%d of 4 renewals, %d of 1 sign-outs and %d of 1 that failed on record", refreshed, out, failed)
		}
	}
}

func TestNoSettingTakesWhatProtectsOffTheRecord(t *testing.T) {
	db, w := worldOn(t, dialect.SQLite)
	t.Cleanup(func() {
		if err := db.Close(); err != nil { // nothing has taken it over
			t.Error(err)
		}
	})
	c := &clinic{world: w, t: t, dialect: dialect.SQLite, log: &journal{}, clock: &clock{at: opening}}
	for _, event := range []string{"ACCESS_DENIED", "PERSONAL_DATA_READ", "LOGIN_ERROR", "ROLE_ASSIGN", "USER_PERMISSION_SET", "TOKEN_REUSE"} {
		cfg, opts := settings(t.TempDir()), options(db, c.clock.now)
		cfg.AuditRules = []string{fmt.Sprintf("%s=always", event)}
		if _, err := app.New(t.Context(), cfg, c.log.logger(), opts); err == nil || !strings.Contains(err.Error(), "CLINICGRAPH_AUDIT_RULES") || !strings.Contains(err.Error(), event) {
			t.Errorf("%s: %v", event, err)
		}
	}
}
