package e2e

import (
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"

	"clinicgraph/ent"
	"clinicgraph/internal/audit"
)

// mustAddUp holds the records against the rows: each row has the one entry that
// tells of its making and one for each change, a row that is gone has its end,
// and no entry tells a secret.
func (c *clinic) mustAddUp() {
	c.t.Helper()
	var entities []string
	for name := range ent.Meta {
		if audit.Records(name) {
			entities = append(entities, name)
		}
	}
	slices.Sort(entities)
	var questions []string
	ask := func(entity, claim, question string) {
		questions = append(questions, fmt.Sprintf("SELECT '%s: %s', (%s)", entity, claim, strings.NewReplacer(
			"$table", ent.Meta[entity].Table,
			"$log", "operation_logs l WHERE l.entity_type = '"+entity+"'",
		).Replace(question)))
	}
	for _, name := range entities {
		ask(name, "rows without the entry of their making",
			`SELECT count(*) FROM $table r WHERE 1 <> (SELECT count(*) FROM $log AND l.action = 'CREATE' AND l.entity_id = r.id)`)
		ask(name, "rows that are gone without an entry",
			`SELECT count(*) FROM $log AND l.action = 'CREATE' AND NOT EXISTS (SELECT 1 FROM $table r WHERE r.id = l.entity_id)
				AND NOT EXISTS (SELECT 1 FROM operation_logs d WHERE d.entity_type = l.entity_type AND d.action = 'DELETE' AND d.entity_id = l.entity_id)`)
		if slices.Contains(ent.Meta[name].Fields, "version") {
			ask(name, "changes and entries that differ in number",
				`SELECT count(*) FROM $table r WHERE r.version <> 1 + (SELECT count(*) FROM $log AND l.action = 'UPDATE' AND l.entity_id = r.id)`)
		}
	}
	ask(ent.TypeUser, "accounts whose is_customer is wrong",
		`SELECT count(*) FROM $table u WHERE u.deleted_at IS NULL AND u.is_customer <> (EXISTS (SELECT 1 FROM customers c WHERE c.account_id = u.id AND c.deleted_at IS NULL)
			OR EXISTS (SELECT 1 FROM user_roles r JOIN roles o ON o.id = r.role_id WHERE r.user_id = u.id AND o.name = 'customer'))`)
	rows, err := c.app.Store.DB.Read.Query(strings.Join(questions, " UNION ALL "))
	if err != nil {
		c.t.Fatalf("ask the ledger: %v", err)
	}
	defer rows.Close()
	for rows.Next() {
		var claim string
		var n int
		if err := rows.Scan(&claim, &n); err != nil {
			c.t.Fatal(err)
		}
		if n > 0 {
			c.t.Errorf("%s: %d", claim, n)
		}
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	c.mustKeepSecrets()
	if c.dialect == dialect.Postgres {
		// Each is a second in which somebody waited, before the repetition.
		if n := c.count(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`); n > 0 {
			c.t.Errorf("%d deadlocks", n)
		}
	}
}

// mustKeepSecrets looks for passwords, hashes and tokens in both logs.
func (c *clinic) mustKeepSecrets() {
	c.t.Helper()
	rows, err := c.app.Store.DB.Read.Query(`
		SELECT coalesce(CAST(old_values AS text), '') || coalesce(CAST(new_values AS text), '') || action_details FROM operation_logs
		UNION ALL SELECT details || resource || actor FROM audit_logs`)
	if err != nil {
		c.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			c.t.Fatal(err)
		}
		for _, secret := range append(c.secrets, "$argon2") {
			if strings.Contains(text, secret) {
				c.t.Errorf("a secret is on record: %s", text)
			}
		}
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
}
