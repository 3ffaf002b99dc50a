package migrate_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/go-cmp/cmp"

	entmigrate "clinicgraph/ent/migrate"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
	"clinicgraph/migrate"
)

// TestCreate_writes_nothing_when_the_schema_has_not_changed is the gate: a change
// of ent/schema comes with its migration.
func TestCreate_writes_nothing_when_the_schema_has_not_changed(t *testing.T) {
	t.Parallel()
	files, err := migrate.Create(t.Context(), copied(t), "gate", testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) > 0 {
		t.Errorf("the schema in ent/schema is not that of the migrations; run: clinicgraph migrate create NAME (it would write %s)", files)
	}
}

func TestCreate_refuses_what_it_cannot_plan(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "://secret"} {
		_, err := migrate.Create(t.Context(), copied(t), "x", url)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("Create with the server %q: %v", url, err)
		}
	}
	for _, name := range []string{"", "Rooms", "../x", "a b"} {
		if err := migrate.CheckName(name); err == nil {
			t.Errorf("a migration may be called %q", name)
		}
	}
}

func TestCreate_plans_both_databases_and_the_plan_can_be_applied(t *testing.T) {
	t.Parallel()
	dir := copied(t)
	tables := changed(t, func(sexes *schema.Table) {
		for _, c := range sexes.Columns {
			if c.Name == "sex" {
				c.Nullable = true // which SQLite can only do by copying the table
			}
		}
		sexes.Columns = append(sexes.Columns, &schema.Column{Name: "remark", Type: field.TypeString, Default: ""})
	})
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	files, err := migrate.CreateFor(t.Context(), dir, "remarks", testdb.Postgres(t), tables, now)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"postgres/20270102030405_remarks.sql", "sqlite/20270102030405_remarks.sql"}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
	again, err := migrate.CreateFor(t.Context(), dir, "again", testdb.Postgres(t), tables, now)
	if err != nil || len(again) > 0 {
		t.Errorf("a second plan writes %v, %v", again, err)
	}
	testdb.Each(t, func(t *testing.T, s *store.Store) { applyPlan(t, s.DB, dir) })
}

// applyPlan applies the one new migration in dir to a database in which a user
// refers to the table that it changes.
func applyPlan(t *testing.T, db *store.DB, dir string) {
	must(t, db,
		`INSERT INTO sexes (id, created_at, updated_at, sex) VALUES ('`+ada+`', '2027-01-01 00:00:00+00:00', '2027-01-01 00:00:00+00:00', 'Female')`,
		`INSERT INTO users (id, created_at, updated_at, username, username_key, email, email_key, sex_id)
		 VALUES ('`+bob+`', '2027-01-01 00:00:00+00:00', '2027-01-01 00:00:00+00:00', 'b', 'b', 'b', 'b', '`+ada+`')`)
	n, err := migrate.ApplyFrom(t.Context(), db, os.DirFS(filepath.Join(dir, folder(db))))
	if n != 1 || err != nil {
		t.Fatalf("applied %d, %v", n, err)
	}
	var sex string
	row := db.Read.QueryRowContext(t.Context(), `SELECT sex || remark FROM users JOIN sexes ON sexes.id = users.sex_id WHERE users.id = '`+bob+`'`)
	if err := row.Scan(&sex); err != nil || sex != "Female" {
		t.Errorf("afterwards the user's sex is %q, %v", sex, err)
	}
	checkForeignKeys(t, db)
}

func TestApply_of_a_failing_rebuild_leaves_SQLite_as_it_was(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t, dialect.SQLite).DB
	dir := copied(t)
	text := "-- +goose NO TRANSACTION\n-- +goose Up\nPRAGMA foreign_keys = off;\nBEGIN IMMEDIATE;\nDROP TABLE refresh_tokens;\nSELECT nonsense;\nCOMMIT;\nPRAGMA foreign_keys = on;\n"
	if err := os.WriteFile(filepath.Join(dir, "sqlite", "20990101000000_broken.sql"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if n, err := migrate.ApplyFrom(t.Context(), db, os.DirFS(filepath.Join(dir, "sqlite"))); n != 0 || err == nil {
		t.Fatalf("applied %d, %v", n, err)
	}
	must(t, db, `SELECT count(*) FROM refresh_tokens`)
	checkForeignKeys(t, db)
	if err := migrate.Check(t.Context(), db); err != nil {
		t.Error(err)
	}
}

// checkForeignKeys asks whether SQLite still watches over references.
func checkForeignKeys(t *testing.T, db *store.DB) {
	t.Helper()
	if db.Dialect != dialect.SQLite {
		return
	}
	var on bool
	if err := db.Write.QueryRowContext(t.Context(), `PRAGMA foreign_keys`).Scan(&on); err != nil || !on {
		t.Errorf("foreign keys are checked: %t, %v", on, err)
	}
	var broken int
	if err := db.Write.QueryRowContext(t.Context(), `SELECT count(*) FROM pragma_foreign_key_check`).Scan(&broken); err != nil || broken > 0 {
		t.Errorf("%d references lead nowhere, %v", broken, err)
	}
	if tx, err := db.Write.BeginTx(context.WithoutCancel(t.Context()), nil); err != nil {
		t.Errorf("a transaction was left open: %v", err)
	} else if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}

func TestNextVersion_comes_after_every_migration(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	dir := t.TempDir()
	for _, step := range []struct {
		file string
		want int64
	}{
		{"", 20270102030405},
		{"sqlite/20270102030405_same_second.sql", 20270102030406},
		{"postgres/20280101000000_from_a_clock_ahead.sql", 20280101000001},
	} {
		if step.file != "" {
			write(t, filepath.Join(dir, step.file), "")
		}
		if got, err := migrate.NextVersion(dir, now); got != step.want || err != nil {
			t.Errorf("after %q: %d, %v; want %d", step.file, got, err, step.want)
		}
	}
	write(t, filepath.Join(dir, "sqlite", "notes.sql"), "")
	if _, err := migrate.NextVersion(dir, now); err == nil {
		t.Error("a file without a version passes")
	}
}

// changed is the ent schema with another table of sexes.
func changed(t *testing.T, change func(*schema.Table)) []*schema.Table {
	t.Helper()
	tables, err := schema.CopyTables(entmigrate.Tables)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if table.Name == "sexes" {
			change(table)
		}
	}
	return tables
}

// copied is a folder with the migrations of the program.
func copied(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, folder := range []string{"postgres", "sqlite"} {
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func folder(db *store.DB) string {
	if db.Dialect == dialect.SQLite {
		return "sqlite"
	}
	return "postgres"
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
