package auth

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/fault"
)

// quota takes one of the times that the account may do what costs the server
// much, whatever comes of it. Errors: RATE_LIMITED, and those of the database.
func (s *Service) quota(ctx context.Context, u *ent.User, action string, rule guardRule) error {
	account := u.ID.String()
	who := suspect{keys: []guardKey{{rule, "ACTION", "action " + action + " " + account, action + " " + account, account}}}
	refused, err := s.charge(ctx, who)
	if err != nil {
		return err
	}
	if refused == nil {
		taken := wrong // it stays charged
		return s.settle(context.WithoutCancel(ctx), who, action, &taken)
	}
	if err := s.noteRefusal(context.WithoutCancel(ctx), refused); err != nil {
		return err
	}
	s.count(action, outcomeLimited)
	f := fault.New(fault.CodeRateLimited, "You have done this too often. Please wait a while.")
	f.RetryAfter = refused.until.Sub(s.Now()).Round(time.Second)
	return f
}

// ClearBlock forgets all tries at the account's secrets and opens it for every
// device: for staff who unlock it, and for its owner who has come through the
// mail. It belongs to the caller's transaction.
func (s *Service) ClearBlock(ctx context.Context, tx *sql.Tx, user uuid.UUID) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM auth_guards WHERE owner = $1`, user.String()); err != nil {
		return fmt.Errorf("forget tries: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE users SET failed_login_attempts = 0, locked_until = NULL WHERE id = $1`, user); err != nil {
		return fmt.Errorf("open the account: %w", err)
	}
	now := s.Now()
	if _, err := tx.ExecContext(ctx, `UPDATE rate_limit_logs SET blocked_until = $1 WHERE user_id = $2 AND blocked_until > $1`, now, user); err != nil {
		return fmt.Errorf("end blocks: %w", err)
	}
	return nil
}
