package chain

import (
	"context"
	"fmt"
	"strings"

	"clinicgraph/internal/store"
)

// KeepPartitions has PostgreSQL make the monthly partitions of the logs ahead of time,
// and take away those of past months that archiving has left empty; it counts both.
// Whatever calls it how often and at once, each is made once. Errors: that a log has
// no partition for the next month, though entries are never refused for it.
func KeepPartitions(ctx context.Context, db *store.DB) (done int, err error) {
	if !db.LocksRows() { // SQLite has no partitions
		return 0, nil
	}
	if err := db.Write.QueryRowContext(ctx, `SELECT keep_log_partitions()`).Scan(&done); err != nil {
		return 0, store.Classify(fmt.Errorf("keep the partitions of the logs: %w", err))
	}
	var late string
	err = db.Read.QueryRowContext(ctx, `SELECT coalesce(string_agg(l.log, ', ' ORDER BY l.log), '') FROM (SELECT p.log FROM log_partitions p
		GROUP BY p.log HAVING NOT bool_or(p.begins <= log_month(now(), 1) AND p.ends > log_month(now(), 1))) AS l`).Scan(&late)
	if err != nil {
		return done, store.Classify(fmt.Errorf("look at the partitions of the logs: %w", err))
	}
	if late != "" {
		return done, fmt.Errorf("no partition for the next month: %s", late)
	}
	return done, nil
}

// DropArchived has PostgreSQL drop the monthly partitions that are over and of which the
// last checkpoint covers every row, and counts them. Each is gone in a moment, where its
// rows would be removed one by one and leave holes. What somebody else holds, this role
// does not own, or has a row that is not archived stays.
func DropArchived(ctx context.Context, db *store.DB) (dropped int, err error) {
	for more := db.LocksRows(); more; { // SQLite has no partitions
		if err := db.Write.QueryRowContext(ctx, `SELECT drop_archived_log_partition()`).Scan(&more); err != nil {
			return dropped, store.Classify(fmt.Errorf("drop the archived partitions of the logs: %w", err))
		}
		if more {
			dropped++
		}
	}
	return dropped, nil
}

// manyStray is as far as entries without a partition are counted.
const manyStray = 10_000

// Unpartitioned counts the entries of each log whose month has no partition, up to
// 10,000: they lie in the partition of the rest. More than none says that partitions
// were not made in time, or that a server's clock is wrong.
func Unpartitioned(ctx context.Context, db *store.DB) (map[string]int, error) {
	found := make(map[string]int, len(streams))
	for i := range streams {
		st := &streams[i]
		n := 0
		if db.LocksRows() {
			err := db.Read.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT FROM `+st.table+`_rest LIMIT $1) AS r`, manyStray).Scan(&n)
			if err != nil {
				return nil, store.Classify(fmt.Errorf("count what has no partition in %s: %w", st.table, err))
			}
		}
		found[strings.TrimSuffix(st.table, "_logs")] = n
	}
	return found, nil
}
