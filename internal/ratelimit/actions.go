package ratelimit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

// actionWindow is the time in which the quota of a sensitive action comes back.
const actionWindow = 5 * time.Minute

// purgeBatch bounds a transaction, so that nobody waits long behind it.
const purgeBatch = 1000

// Actions counts sensitive actions, such as signing in, in the database, so that
// a quota is the same however many servers there are. Each client has one for
// each action, refilled evenly (the generic cell rate algorithm, ITU-T I.371): a
// row says when it will be full again.
type Actions struct {
	Store *store.Store
	Quota int // in five minutes; for an address, or for a user where one is signed in
	Now   func() time.Time
}

// take counts an action of whoever acts in ctx. One statement reads, decides and
// writes, so attempts at once get no more than attempts one after the other; it is
// committed before the action begins. Errors: RATE_LIMITED, and those of the
// database: what cannot be counted is not done.
func (a *Actions) take(ctx context.Context, action string) (*State, error) {
	client := Network(access.RequestOf(ctx).IP).String()
	if v := access.FromContext(ctx); v != nil && !v.Anonymous() {
		client = v.UserID.String()
	}
	key, cost, now := action+" "+client, actionWindow/time.Duration(a.Quota), a.Now()
	fullAt, refused, err := draw(ctx, a.Store, key, cost, actionWindow, now)
	if err != nil {
		return nil, err
	}
	missing := max(0, time.UnixMicro(fullAt).Sub(now))
	state := &State{
		Policy: action, Quota: a.Quota, Window: actionWindow,
		Remaining: max(0, int((actionWindow-missing)/cost)), Reset: seconds(missing.Seconds()),
	}
	if refused {
		state.Remaining = 0
		return state, tooMany(missing + cost - actionWindow)
	}
	return state, nil
}

// Take counts one more of the key against a quota in a window, refilled evenly.
// Errors: RATE_LIMITED, and those of the database: what cannot be counted is not
// done.
func Take(ctx context.Context, s *store.Store, key string, quota int, window time.Duration, now time.Time) error {
	cost := window / time.Duration(quota)
	fullAt, refused, err := draw(ctx, s, key, cost, window, now)
	if err == nil && refused {
		err = tooMany(max(0, time.UnixMicro(fullAt).Sub(now)) + cost - window)
	}
	return err
}

// draw takes the cost from the key's bucket, unless it would be more than empty,
// in a transaction of its own. FullAt is when the bucket will be full again.
func draw(ctx context.Context, s *store.Store, key string, cost, window time.Duration, now time.Time) (fullAt int64, refused bool, err error) {
	err = s.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
		// Parameters are numbered as they first come: SQLite takes them so.
		err := tx.QueryRowContext(ctx, `INSERT INTO action_counts (key, full_at) VALUES ($1, $2)
			ON CONFLICT (key) DO UPDATE
			SET full_at = CASE WHEN action_counts.full_at > $3 THEN action_counts.full_at ELSE $3 END + $4
			WHERE CASE WHEN action_counts.full_at > $3 THEN action_counts.full_at ELSE $3 END + $4 <= $5
			RETURNING full_at`,
			key, now.Add(cost).UnixMicro(), now.UnixMicro(), cost.Microseconds(), now.Add(window).UnixMicro()).Scan(&fullAt)
		if refused = errors.Is(err, sql.ErrNoRows); refused {
			err = tx.QueryRowContext(ctx, `SELECT full_at FROM action_counts WHERE key = $1`, key).Scan(&fullAt)
		}
		if err != nil {
			action, _, _ := strings.Cut(key, " ") // behind it stands who
			return fmt.Errorf("count %s: %w", action, err)
		}
		return nil
	})
	return fullAt, refused, err
}

// Purge forgets the clients whose quotas are full by now, batch by batch, until
// none is left or ctx ends, and gives how many it forgot.
func Purge(ctx context.Context, s *store.Store, now time.Time) (forgotten int, err error) {
	for {
		var n int64
		err := s.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, `DELETE FROM action_counts WHERE key IN (SELECT key FROM action_counts WHERE full_at <= $1 LIMIT $2)`,
				now.UnixMicro(), purgeBatch)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return forgotten, fmt.Errorf("forget counts of actions: %w", err)
		}
		forgotten += int(n)
		if n < purgeBatch {
			return forgotten, nil
		}
	}
}
