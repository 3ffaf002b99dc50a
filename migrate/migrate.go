// Package migrate owns the schema of the database: the migrations of both
// dialects (postgres/*.sql and sqlite/*.sql, files of the same names), applying
// them, and planning the next one from the ent schema (diff.go). It never reads
// or writes the clinic's data, and it never leads back: a mistake is repaired by
// the next migration.
package migrate

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"entgo.io/ent/dialect"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"clinicgraph/internal/store"
)

// The folders of the two databases.
const (
	postgresDir = "postgres"
	sqliteDir   = "sqlite"
)

//go:embed postgres/*.sql sqlite/*.sql
var files embed.FS

// folders are the migrations by dialect.
var folders = map[string]fs.FS{dialect.Postgres: sub(postgresDir), dialect.SQLite: sub(sqliteDir)}

func sub(folder string) fs.FS {
	fsys, err := fs.Sub(files, folder)
	if err != nil {
		panic(err) // a constant is not a path
	}
	return fsys
}

// Apply brings the database to the schema of this program, the job queue's
// tables included, and gives the number of migrations it applied. Of several
// programs that call it at once one migrates and the others wait for it until
// their ctx ends. Errors: ErrNewer.
//
// On PostgreSQL db has at least two connections, is not behind a pooler that
// hands them round, and is opened without a statement timeout; a migration waits
// for a lock no longer than db's lock timeout, since whoever comes after it in
// the queue waits as well.
func Apply(ctx context.Context, db *store.DB) (applied int, err error) {
	pending, err := mayApply(ctx, db)
	if err != nil || !pending {
		return 0, err
	}
	unlock, err := lock(ctx, db)
	if err != nil {
		return 0, fmt.Errorf("migrate: wait for whoever is migrating: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	// Whoever held the lock may have done it, or gone further than we know.
	if pending, err = mayApply(ctx, db); err != nil || !pending {
		return 0, err
	}
	applied, err = applyOurs(ctx, db, folders[db.Dialect])
	if err != nil {
		return applied, fmt.Errorf("migrate: %w", err)
	}
	queue, err := applyQueue(ctx, db)
	if err != nil {
		return applied, fmt.Errorf("migrate: tables of the job queue: %w", err)
	}
	return applied + queue, nil
}

// mayApply says whether there is anything to apply.
func mayApply(ctx context.Context, db *store.DB) (bool, error) {
	r, err := Status(ctx, db)
	if err != nil {
		return false, err
	}
	return len(r.Pending) > 0, r.newer()
}

func applyOurs(ctx context.Context, db *store.DB, folder fs.FS) (applied int, err error) {
	provider, err := newProvider(db, folder)
	if err != nil {
		return 0, err
	}
	if db.Dialect == dialect.SQLite {
		// The index of a large table is sorted in files.
		if _, err := db.Write.ExecContext(ctx, "PRAGMA temp_store = FILE"); err != nil {
			return 0, err
		}
		defer func() {
			_, after := db.Write.ExecContext(context.WithoutCancel(ctx), "PRAGMA temp_store = MEMORY")
			err = errors.Join(err, after)
		}()
	}
	results, err := provider.Up(ctx)
	if err == nil {
		return len(results), nil
	}
	if partial, ok := errors.AsType[*goose.PartialError](err); ok {
		applied = len(partial.Applied)
	}
	if db.Dialect == dialect.SQLite {
		// A migration that rebuilds tables begins its transaction by itself.
		err = errors.Join(err, resetSQLite(context.WithoutCancel(ctx), db))
	}
	return applied, err
}

// resetSQLite ends what a failed migration left open on the only connection.
func resetSQLite(ctx context.Context, db *store.DB) error {
	_, _ = db.Write.ExecContext(ctx, "ROLLBACK") // mostly there is nothing to roll back
	_, err := db.Write.ExecContext(ctx, "PRAGMA foreign_keys = on")
	return err
}

func newProvider(db *store.DB, folder fs.FS) (*goose.Provider, error) {
	name := goose.DialectPostgres
	if db.Dialect == dialect.SQLite {
		name = goose.DialectSQLite3
	}
	return goose.NewProvider(name, db.Write, folder, goose.WithDisableGlobalRegistry(true))
}

// queueMigrator is rivermigrate.Migrator of either driver.
type queueMigrator interface {
	AllVersions() []rivermigrate.Migration
	Migrate(context.Context, rivermigrate.Direction, *rivermigrate.MigrateOpts) (*rivermigrate.MigrateResult, error)
}

func newQueueMigrator(db *store.DB) (queueMigrator, error) {
	config := &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)}
	if db.Dialect == dialect.SQLite {
		return rivermigrate.New(riversqlite.New(db.Write), config)
	}
	return rivermigrate.New(riverdatabasesql.New(db.Write), config)
}

func applyQueue(ctx context.Context, db *store.DB) (applied int, err error) {
	m, err := newQueueMigrator(db)
	if err != nil {
		return 0, err
	}
	result, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err != nil {
		return 0, err
	}
	return len(result.Versions), nil
}
