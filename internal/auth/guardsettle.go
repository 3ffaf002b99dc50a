package auth

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/ratelimitlog"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

// settle ends a try: it leaves the charge of a wrong one, takes that of a right
// one back, and puts what follows onto the account and into the log of blocks.
// Without a verdict (nil) the try has not been one.
func (s *Service) settle(ctx context.Context, who suspect, action string, v *verdict) error {
	now := s.Now()
	return s.Store.InTx(ctx, func(c *ent.Client, tx *sql.Tx) error {
		ctx := access.System(ctx, "login-guard")
		var locked time.Time
		for _, k := range who.keys {
			until, err := s.settleKey(ctx, c, tx, k, action, v, now)
			if err != nil {
				return err
			}
			if k.scope == "ACCOUNT" && until.After(locked) {
				locked = until
			}
		}
		return who.project(ctx, tx, v, locked, now)
	})
}

// settleKey ends the try on one key and gives until when the key is blocked.
func (s *Service) settleKey(ctx context.Context, c *ent.Client, tx *sql.Tx, k guardKey, action string, v *verdict, now time.Time) (time.Time, error) {
	// In flight are those besides this one.
	const others = `CASE WHEN pending > 1 THEN pending - 1 ELSE 0 END`
	change := `tries = CASE WHEN tries > 0 THEN tries - 1 ELSE 0 END, blocked_until = 0`
	switch {
	case v != nil && *v == wrong:
		change = `tries = tries`
	case v != nil && *v == right && k.rule.window == 0:
		// What is still under way stays charged. A window is no matter of one
		// account: a success there does not pay for failures elsewhere.
		change = `tries = ` + others + `, blocked_until = 0`
	}
	var t tries
	var since, until, told int64
	err := tx.QueryRowContext(ctx, `UPDATE auth_guards SET pending = `+others+`, `+change+` WHERE key = $1 RETURNING tries, since, blocked_until, told_until`, k.key).
		Scan(&t.n, &since, &until, &told)
	if err == sql.ErrNoRows { // cleared meanwhile
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("settle a try: %w", err)
	}
	t.since = time.UnixMicro(since).UTC()
	end := time.UnixMicro(until).UTC()
	switch {
	case until > now.UnixMicro() && told != until:
		if _, err := tx.ExecContext(ctx, `UPDATE auth_guards SET told_until = $1 WHERE key = $2`, until, k.key); err != nil {
			return end, fmt.Errorf("settle a try: %w", err)
		}
		return end, s.logBlock(ctx, c, k, action, t, end, now)
	case until == 0 && told > now.UnixMicro():
		return end, k.endBlock(ctx, tx, now)
	}
	return end, nil
}

// project shows on the account what the guard has counted. The columns follow
// from the guard's rows and are nobody's decision: they are written past the
// operation log and the version.
func (w suspect) project(ctx context.Context, tx *sql.Tx, v *verdict, locked, now time.Time) (err error) {
	switch {
	case w.user == nil || v == nil || *v == halved:
		return nil
	case *v == right && w.keys[0].scope == "DEVICE": // the strangers' block stands
		_, err = tx.ExecContext(ctx, `UPDATE users SET failed_login_attempts = 0 WHERE id = $1 AND failed_login_attempts <> 0`, w.user.ID)
	case *v == right:
		_, err = tx.ExecContext(ctx, `UPDATE users SET failed_login_attempts = 0, locked_until = NULL WHERE id = $1 AND (failed_login_attempts <> 0 OR locked_until IS NOT NULL)`, w.user.ID)
	case locked.After(now):
		_, err = tx.ExecContext(ctx, `UPDATE users SET failed_login_attempts = failed_login_attempts + 1, last_failed_login_at = $1, locked_until = $2 WHERE id = $3`, now, locked, w.user.ID)
	default:
		_, err = tx.ExecContext(ctx, `UPDATE users SET failed_login_attempts = failed_login_attempts + 1, last_failed_login_at = $1 WHERE id = $2`, now, w.user.ID)
	}
	if err != nil {
		return fmt.Errorf("note the try: %w", err)
	}
	return nil
}

// logBlock opens the row that stands for all tries of a block.
func (s *Service) logBlock(ctx context.Context, c *ent.Client, k guardKey, action string, t tries, until, now time.Time) error {
	create := c.RateLimitLog.Create().SetScope(ratelimitlog.Scope(k.scope)).SetKey(k.log).SetAction(action).
		SetAttempts(int32(t.n)).SetWindowStart(t.since).SetWindowEnd(now).SetLastAttemptAt(now).SetBlockedUntil(until)
	if owner, err := uuid.Parse(k.owner); err == nil {
		create.SetUserID(owner)
	}
	if err := create.Exec(ctx); err != nil {
		return fmt.Errorf("log a block: %w", err)
	}
	if s.Blocked != nil {
		s.Blocked(k.scope)
	}
	return nil
}

// endBlock says in the log that the block has ended before its time.
func (k guardKey) endBlock(ctx context.Context, tx *sql.Tx, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE rate_limit_logs SET blocked_until = $1 WHERE scope = $2 AND key = $3 AND blocked_until > $1`, now, k.scope, k.log)
	if err != nil {
		return fmt.Errorf("end a block: %w", err)
	}
	return nil
}

// noteRefusal counts a try that came during a block, in the block's row.
func (s *Service) noteRefusal(ctx context.Context, b *blocked) error {
	now := s.Now()
	return s.Store.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE rate_limit_logs SET attempts = attempts + 1, last_attempt_at = $1 WHERE scope = $2 AND key = $3 AND blocked_until > $1`, now, b.by.scope, b.by.log)
		if err != nil {
			return fmt.Errorf("note a refusal: %w", err)
		}
		return nil
	})
}

// purgeTriesBatch bounds a transaction, so that nobody waits long behind it.
const purgeTriesBatch = 1000

// PurgeTries forgets the tries that no longer count, batch by batch, until none
// is left or ctx ends, and gives how many keys it forgot.
func PurgeTries(ctx context.Context, s *store.Store, now time.Time) (forgotten int, err error) {
	for {
		var n int64
		err := s.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, `DELETE FROM auth_guards WHERE key IN (SELECT key FROM auth_guards WHERE forget_at <= $1 LIMIT $2)`,
				now.UnixMicro(), purgeTriesBatch)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return forgotten, fmt.Errorf("forget tries: %w", err)
		}
		forgotten += int(n)
		if n < purgeTriesBatch {
			return forgotten, nil
		}
	}
}
