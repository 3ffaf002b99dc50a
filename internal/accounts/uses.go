package accounts

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

const (
	// usesRest is how long a first use waits for others, so that many make one
	// transaction. What a server that is killed had not written is noted again with
	// the next use.
	usesRest = 2 * time.Second
	// mostWaiting bounds what waits to be written; what finds no room is noted again
	// with its next use.
	mostWaiting = 10_000
	// usesBatch bounds a transaction, so that nobody waits long behind it.
	usesBatch = 500
	// usesTimeout ends a writing that the database does not answer.
	usesTimeout = 5 * time.Second
	// keptUses is for how long a use is remembered: what is longer ago is as good as
	// never for whoever reviews access.
	keptUses = 2 * 365 * 24 * time.Hour
)

// Use is a permission of a user.
type Use struct {
	User       uuid.UUID
	Permission string
}

// Uses puts on record on which day, in UTC, the door last let each user through by
// each permission. The first use of a day is written down, some seconds later and
// together with others; the rest costs a bit in memory. Several servers may write
// the same: the later day stands.
type Uses struct {
	Store *store.Store
	Log   *slog.Logger

	writing sync.Mutex // one batch at a time

	mu      sync.Mutex
	users   map[uuid.UUID]*access.Uses
	waiting map[Use]access.Day
	timer   *time.Timer // runs while something waits
	closed  bool
}

// of gives what the viewers of the user tell of their uses; nil where u is.
func (u *Uses) of(id uuid.UUID) *access.Uses {
	if u == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	known := u.users[id]
	if known == nil {
		if u.users == nil || len(u.users) >= mostHeld {
			u.users = map[uuid.UUID]*access.Uses{} // everybody is noted once more today
		}
		known = &access.Uses{User: id, Tell: u.tell}
		u.users[id] = known
	}
	return known
}

// tell takes a use in, unless there is no room.
func (u *Uses) tell(user uuid.UUID, permission string, day access.Day) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || len(u.waiting) >= mostWaiting {
		return false
	}
	if u.waiting == nil {
		u.waiting = map[Use]access.Day{}
	}
	u.waiting[Use{user, permission}] = day
	if u.timer == nil {
		u.timer = time.AfterFunc(usesRest, u.flush)
	}
	return true
}

// flush writes what waits, and comes again where that fails.
func (u *Uses) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), usesTimeout)
	defer cancel()
	if err := u.Flush(ctx); err != nil {
		u.Log.WarnContext(ctx, "uses of permissions not written", "error", err)
	}
}

// Flush writes what waits now. What cannot be written waits on.
func (u *Uses) Flush(ctx context.Context) error {
	u.writing.Lock()
	defer u.writing.Unlock()
	u.mu.Lock()
	taken := u.waiting
	u.waiting = nil
	if u.timer != nil {
		u.timer.Stop()
		u.timer = nil
	}
	u.mu.Unlock()

	uses := make([]Use, 0, len(taken))
	for use := range taken {
		uses = append(uses, use)
	}
	// In one order on all servers, so that none waits for another in a circle.
	slices.SortFunc(uses, func(a, b Use) int {
		return cmp.Or(bytes.Compare(a.User[:], b.User[:]), strings.Compare(a.Permission, b.Permission))
	})
	for batch := range slices.Chunk(uses, usesBatch) {
		if err := u.write(ctx, batch, taken); err != nil {
			u.again(taken)
			return err
		}
		for _, use := range batch {
			delete(taken, use)
		}
	}
	return nil
}

// write puts a batch into the table. One statement for each keeps one text in the
// caches of statements, whatever the size of the batch.
func (u *Uses) write(ctx context.Context, batch []Use, days map[Use]access.Day) error {
	return u.Store.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
		for _, use := range batch {
			_, err := tx.ExecContext(ctx, `INSERT INTO permission_uses (user_id, permission, last_used_on) VALUES ($1, $2, $3)
				ON CONFLICT (user_id, permission) DO UPDATE SET last_used_on = excluded.last_used_on
				WHERE permission_uses.last_used_on < excluded.last_used_on`, use.User, use.Permission, days[use])
			if err != nil {
				return fmt.Errorf("note a use of %s: %w", use.Permission, err)
			}
		}
		return nil
	})
}

// again has what could not be written wait on, beside what has come meanwhile.
func (u *Uses) again(left map[Use]access.Day) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for use, day := range u.waiting {
		left[use] = max(left[use], day)
	}
	u.waiting = left
	if u.timer == nil && !u.closed && len(left) > 0 {
		u.timer = time.AfterFunc(usesRest, u.flush)
	}
}

// Close writes what waits and takes nothing more.
func (u *Uses) Close(ctx context.Context) error {
	u.mu.Lock()
	u.closed = true
	u.mu.Unlock()
	return u.Flush(ctx)
}

// LastUsed gives the day, as its first instant in UTC, on which each user last came
// through the door by each permission; what was not used in the last two years is
// not there. What this server has yet to write is written first, so that nobody
// who has just used a right is listed as somebody who does not.
func (u *Uses) LastUsed(ctx context.Context, users ...uuid.UUID) (map[Use]time.Time, error) {
	if err := u.Flush(ctx); err != nil {
		return nil, err
	}
	found := map[Use]time.Time{}
	for some := range slices.Chunk(users, usesBatch) {
		if err := readUses(ctx, u.Store.Client, some, found); err != nil {
			return nil, fmt.Errorf("read uses of permissions: %w", err)
		}
	}
	return found, nil
}

func readUses(ctx context.Context, c *ent.Client, users []uuid.UUID, into map[Use]time.Time) error {
	args := make([]any, len(users))
	for i, id := range users {
		args[i] = id
	}
	rows, err := c.QueryContext(ctx, `SELECT user_id, permission, last_used_on FROM permission_uses WHERE user_id IN (`+store.Places(1, len(users))+`)`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var use Use
		var day access.Day
		if err := rows.Scan(&use.User, &use.Permission, &day); err != nil {
			return err
		}
		into[use] = day.Start()
	}
	return rows.Err()
}

// PurgeUses forgets what was used last more than two years ago, batch by batch,
// until nothing is left or ctx ends, and gives how much it forgot.
func PurgeUses(ctx context.Context, s *store.Store, now time.Time) (forgotten int, err error) {
	before := access.DayOf(now.Add(-keptUses))
	for {
		var n int64
		err := s.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, `DELETE FROM permission_uses WHERE (user_id, permission) IN
				(SELECT user_id, permission FROM permission_uses WHERE last_used_on < $1 LIMIT $2)`, before, usesBatch)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return forgotten, fmt.Errorf("forget uses of permissions: %w", err)
		}
		forgotten += int(n)
		if n < usesBatch {
			return forgotten, nil
		}
	}
}
