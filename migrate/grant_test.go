package migrate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"

	"clinicgraph/ent"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
	"clinicgraph/migrate"
)

// roles is a database that one role owns and has migrated, and another serves.
type roles struct {
	owner, server       *store.DB
	ownerName, roleName string
}

// served makes them. The owner is no superuser.
func served(t *testing.T) roles {
	t.Helper()
	owner, role := testdb.NewRole(t), testdb.NewRole(t)
	url := testdb.NewPostgresDatabase(t, "")
	root := opened(t)(store.OpenPostgres(t.Context(), store.Options{URL: url}))
	must(t, root, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO `+owner+`', current_database()); END $$`, `GRANT CREATE ON SCHEMA public TO `+owner)
	r := roles{ownerName: owner, roleName: role, owner: opened(t)(store.OpenPostgres(t.Context(), store.Options{URL: testdb.As(url, owner), StatementTimeout: -1}))}
	if _, err := migrate.Apply(t.Context(), r.owner); err != nil {
		t.Fatal(err)
	}
	r.grant(t)
	r.server = opened(t)(store.OpenPostgres(t.Context(), store.Options{URL: testdb.As(url, role)}))
	return r
}

func (r roles) grant(t *testing.T) {
	t.Helper()
	if err := migrate.Grant(t.Context(), r.owner, r.roleName); err != nil {
		t.Fatal(err)
	}
}

// refused demands that PostgreSQL refuses a statement for want of a right.
func refused(t *testing.T, db *store.DB, statement string) {
	t.Helper()
	_, err := db.Write.ExecContext(t.Context(), statement)
	if e, ok := errors.AsType[*pq.Error](err); !ok || e.Code != "42501" {
		t.Errorf("%s: %v, want insufficient_privilege", statement, err)
	}
}

// names are those that a query finds.
func names(t *testing.T, db *store.DB, query string) (found []string) {
	t.Helper()
	if err := db.Read.QueryRowContext(t.Context(), `SELECT coalesce(array_agg(DISTINCT n ORDER BY n), '{}') FROM (`+query+`) AS q(n)`).Scan(pq.Array(&found)); err != nil {
		t.Fatal(err)
	}
	return found
}

// onlyAddedTo are the tables whose rows a trigger keeps as they are, and their partitions.
const onlyAddedTo = `SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid IN ('refuse_change'::regproc, 'refuse_removal'::regproc, 'refuse_unlinking'::regproc)`

func TestGrant_leaves_no_right_to_change_the_record(t *testing.T) {
	t.Parallel()
	r := served(t)
	tables := names(t, r.owner, onlyAddedTo)
	if len(tables) < 6+3*3 {
		t.Fatalf("only %v keep their rows", tables)
	}
	for name, meta := range ent.Meta {
		if meta.AppendOnly && !slices.Contains(tables, meta.Table) {
			t.Errorf("no trigger keeps the rows of %s", name)
		}
	}
	for _, table := range tables {
		must(t, r.owner, `ALTER TABLE `+table+` DISABLE TRIGGER USER`)
		column := names(t, r.owner, `SELECT attname::text FROM pg_attribute WHERE attrelid = '`+table+`'::regclass AND attnum = 1`)[0]
		for _, change := range []string{
			`UPDATE ` + table + ` SET ` + column + ` = ` + column, `DELETE FROM ` + table, `TRUNCATE ` + table,
			`SELECT FROM ` + table + ` FOR UPDATE`, `ALTER TABLE ` + table + ` DISABLE TRIGGER USER`, `DROP TABLE ` + table,
		} {
			refused(t, r.server, change)
		}
		must(t, r.server, `SELECT FROM `+table)
	}
}

func TestGrant_is_for_rows_and_nothing_else(t *testing.T) {
	t.Parallel()
	r := served(t)
	for _, statement := range []string{
		`CREATE TABLE mine (id int)`, `ALTER TABLE users ADD COLUMN mine int`, `DROP TABLE users`, `TRUNCATE users CASCADE`,
		`CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`, `SET session_replication_role = replica`,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (1, true)`, `DELETE FROM river_migration`,
		`INSERT INTO audit_checkpoints (last_seq, code, manifest) VALUES (1, '', '')`,
	} {
		refused(t, r.server, statement)
	}
	must(t, r.server, `DELETE FROM users`, `UPDATE roles SET name = name`, `INSERT INTO permissions (id, created_at, updated_at, name) VALUES ('`+ada+`', now(), now(), 'booking:read')`,
		`SELECT nextval('river_job_id_seq')`, `SELECT FROM log_partitions`)
	if err := migrate.Check(t.Context(), r.server); err != nil {
		t.Error(err)
	}
}

// Partitions are made by the server, in the name of their owner.
func TestGrant_covers_the_partitions_to_come(t *testing.T) {
	t.Parallel()
	r := served(t)
	next := time.Now().UTC().AddDate(0, 2, -time.Now().UTC().Day()+1)
	part := "operation_logs_" + next.Format("2006_01")
	must(t, r.owner, `DROP TABLE `+part)
	if n, err := chain.KeepPartitions(t.Context(), r.server); n != 1 || err != nil {
		t.Fatalf("%d partitions, %v", n, err)
	}
	if _, err := r.server.Write.ExecContext(t.Context(), samples["operation_logs"], ids.NewAt(ids.OperationLog, next), nine); err != nil {
		t.Fatal(err)
	}
	if got := names(t, r.owner, `SELECT tableoid::regclass::text FROM operation_logs`); !slices.Equal(got, []string{part}) {
		t.Errorf("the entry is in %v", got)
	}
	must(t, r.owner, `ALTER TABLE `+part+` DISABLE TRIGGER USER`, `ALTER TABLE operation_logs DISABLE TRIGGER USER`)
	for _, table := range []string{part, "operation_logs"} {
		refused(t, r.server, `UPDATE `+table+` SET actor = ''`)
		refused(t, r.server, `DELETE FROM `+table)
	}
	if tables, err := migrate.Changeable(t.Context(), r.server); len(tables) > 0 || err != nil {
		t.Errorf("%v can be changed, %v", tables, err)
	}
}

func TestRenew_gives_servers_what_came_later(t *testing.T) {
	t.Parallel()
	r := served(t)
	must(t, r.owner, `CREATE TABLE later (id bigserial)`)
	refused(t, r.server, `SELECT FROM later`)
	if got, err := migrate.Renew(t.Context(), r.owner); err != nil || !slices.Equal(got, []string{r.roleName}) {
		t.Errorf("%v, %v", got, err)
	}
	must(t, r.server, `INSERT INTO later DEFAULT VALUES`, `DELETE FROM later`)
	// One that somebody has given more by hand keeps it, until it is granted anew.
	must(t, r.owner, `GRANT DELETE ON audit_chain TO `+r.roleName)
	if got, err := migrate.Renew(t.Context(), r.owner); err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestGrant_takes_back_what_is_too_much(t *testing.T) {
	t.Parallel()
	r := served(t)
	rights := `SELECT c.relname || ' ' || a.privilege_type FROM pg_class c, aclexplode(c.relacl) a WHERE a.grantee = '` + r.roleName + `'::regrole`
	before := names(t, r.owner, rights)
	must(t, r.owner, `GRANT ALL ON ALL TABLES IN SCHEMA public TO `+r.roleName, `GRANT UPDATE (actor) ON audit_logs TO `+r.roleName)
	tables, err := migrate.Changeable(t.Context(), r.server)
	if want := names(t, r.owner, onlyAddedTo+` AND NOT (SELECT relispartition FROM pg_class WHERE oid = tgrelid)`); err != nil || !cmp.Equal(want, tables) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, tables))
	}
	r.grant(t)
	must(t, r.owner, `GRANT DELETE ON session_logs_rest TO `+r.roleName)
	if tables, err := migrate.Changeable(t.Context(), r.server); err != nil || !slices.Equal(tables, []string{"session_logs"}) {
		t.Errorf("%v, %v", tables, err)
	}
	r.grant(t)
	if diff := cmp.Diff(before, names(t, r.owner, rights)); diff != "" {
		t.Error(diff)
	}
	refused(t, r.server, `UPDATE audit_logs SET actor = ''`)
}

func TestGrant_refuses_who_cannot_be_held_back(t *testing.T) {
	t.Parallel()
	r := served(t)
	for _, role := range []string{"nobody_of_that_name", r.ownerName, "postgres", `x"; DROP TABLE users; --`} {
		if err := migrate.Grant(t.Context(), r.owner, role); !errors.Is(err, migrate.ErrRole) {
			t.Errorf("%s: %v", role, err)
		}
	}
	if err := migrate.Grant(t.Context(), r.server, r.roleName); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a server grants: %v", err)
	}
	lite := testdb.Open(t, dialect.SQLite).DB
	if err := migrate.Grant(t.Context(), lite, "x"); !errors.Is(err, migrate.ErrNoRoles) {
		t.Errorf("on SQLite: %v", err)
	}
	if roles, err := migrate.Renew(t.Context(), lite); len(roles) > 0 || err != nil {
		t.Errorf("on SQLite: %v, %v", roles, err)
	}
}
