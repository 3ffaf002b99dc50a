package counts

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/ent"
	"clinicgraph/internal/store"
)

// dayOf is the day of a booking, in SQL.
func dayOf(db *store.DB) string {
	if db.Dialect == dialect.Postgres {
		return `(starts_at AT TIME ZONE 'UTC')::date`
	}
	return `substr(starts_at, 1, 10)`
}

// Fold puts the rows of each unit, status and day together, and gives how many rows
// there are less. On SQLite there is one from the beginning. Whoever counts meanwhile
// sees the rows of before or the one of after, and whoever books does not wait.
func Fold(ctx context.Context, s *store.Store) (less int, err error) {
	if s.DB.Dialect != dialect.Postgres {
		return 0, nil
	}
	err = s.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `
			WITH many AS (SELECT unit_id, status, day FROM booking_counts GROUP BY 1, 2, 3 HAVING count(*) > 1),
			gone AS (DELETE FROM booking_counts c USING many m
				WHERE c.day = m.day AND c.status = m.status AND c.unit_id IS NOT DISTINCT FROM m.unit_id RETURNING c.unit_id, c.status, c.day, c.n),
			made AS (INSERT INTO booking_counts (unit_id, status, day, n)
				SELECT unit_id, status, day, sum(n) FROM gone GROUP BY 1, 2, 3 HAVING sum(n) <> 0 RETURNING 1)
			SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM made)`).Scan(&less)
	})
	if err != nil {
		return 0, fmt.Errorf("put the counts of bookings together: %w", err)
	}
	return less, nil
}

// Check gives how many units, states and days have another number than there are
// bookings: none, unless somebody has changed the tables without their triggers. It
// reads a season at a time, each in one snapshot.
func Check(ctx context.Context, db *store.DB) (wrong int, err error) {
	all, err := seasons(ctx, db, db.Read)
	for _, s := range all {
		var n int
		if err == nil {
			err = db.Read.QueryRowContext(ctx, `SELECT count(*) FROM (
				SELECT unit_id, status, day FROM (
					SELECT unit_id, status, day, n FROM booking_counts WHERE day >= $1 AND day < $2
					UNION ALL SELECT unit_id, status, `+dayOf(db)+`, -1 FROM bookings WHERE deleted_at IS NULL AND starts_at >= $3 AND starts_at < $4) AS both_sides
				GROUP BY unit_id, status, day HAVING sum(n) <> 0) AS wrong`, s.days()...).Scan(&n)
		}
		wrong += n
	}
	if err != nil {
		return 0, fmt.Errorf("check the counts of bookings: %w", err)
	}
	return wrong, nil
}

// Rebuild counts all bookings anew. Who books waits until it is done.
func Rebuild(ctx context.Context, s *store.Store) error {
	err := s.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
		if s.DB.LocksRows() {
			if _, err := tx.ExecContext(ctx, `LOCK TABLE bookings, booking_counts IN SHARE ROW EXCLUSIVE MODE`); err != nil {
				return err
			}
		}
		all, err := seasons(ctx, s.DB, tx)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM booking_counts`); err != nil {
			return err
		}
		for _, span := range all {
			_, err := tx.ExecContext(ctx, `INSERT INTO booking_counts (unit_id, status, day, n)
				SELECT unit_id, status, `+dayOf(s.DB)+`, count(*) FROM bookings WHERE deleted_at IS NULL AND starts_at >= $1 AND starts_at < $2 GROUP BY 1, 2, 3`, span.from, span.to)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count all bookings anew: %w", err)
	}
	return nil
}

// season is a stretch of whole days, short enough for one statement.
type season struct{ from, to time.Time }

const seasonDays = 92

// days are the ends as days, and again as moments.
func (s season) days() []any {
	return []any{s.from.Format(time.DateOnly), s.to.Format(time.DateOnly), s.from, s.to}
}

// seasons cover all days that have bookings or counts.
func seasons(ctx context.Context, db *store.DB, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (all []season, err error) {
	var first, last sql.NullString
	day := strings.ReplaceAll(dayOf(db), "starts_at", "at")
	err = q.QueryRowContext(ctx, `SELECT CAST(min(day) AS text), CAST(max(day) AS text) FROM (
		SELECT min(day) AS day FROM booking_counts UNION ALL SELECT max(day) FROM booking_counts
		UNION ALL SELECT `+day+` FROM (SELECT min(starts_at) AS at FROM bookings) AS a UNION ALL SELECT `+day+` FROM (SELECT max(starts_at) AS at FROM bookings) AS z) AS ends`).
		Scan(&first, &last)
	if err != nil || !first.Valid {
		return nil, err
	}
	from, err := time.Parse(time.DateOnly, first.String)
	if err != nil {
		return nil, err
	}
	for ; from.Format(time.DateOnly) <= last.String; from = from.AddDate(0, 0, seasonDays) {
		all = append(all, season{from, from.AddDate(0, 0, seasonDays)})
	}
	return all, nil
}
