//go:build linux

// Package lite owns the copy of the benchmark's clinic in SQLite. It knows no table:
// what both databases have is copied.
package lite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"
	_ "modernc.org/sqlite"

	"clinicgraph/internal/store"
)

// passedOver are tables that the databases fill each in a way of its own: what has
// been migrated, jobs, and the counts of bookings, which are to be rebuilt.
var passedOver = []string{"atlas_schema_revisions", "booking_counts", "goose_db_version", "river_%", "schema_migrations"}

// Copy empties the tables of the SQLite database in the file, which is migrated, and
// fills them with the rows of the PostgreSQL database at the URL. Nothing is
// checked on the way, and no trigger runs; indexes are made at the end.
func Copy(ctx context.Context, url, file string, log *slog.Logger) (err error) {
	began := time.Now()
	from, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	into, err := sql.Open("sqlite", "file:"+file+"?_pragma=synchronous(OFF)&_pragma=foreign_keys(0)&_time_format=sqlite&_timezone=UTC")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, into.Close()) }()
	into.SetMaxOpenConns(1)

	kept, err := statements(ctx, into, `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND (type = 'trigger' OR type = 'index') ORDER BY type, name`)
	if err != nil {
		return err
	}
	dropped, err := statements(ctx, into, `SELECT 'DROP ' || type || ' "' || name || '"' FROM sqlite_master WHERE sql IS NOT NULL AND (type = 'trigger' OR type = 'index')`)
	if err != nil {
		return err
	}
	tables, err := statements(ctx, from, `SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
		AND NOT relname LIKE ANY ($1) ORDER BY relname`, pq.Array(passedOver))
	if err != nil {
		return err
	}
	if err := run(ctx, into, dropped); err != nil {
		return err
	}
	rows := 0
	for _, table := range tables {
		n, err := copyTable(ctx, from, into, table)
		if err != nil {
			return fmt.Errorf("copy %s: %w", table, err)
		}
		rows += n
	}
	if err := run(ctx, into, append(kept, "PRAGMA wal_checkpoint(TRUNCATE)")); err != nil {
		return err
	}
	if err := optimized(ctx, file); err != nil {
		return err
	}
	log.Info("copied into SQLite", "tables", len(tables), "rows", rows, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// optimized has the copy known to SQLite as a server's own database is.
func optimized(ctx context.Context, file string) (err error) {
	db, err := store.OpenSQLite(ctx, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Optimize(ctx)
}

// statements are the texts that a query finds.
func statements(ctx context.Context, db *sql.DB, query string, args ...any) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

func run(ctx context.Context, db *sql.DB, all []string) error {
	for _, s := range all {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// copyTable copies the columns that both have, and nothing of a table that SQLite
// does not have.
func copyTable(ctx context.Context, from, into *sql.DB, table string) (n int, err error) {
	columns, err := statements(ctx, into, `SELECT name FROM pragma_table_info(?)`, table)
	if err != nil || len(columns) == 0 {
		return 0, err
	}
	theirs, err := statements(ctx, from, `SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`, table)
	if err != nil {
		return 0, err
	}
	columns = slices.DeleteFunc(columns, func(c string) bool { return !slices.Contains(theirs, c) })

	rows, err := from.QueryContext(ctx, fmt.Sprintf(`SELECT "%s" FROM "%s"`, strings.Join(columns, `", "`), table))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return 0, err
	}
	tx, err := into.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`DELETE FROM "%s"`, table)); err != nil {
		return 0, err
	}
	insert, err := tx.PrepareContext(ctx, fmt.Sprintf(`INSERT INTO "%s" ("%s") VALUES (?%s)`, table, strings.Join(columns, `", "`), strings.Repeat(", ?", len(columns)-1)))
	if err != nil {
		return 0, err
	}
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return 0, err
		}
		for i, v := range values {
			values[i] = asSQLite(v, types[i].DatabaseTypeName())
		}
		if _, err := insert.ExecContext(ctx, values...); err != nil {
			return 0, err
		}
		n++
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	return n, tx.Commit()
}

// asSQLite gives a value of PostgreSQL as ent writes it to SQLite.
func asSQLite(value any, kind string) any {
	switch v := value.(type) {
	case time.Time:
		return v.UTC()
	case []byte:
		if kind == "BYTEA" || kind == "JSONB" || kind == "JSON" {
			return v
		}
		return string(v)
	default:
		return value
	}
}
