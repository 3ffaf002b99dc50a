package e2e

import (
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/config"
)

// TestAStrictClinicAsksForLongerPasswordsWhereNothingElseGuards: 15 characters
// alone, 12 beside a second factor that is confirmed.
func TestAStrictClinicAsksForLongerPasswordsWhereNothingElseGuards(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(d, func(t *testing.T) {
			t.Parallel()
			c := open(t, d, func(cfg *config.Config) { cfg.Factors.Profile = "strict" })
			const twelve, fourteen, fifteen = "vm3 qzp 7rtx", "vm3 qzp 7rtx w", "vm3 qzp 7rtx wk"
			c.anyone().join("short", vars{"password": fourteen}).refused("BAD_USER_INPUT").about("input.password")
			c.anyone().join("long", vars{"password": fifteen}).ok()

			me := c.signIn(customerA, password)
			me.newPassword(password, fourteen).refused("BAD_USER_INPUT").about("input.newPassword")
			me.token = me.newPassword(password, fifteen).ok().text("changePassword.accessToken")
			me.enrol().ok() // and never confirmed
			me.newPassword(fifteen, twelve).refused("BAD_USER_INPUT").about("input.newPassword")
			me.phoneOf()
			me.newPassword(fifteen, twelve).ok()
		})
	}
}
