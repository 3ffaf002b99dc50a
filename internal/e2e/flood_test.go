package e2e

import (
	"fmt"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/config"
)

// TestAFloodOfRefusalsIsBoundedOnRecord: every refusal is on record, and so it is the
// limits that keep whoever floods from filling the log. Of one address without sign-in,
// and of one user, no more refusals are on record than they have points: ten seconds'
// worth, and the rate from then on. Of one address no more failed tries to sign in than
// the quota of that action. What is turned away beyond that leaves nothing.
func TestAFloodOfRefusalsIsBoundedOnRecord(t *testing.T) {
	const rate, quota, requests = 5, 20, 400
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(d, func(t *testing.T) {
			t.Parallel()
			c := open(t, d, func(cfg *config.Config) {
				cfg.Load.RateAnonymous, cfg.Load.RateUser, cfg.Load.RateStaff = rate, rate, rate
			})
			me := c.as(customerA)
			// Fields of one name are one refusal: of as many names as there are.
			const denied = `{ auditLogs { __typename } operationLogs { __typename } roles { __typename } permissions { __typename } accessReviews { __typename } }`
			for who, cl := range map[string]*client{"an address": c.anyone(), "a user": me} {
				before, began := c.count(`SELECT count(*) FROM audit_logs`), time.Now()
				turnedAway := 0
				for range requests {
					if cl.do(denied).status == 429 {
						turnedAway++
					}
				}
				most := 10*rate + int(rate*time.Since(began).Seconds())
				n := c.count(`SELECT count(*) FROM audit_logs`) - before
				if n == 0 || n > most || turnedAway == 0 {
					t.Errorf("%s: %d of %d requests turned away, %d entries, want at most %d", who, turnedAway, requests, n, most)
				}
			}
			c = open(t, d, func(cfg *config.Config) { cfg.Load.RateActions = quota })
			for i := range requests {
				c.anyone().login(fmt.Sprintf("nobody-%d", i), "wrong")
			}
			n := c.count(`SELECT count(*) FROM audit_logs WHERE event LIKE 'LOGIN%'`)
			if n == 0 || n > quota {
				t.Errorf("%d failed tries are on record, want at most %d", n, quota)
			}
		})
	}
}
