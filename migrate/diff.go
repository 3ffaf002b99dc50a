package migrate

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/lib/pq"

	entmigrate "clinicgraph/ent/migrate"
)

// handWritten begins a migration that a person wrote: it holds what the ent
// schema cannot say. The planner does not read it, so it must not add or change
// tables, columns and indexes that the ent schema knows.
const handWritten = "-- By hand:"

// devSQLite is the empty SQLite database on which a plan is made.
const devSQLite = "file::memory:?_pragma=foreign_keys(1)&_time_format=sqlite&_timezone=UTC"

// Create plans the way from the migrations in dir to the ent schema, for both
// databases, and writes it to dir/postgres and dir/sqlite as one migration of
// the given name. It gives the names of the files, relative to dir; none when
// the schema has not changed. devURL is a PostgreSQL server on which it may make
// a database, which it drops again; no data there is read.
func Create(ctx context.Context, dir, name, devURL string) (files []string, err error) {
	return create(ctx, dir, name, devURL, entmigrate.Tables, time.Now())
}

func create(ctx context.Context, dir, name, devURL string, tables []*schema.Table, now time.Time) (files []string, err error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	version, err := nextVersion(dir, now)
	if err != nil {
		return nil, err
	}
	plans := map[string][]byte{}
	if plans[postgresDir], err = planPostgres(ctx, filepath.Join(dir, postgresDir), name, devURL, tables); err != nil {
		return nil, fmt.Errorf("plan %s for PostgreSQL: %w", name, err)
	}
	if plans[sqliteDir], err = planSQLite(ctx, filepath.Join(dir, sqliteDir), name, tables); err != nil {
		return nil, fmt.Errorf("plan %s for SQLite: %w", name, err)
	}
	if len(plans[postgresDir])+len(plans[sqliteDir]) == 0 {
		return nil, nil
	}
	for _, folder := range []string{postgresDir, sqliteDir} {
		file := filepath.Join(folder, fmt.Sprintf("%d_%s.sql", version, name))
		text := plans[folder]
		if len(text) == 0 {
			text = []byte("-- +goose Up\n-- Nothing changes here.\n")
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o644); err != nil {
			return nil, fmt.Errorf("write migration: %w", err)
		}
		files = append(files, file)
	}
	return files, nil
}

func checkName(name string) error {
	valid := name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
	if !valid {
		return fmt.Errorf("a migration cannot be called %q; use small letters, digits and _", name)
	}
	return nil
}

// nextVersion is the second of now, or the number after the last migration's
// when that is not earlier.
func nextVersion(dir string, now time.Time) (int64, error) {
	version, err := strconv.ParseInt(now.UTC().Format("20060102150405"), 10, 64)
	if err != nil {
		return 0, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*", "*.sql"))
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		stamp, _, _ := strings.Cut(filepath.Base(name), "_")
		last, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("the name of migration %s does not begin with a version: %w", name, err)
		}
		version = max(version, last+1)
	}
	return version, nil
}

func planSQLite(ctx context.Context, dir, name string, tables []*schema.Table) (text []byte, err error) {
	db, err := sql.Open("sqlite", devSQLite)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // every connection would have a database of its own
	text, err = plan(ctx, entsql.OpenDB(dialect.SQLite, db), dir, name, tables)
	return rebuilding(text), err
}

// rebuilding makes a plan that rebuilds tables atomic: the pragma around it has
// no effect inside a transaction, so the transaction goes inside of the pragma.
func rebuilding(text []byte) []byte {
	off, on := []byte("PRAGMA foreign_keys = off;\n"), []byte("-- enable back the enforcement of foreign-keys constraints\n")
	if !bytes.Contains(text, off) {
		return text
	}
	text = bytes.Replace(text, []byte("-- +goose Up\n"), []byte("-- +goose NO TRANSACTION\n-- +goose Up\n"), 1)
	text = bytes.Replace(text, off, append(off, "BEGIN IMMEDIATE;\n"...), 1)
	return bytes.Replace(text, on, append([]byte("COMMIT;\n"), on...), 1)
}

func planPostgres(ctx context.Context, dir, name, devURL string, tables []*schema.Table) (text []byte, err error) {
	u, err := url.Parse(devURL)
	if err != nil || devURL == "" {
		return nil, errors.New("a plan needs the URL of a PostgreSQL server on which to make a database") // err would quote the password
	}
	admin, err := sql.Open("postgres", devURL)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, admin.Close()) }()
	scratch := "cgplan_" + strings.ToLower(rand.Text()[:10])
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(scratch)); err != nil {
		return nil, err
	}
	defer func() {
		_, dropErr := admin.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+pq.QuoteIdentifier(scratch)+" WITH (FORCE)")
		err = errors.Join(err, dropErr)
	}()
	u.Path = "/" + scratch
	db, err := sql.Open("postgres", u.String())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return plan(ctx, entsql.OpenDB(dialect.Postgres, db), dir, name, tables)
}

// plan replays the planned migrations of dir on the empty database behind drv
// and gives the statements that are missing; nil when none are.
func plan(ctx context.Context, drv dialect.Driver, dir, name string, tables []*schema.Table) (text []byte, err error) {
	desk, err := os.MkdirTemp("", "clinicgraph-plan-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(desk)) }()
	known, err := copyPlanned(dir, desk)
	if err != nil {
		return nil, err
	}
	replay, err := sqltool.NewGooseDir(desk)
	if err != nil {
		return nil, err
	}
	// The planner refuses files without their hashes. They stay on the desk: in
	// the repository, review and version control do their work.
	sum, err := replay.Checksum()
	if err != nil {
		return nil, err
	}
	if err := atlas.WriteSumFile(replay, sum); err != nil {
		return nil, err
	}
	planner, err := schema.NewMigrate(drv,
		schema.WithDir(replay), schema.WithMigrationMode(schema.ModeReplay), schema.WithFormatter(sqltool.GooseFormatter),
		schema.WithDropColumn(true), schema.WithDropIndex(true))
	if err != nil {
		return nil, err
	}
	own, err := schema.CopyTables(tables) // the planner completes them
	if err != nil {
		return nil, err
	}
	if err := planner.NamedDiff(ctx, name, own...); err != nil {
		return nil, err
	}
	written, err := filepath.Glob(filepath.Join(desk, "*.sql"))
	if err != nil {
		return nil, err
	}
	for _, file := range written {
		if !slices.Contains(known, filepath.Base(file)) {
			return readUp(file)
		}
	}
	return nil, nil
}

// copyPlanned copies the migrations that were planned, not those written by
// hand, and gives their names.
func copyPlanned(from, to string) (names []string, err error) {
	files, err := filepath.Glob(filepath.Join(from, "*.sql"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(text, []byte(handWritten)) {
			continue
		}
		name := filepath.Base(file)
		if err := os.WriteFile(filepath.Join(to, name), text, 0o644); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// readUp reads a plan without the part that leads back: nobody tests it, and it
// loses data.
func readUp(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	up, _, _ := bytes.Cut(text, []byte("-- +goose Down"))
	return append(bytes.TrimSpace(up), '\n'), nil
}
