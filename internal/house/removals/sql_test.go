package removals

import "entgo.io/ent/dialect"

// ofDatabases are the layers that the database itself is. Most stand in the SQL of both
// databases: they are taken out of both in one build, and each database has a test that
// misses its own.
var ofDatabases = func() []removal {
	all := []removal{
		{"database: the rights of a server", "migrate/grant.go", "\tfor _, r := range all {\n", "\tfor _, r := range all {\n\t\tif GONE {\n\t\t\tr.rights = \"ALL\"\n\t\t}\n", "migrate", "^TestGrant_leaves_no_right_to_change_the_record$"},
	}
	for _, l := range inSQL {
		for d, c := range map[string]cut{dialect.SQLite: l.sqlite, dialect.Postgres: l.postgres} {
			folder := map[string]string{dialect.SQLite: "sqlite", dialect.Postgres: "postgres"}[d]
			all = append(all, removal{"database: " + l.layer, "migrate/" + folder + "/" + c.file, c.text, c.put, "migrate", "^" + l.test + "$/^" + folder + "$" + l.part})
		}
	}
	return all
}()

// cut is what is taken out of a file, and what stands in its place.
type cut struct{ file, text, put string }

// layer of a database: test, and the part of it, is what misses it.
type layer struct {
	layer, test, part string
	sqlite, postgres  cut
}

const (
	keeps     = "TestAppendOnly_tables_refuse_changes"
	archived  = "TestAppendOnly_lets_go_of_what_is_archived"
	wildcards = "TestWildcards_are_for_system_roles"
	logs      = "20261130202000_log_partitions.sql"
	first     = "20261122000003_append_only.sql"
	archives  = "20261124020500_audit_checkpoints.sql"
	patterns  = "20261124003000_wildcards.sql"
	again     = "20261124012500_wildcards_again.sql"
)

var inSQL = []layer{
	{"two claims do not overlap", "TestClaims_that_overlap_are_refused", "",
		cut{"20261122000002_claims.sql", "AND `exclusive` AND `busy_from` < NEW.`busy_to`\n       ORDER BY", "AND 1 = 0\n       ORDER BY"},
		cut{"20261122000002_claims.sql", `WHERE ("exclusive")`, `WHERE ("exclusive" AND false)`}},
	{"the audit log is not changed", keeps, "/^audit_logs$",
		cut{first, "`audit_logs_no_update` BEFORE UPDATE ON", "`audit_logs_no_update` BEFORE UPDATE OF `id` ON"},
		cut{logs, `"audit_logs_append_only" BEFORE UPDATE ON`, `"audit_logs_append_only" BEFORE UPDATE OF "id" ON`}},
	{"nothing is taken from the audit log", keeps, "/^audit_logs$",
		cut{archives, "BEFORE DELETE ON `audit_logs`\nWHEN NOT", "BEFORE DELETE ON `audit_logs`\nWHEN 1 = 0 AND NOT"},
		cut{logs, `BEFORE DELETE ON "audit_logs" FOR EACH ROW`, `BEFORE DELETE ON "audit_logs" FOR EACH ROW WHEN (false)`}},
	{"the ledger of points is not changed", keeps, "/^points_entries$",
		cut{first, "`points_entries_no_update` BEFORE UPDATE ON", "`points_entries_no_update` BEFORE UPDATE OF `id` ON"},
		cut{first, `BEFORE UPDATE OR DELETE ON "points_entries"`, `BEFORE UPDATE OF "id" OR DELETE ON "points_entries"`}},
	{"the chain is not changed", archived, "",
		cut{"20261124012601_audit_chain.sql", "`audit_chain_no_update` BEFORE UPDATE ON", "`audit_chain_no_update` BEFORE UPDATE OF `seq` ON"},
		cut{archives, `"audit_chain_append_only" BEFORE UPDATE ON`, `"audit_chain_append_only" BEFORE UPDATE OF "seq" ON`}},
	{"what no checkpoint covers stays in the chain", archived, "",
		cut{archives, "WHEN NOT coalesce(OLD.`seq`", "WHEN 1 = 0 AND NOT coalesce(OLD.`seq`"},
		cut{archives, `BEFORE DELETE ON "audit_chain" FOR EACH ROW`, `BEFORE DELETE ON "audit_chain" FOR EACH ROW WHEN (false)`}},
	{"a checkpoint fits the chain", archived, "",
		cut{archives, "WHEN NEW.`last_seq` <=", "WHEN 1 = 0 AND NEW.`last_seq` <="},
		cut{archives, `BEFORE INSERT ON "audit_checkpoints" FOR EACH ROW`, `BEFORE INSERT ON "audit_checkpoints" FOR EACH ROW WHEN (false)`}},
	{"no wildcard in a role of the clinic", wildcards, "/^role_permissions_new$",
		cut{patterns, "BEFORE INSERT ON `role_permissions`\nWHEN", "BEFORE INSERT ON `role_permissions`\nWHEN 1 = 0 AND"},
		cut{patterns, `BEFORE INSERT OR UPDATE OF "permission", "role_id"`, `BEFORE UPDATE OF "permission", "role_id"`}},
	{"no wildcard is written into a role of the clinic", wildcards, "/^role_permissions_rewritten$",
		cut{patterns, "BEFORE UPDATE OF `permission`, `role_id`", "BEFORE UPDATE OF `role_id`"},
		cut{patterns, `UPDATE OF "permission", "role_id"`, `UPDATE OF "role_id"`}},
	{"no wildcard moves to a role of the clinic", wildcards, "/^role_permissions_moved$",
		cut{patterns, "BEFORE UPDATE OF `permission`, `role_id`", "BEFORE UPDATE OF `permission`"},
		cut{patterns, `UPDATE OF "permission", "role_id"`, `UPDATE OF "permission"`}},
	{"no wildcard for a user", wildcards, "/^user_permissions_new$",
		cut{again, "BEFORE INSERT ON `user_permissions`\nWHEN", "BEFORE INSERT ON `user_permissions`\nWHEN 1 = 0 AND"},
		cut{patterns, `BEFORE INSERT OR UPDATE OF "permission" ON`, `BEFORE UPDATE OF "permission" ON`}},
	{"no wildcard is written for a user", wildcards, "/^user_permissions_rewritten$",
		cut{again, "BEFORE UPDATE OF `permission` ON `user_permissions`\nWHEN", "BEFORE UPDATE OF `permission` ON `user_permissions`\nWHEN 1 = 0 AND"},
		cut{patterns, `OR UPDATE OF "permission" ON`, `OR UPDATE OF "id" ON`}},
}
