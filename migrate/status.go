package migrate

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/store"
)

var (
	// ErrNewer says that the database has migrations which this program does not
	// know: a newer program was here, and this one could damage what it keeps.
	ErrNewer = errors.New("the database has a newer schema than this program knows; start the newer program")

	// ErrPending says that the database lacks migrations of this program.
	ErrPending = errors.New("the database has an older schema than this program needs; run: clinicgraph migrate up")

	// ErrUnprotected says that the database does not hold the rule that two
	// people cannot have one slot.
	ErrUnprotected = errors.New("the database does not refuse overlapping claims of time")
)

// Report says how a database stands to this program. Migrations are named by
// their files without the ending, those of the job queue "queue_" and a number;
// newer ones, whose files are elsewhere, only by their numbers.
type Report struct {
	Applied []string
	Pending []string
	Newer   []string
}

// String is the report for people, a migration on each line.
func (r Report) String() string {
	var b strings.Builder
	for _, part := range []struct {
		state string
		names []string
	}{{"applied", r.Applied}, {"pending", r.Pending}, {"newer", r.Newer}} {
		for _, name := range part.names {
			fmt.Fprintf(&b, "%-8s %s\n", part.state, name)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Status compares the database with the migrations of this program. It changes
// nothing.
func Status(ctx context.Context, db *store.DB) (Report, error) {
	var r Report
	ours, err := ourMigrations(db)
	if err != nil {
		return r, fmt.Errorf("migrate: %w", err)
	}
	if err := r.add(ctx, db, "goose_db_version", `SELECT version_id FROM goose_db_version WHERE version_id > 0`, ours); err != nil {
		return r, err
	}
	queue, err := queueMigrations(db)
	if err != nil {
		return r, fmt.Errorf("migrate: %w", err)
	}
	return r, r.add(ctx, db, "river_migration", `SELECT version FROM river_migration`, queue)
}

// Check gives ErrNewer or ErrPending, with the migrations in question, unless
// the database has exactly the schema of this program.
func Check(ctx context.Context, db *store.DB) error {
	r, err := Status(ctx, db)
	if err != nil {
		return err
	}
	if err := r.newer(); err != nil {
		return err
	}
	if len(r.Pending) > 0 {
		return fmt.Errorf("migrate: %w (%s)", ErrPending, strings.Join(r.Pending, ", "))
	}
	return nil
}

// claimRules count what keeps claims of time apart, and hold how many there are.
var claimRules = map[string]struct {
	query string
	want  int
}{
	dialect.Postgres: {`SELECT count(*) FROM pg_constraint WHERE conrelid = to_regclass('resource_claims')
		AND conname = 'resource_claims_no_overlap' AND contype = 'x' AND convalidated`, 1},
	dialect.SQLite: {`SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'resource_claims'
		AND name IN ('resource_claims_no_overlap_insert', 'resource_claims_no_overlap_update')`, 2},
}

// CheckClaims gives ErrUnprotected unless the database itself refuses
// overlapping claims. No code of ours could: two servers do not see each other's
// transactions.
func CheckClaims(ctx context.Context, db *store.DB) error {
	rule, found := claimRules[db.Dialect], 0
	if err := db.Read.QueryRowContext(ctx, rule.query).Scan(&found); err != nil {
		return fmt.Errorf("migrate: look for the rule against overlapping claims: %w", err)
	}
	if found != rule.want {
		return fmt.Errorf("migrate: %w", ErrUnprotected)
	}
	return nil
}

func (r Report) newer() error {
	if len(r.Newer) == 0 {
		return nil
	}
	return fmt.Errorf("migrate: %w (%s)", ErrNewer, strings.Join(r.Newer, ", "))
}

// known is a migration of this program.
type known struct {
	version int64
	name    string
}

// add compares the versions in a table, which need not exist, with those known,
// which are in order.
func (r *Report) add(ctx context.Context, db *store.DB, table, query string, all []known) error {
	there, err := versions(ctx, db, table, query)
	if err != nil {
		return fmt.Errorf("migrate: read the versions in %s: %w", table, err)
	}
	for _, m := range all {
		if there[m.version] {
			r.Applied = append(r.Applied, m.name)
		} else {
			r.Pending = append(r.Pending, m.name)
		}
		delete(there, m.version)
	}
	for version := range there {
		r.Newer = append(r.Newer, fmt.Sprintf("%s %d", table, version))
	}
	return nil
}

// tableExists asks for a table by name.
var tableExists = map[string]string{
	dialect.Postgres: `SELECT to_regclass($1) IS NOT NULL`,
	dialect.SQLite:   `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)`,
}

func versions(ctx context.Context, db *store.DB, table, query string) (_ map[int64]bool, err error) {
	there := map[int64]bool{}
	var exists bool
	if err := db.Read.QueryRowContext(ctx, tableExists[db.Dialect], table).Scan(&exists); err != nil || !exists {
		return there, err
	}
	rows, err := db.Read.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return nil, err
		}
		there[version] = true
	}
	return there, rows.Err()
}

func ourMigrations(db *store.DB) ([]known, error) {
	provider, err := newProvider(db, folders[db.Dialect])
	if err != nil {
		return nil, err
	}
	var all []known
	for _, s := range provider.ListSources() {
		all = append(all, known{s.Version, strings.TrimSuffix(path.Base(s.Path), ".sql")})
	}
	return all, nil
}

func queueMigrations(db *store.DB) ([]known, error) {
	m, err := newQueueMigrator(db)
	if err != nil {
		return nil, err
	}
	var all []known
	for _, v := range m.AllVersions() {
		all = append(all, known{int64(v.Version), fmt.Sprintf("queue_%03d", v.Version)})
	}
	return all, nil
}
