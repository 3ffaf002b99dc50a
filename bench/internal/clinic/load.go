package clinic

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"golang.org/x/sync/errgroup"
)

// workers load and index at the same time.
const workers = 2

// ErrInUse says that the database has customers or bookings: the data set is for
// a database of its own.
var ErrInUse = errors.New("the database is in use: it has customers or bookings; give an empty one that is migrated and has the base data")

// Load puts the clinic into a database that is migrated and has the base data,
// and nothing else. The hashes are those of the passwords by login; whoever has
// none cannot sign in. Indexes and foreign keys of the large tables are taken
// away before and made again after, from their own definitions, so that all rows
// are checked by them. When it fails, the database is to be dropped. Errors:
// ErrInUse.
func (c *Clinic) Load(ctx context.Context, url string, hashes map[string]string, log *slog.Logger) (err error) {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	base, err := readBase(ctx, db)
	if err != nil {
		return err
	}
	small := append(c.people(base, hashes), c.offered()...)
	large := c.business(base)
	names := make([]string, len(large))
	for i, t := range large {
		names[i] = t.name
	}
	before, err := objectsOf(ctx, db, names)
	if err != nil {
		return err
	}
	if err := dropAll(ctx, db, before); err != nil {
		return err
	}
	if err := fill(ctx, db, small, large, before, log); err != nil {
		return err
	}
	after, err := objectsOf(ctx, db, names)
	if err != nil {
		return err
	}
	if !slices.Equal(before, after) {
		return errors.New("the indexes and constraints are not what they were")
	}
	return tidy(ctx, db, slices.Concat(small, large), log)
}

// readBase finds what the server has made.
func readBase(ctx context.Context, db *sql.DB) (Base, error) {
	b := Base{Roles: map[string]uuid.UUID{}}
	var inUse bool
	err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM customers) OR EXISTS (SELECT FROM bookings)`).Scan(&inUse)
	if err != nil {
		return b, fmt.Errorf("look at the database: %w", err)
	}
	if inUse {
		return b, ErrInUse
	}
	var roles, sexes, found []string
	err = db.QueryRowContext(ctx, `SELECT
		array(SELECT name || ' ' || id FROM roles WHERE deleted_at IS NULL),
		array(SELECT id::text FROM sexes ORDER BY sex),
		array(SELECT id::text FROM payment_methods WHERE kind = 'CASH' AND customer_id IS NULL)
		|| array(SELECT id::text FROM organizational_units WHERE parent_id IS NULL)`).
		Scan(pq.Array(&roles), pq.Array(&sexes), pq.Array(&found))
	if err != nil {
		return b, fmt.Errorf("read the base data: %w", err)
	}
	if len(roles) == 0 || len(sexes) == 0 || len(found) != 2 {
		return b, errors.New("the base data are missing: run clinicgraph seed base")
	}
	for _, r := range roles {
		name, id, _ := strings.Cut(r, " ")
		b.Roles[name] = uuid.MustParse(id)
	}
	for _, id := range sexes {
		b.Sexes = append(b.Sexes, uuid.MustParse(id))
	}
	b.Cash, b.Root = uuid.MustParse(found[0]), uuid.MustParse(found[1])
	return b, nil
}

func dropAll(ctx context.Context, db *sql.DB, all []object) error {
	for _, o := range slices.Backward(all) {
		if _, err := db.ExecContext(ctx, o.drop()); err != nil {
			return fmt.Errorf("drop %s: %w", o.name, err)
		}
	}
	return nil
}

// fill loads each table and makes its indexes, several large tables at once, and
// then all foreign keys. The first of the large ones takes the longest; the small
// ones have indexes and keep each other's order.
func fill(ctx context.Context, db *sql.DB, small, large []table, objects []object, log *slog.Logger) error {
	group, shared := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	jobs := [][]table{{large[0]}, small}
	for _, t := range large[1:] {
		jobs = append(jobs, []table{t})
	}
	for _, tables := range jobs {
		group.Go(func() error {
			for _, t := range tables {
				if err := t.fill(shared, db, objects, log); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return link(ctx, db, objects, log)
}

// fill loads the table and makes the indexes of it that were dropped.
func (t table) fill(ctx context.Context, db *sql.DB, objects []object, log *slog.Logger) error {
	if err := t.load(ctx, db, log); err != nil {
		return err
	}
	began := time.Now()
	own := func(o object) bool { return o.table == t.name && !o.foreign }
	if !slices.ContainsFunc(objects, own) {
		return nil
	}
	err := create(ctx, db, objects, own)
	log.Info("indexed", "table", t.name, "took", since(began))
	return err
}

// link makes the foreign keys.
func link(ctx context.Context, db *sql.DB, objects []object, log *slog.Logger) error {
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	var tables []string
	for _, o := range objects {
		if o.foreign && !slices.Contains(tables, o.table) {
			tables = append(tables, o.table)
		}
	}
	for _, name := range tables {
		group.Go(func() error {
			return create(ctx, db, objects, func(o object) bool { return o.table == name && o.foreign })
		})
	}
	err := group.Wait()
	log.Info("foreign keys checked", "took", since(began))
	return err
}

func create(ctx context.Context, db *sql.DB, objects []object, which func(object) bool) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `SET maintenance_work_mem = '1GB'; SET max_parallel_maintenance_workers = 0`); err != nil {
		return err
	}
	for _, o := range objects {
		if !which(o) {
			continue
		}
		for _, statement := range o.create() {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
	}
	return nil
}

// tidy does what autovacuum would do in the hours after, so that it does not do
// it during the measurement.
func tidy(ctx context.Context, db *sql.DB, tables []table, log *slog.Logger) error {
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for _, t := range slices.Backward(tables) {
		group.Go(func() error {
			_, err := db.ExecContext(ctx, "VACUUM (FREEZE, ANALYZE) "+t.name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("vacuum: %w", err)
	}
	log.Info("vacuumed", "took", since(began))
	return nil
}

func since(t time.Time) time.Duration { return time.Since(t).Round(time.Millisecond) }
