package audit

import (
	"context"
	"time"

	"clinicgraph/internal/groupcommit"
	"clinicgraph/internal/store"
)

// writeTimeout bounds one statement where the database does not: SQLite lets a write
// wait as long as another takes.
const writeTimeout = 10 * time.Second

// rows are written together with those of other requests (decision 0079).
func (s *Security) together() *groupcommit.Group[*row] {
	s.once.Do(func() {
		s.group = &groupcommit.Group[*row]{
			Together: s.insertTogether, Alone: s.insertAlone,
			Size: (*row).size, Away: store.Unreachable,
		}
	})
	return s.group
}

// insertTogether writes rows of several requests in one statement.
func (s *Security) insertTogether(rows []*row) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	return s.insert(ctx, rows)
}

// insertAlone writes the rows of one request, again where they lost against others.
func (s *Security) insertAlone(rows []*row) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	if len(rows) > groupcommit.ItemsAtOnce {
		return s.insertMany(ctx, rows)
	}
	return store.Retry(ctx, func(ctx context.Context) error { return s.insert(ctx, rows) })
}

// put has the rows written, all or none, and returns once they are lasting; see
// groupcommit. It must not be called inside a transaction.
func (s *Security) put(ctx context.Context, rows []*row) error {
	return store.Classify(s.together().Put(ctx, rows))
}

// Waiting is how many rows are on their way, and how many wait for the next statement.
func (s *Security) Waiting() (ahead, behind int) { return s.together().Waiting() }

// Close waits until all that was recorded is lasting, as long as ctx lasts: also what
// nobody waits for any more. It is called after the last request, and before the
// database is closed.
func (s *Security) Close(ctx context.Context) error {
	return s.together().Close(ctx)
}
