package e2e

import (
	"context"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/ent"
)

// TestTheDatabaseItselfKeepsTheRecords changes and deletes rows of every type that
// is only appended to, by SQL and past all of the server's code.
func TestTheDatabaseItselfKeepsTheRecords(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		withDiary(t, c)
		kept := 0
		for entity, meta := range ent.Meta {
			if !meta.AppendOnly {
				continue
			}
			kept++
			before := c.count(`SELECT count(*) FROM ` + meta.Table)
			if before == 0 {
				t.Errorf("no rows of %s to try on", entity)
			}
			statements := []string{
				`UPDATE ` + meta.Table + ` SET created_at = created_at`,
				`UPDATE ` + meta.Table + ` SET id = id WHERE id = (SELECT min(CAST(id AS text)) FROM ` + meta.Table + `)`,
				`DELETE FROM ` + meta.Table,
			}
			if c.dialect == dialect.Postgres {
				statements[1] = `UPDATE ` + meta.Table + ` SET id = id WHERE id = (SELECT id FROM ` + meta.Table + ` LIMIT 1)`
				statements = append(statements, `TRUNCATE `+meta.Table+` CASCADE`)
			}
			for _, s := range statements {
				if _, err := c.app.Store.DB.Write.ExecContext(context.Background(), s); err == nil || !strings.Contains(err.Error(), "append_only") {
					t.Errorf("%s: %v", s, err)
				}
			}
			if after := c.count(`SELECT count(*) FROM ` + meta.Table); after != before {
				t.Errorf("%s: %d rows became %d", entity, before, after)
			}
		}
		if kept < 4 {
			t.Errorf("only %d types are only appended to", kept)
		}
	})
}

func TestTheDatabaseItselfRefusesOverlappingClaims(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		withDiary(t, c)
		_, err := c.app.Store.DB.Write.ExecContext(context.Background(), `INSERT INTO resource_claims
			(id, appointment_id, resource_kind, resource_id, busy_from, busy_to, exclusive, created_at)
			SELECT '`+missing(ent.TypeResourceClaim)+`', appointment_id, resource_kind, resource_id, busy_from, busy_to, exclusive, created_at FROM resource_claims LIMIT 1`)
		if err == nil || !strings.Contains(err.Error(), map[string]string{dialect.SQLite: "slot_taken", dialect.Postgres: "claim"}[c.dialect]) {
			t.Errorf("a second claim of the same time: %v", err)
		}
	})
}

// TestARefusalIsOnRecordThoughNothingElseOfItIs: what a refused verb did is
// rolled back, and that it was tried is not.
func TestARefusalIsOnRecordThoughNothingElseOfItIs(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		before := c.count(`SELECT count(*) FROM operation_logs`)
		c.as(customerA) // whose session is on record
		signedIn := c.count(`SELECT count(*) FROM operation_logs`)
		if signedIn == before {
			t.Error("the sign-in left no entry")
		}
		me := c.as(customerA)
		me.do(`{ auditLogs { totalCount } operationLogs { totalCount } permissions { totalCount } }`)
		me.createRole("x", may("booking:read", "ANY")).refused("FORBIDDEN")
		me.book(c.chat, c.practitioners[doctorNorth], at(3, 0)).refused("BAD_USER_INPUT")
		me.redeem(c.mug, vars{"idempotencyKey": "k"}).refused("INSUFFICIENT_POINTS")
		if after := c.count(`SELECT count(*) FROM operation_logs`); after != signedIn {
			t.Errorf("refused requests left %d entries of changes", after-signedIn)
		}
		if n := c.count(`SELECT count(*) FROM idempotency_keys`) + c.count(`SELECT count(*) FROM reward_redemptions`); n != 0 {
			t.Errorf("refused requests left %d rows", n)
		}
		c.as(admin).do(`{ auditLogs(where: {event: "ACCESS_DENIED", actor: "customer.a"}) { edges { node { resource errorCode } } } }`).ok().
			want("auditLogs.edges.0.node", `{"errorCode":"FORBIDDEN","resource":"Mutation.createRole"}`)
		if n := c.count(`SELECT count(*) FROM audit_logs WHERE event = 'ACCESS_DENIED'`); n != 4 {
			t.Errorf("%d refusals on record", n)
		}
	})
}
