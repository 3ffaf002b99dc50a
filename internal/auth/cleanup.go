package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/refreshtoken"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
)

const (
	// refreshTokensKept is how long the refresh tokens of a session stay after its
	// end. While it is alive all generations do: a copy of any of them is to be
	// found out.
	refreshTokensKept = 30 * 24 * time.Hour

	// sessionsKept is how long a session can be seen after its end. The row stays
	// as long as its log, which is only appended to.
	sessionsKept = 90 * 24 * time.Hour

	// cleanupBatch bounds a transaction, so that nobody waits long behind it.
	cleanupBatch = 100
)

// CleanUp ends the sessions whose time is over, removes the refresh tokens of
// those that ended 30 days ago and hides those that ended 90 days ago. It says
// how many rows that were. When one part fails the others still run.
func (s *Service) CleanUp(ctx context.Context) (done int, err error) {
	ctx = access.System(ctx, "cleanup-sessions")
	for _, part := range []func(context.Context, *ent.Client) (int, error){s.expire, s.forgetTokens, s.hide} {
		n, failed := s.inBatches(ctx, part)
		done, err = done+n, errors.Join(err, failed)
	}
	if err != nil {
		return done, fmt.Errorf("clean up sessions: %w", err)
	}
	return done, nil
}

func (s *Service) inBatches(ctx context.Context, part func(context.Context, *ent.Client) (int, error)) (done int, err error) {
	for {
		n := 0
		err := s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) (err error) {
			n, err = part(ctx, c)
			return err
		})
		if err != nil {
			return done, err
		}
		done += n
		if n < cleanupBatch {
			return done, nil
		}
	}
}

// expire ends sessions that nobody has used for too long, and those that are as
// old as they may become.
func (s *Service) expire(ctx context.Context, c *ent.Client) (int, error) {
	now := s.Now()
	over, err := c.UserSession.Query().Where(usersession.StatusEQ(usersession.StatusActive), usersession.IdleExpiresAtLTE(now)).
		Order(usersession.ByIdleExpiresAt(), usersession.ByID()).Limit(cleanupBatch).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, session := range over {
		status, reason := usersession.StatusIdleExpired, "not used for too long"
		if !now.Before(session.ExpiresAt) {
			status, reason = usersession.StatusExpired, "as old as a session may become"
		}
		if err := s.endSession(ctx, c, session.ID, status, reason); err != nil {
			return 0, err
		}
	}
	return len(over), nil
}

// forgetTokens removes refresh tokens that can renew nothing and tell nobody
// anything any more.
func (s *Service) forgetTokens(ctx context.Context, c *ent.Client) (int, error) {
	old, err := c.RefreshToken.Query().
		Where(refreshtoken.HasSessionWith(usersession.EndedAtLTE(s.Now().Add(-refreshTokensKept)))).
		Order(refreshtoken.ByID()).Limit(cleanupBatch).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, token := range old {
		// Two servers may be at it: what is gone is gone.
		if err := c.RefreshToken.DeleteOne(token).Exec(ctx); err != nil && !ent.IsNotFound(err) {
			return 0, err
		}
	}
	return len(old), nil
}

// hide deletes old sessions softly.
func (s *Service) hide(ctx context.Context, c *ent.Client) (int, error) {
	now := s.Now()
	old, err := c.UserSession.Query().Where(usersession.EndedAtLTE(now.Add(-sessionsKept))).
		Order(usersession.ByEndedAt(), usersession.ByID()).Limit(cleanupBatch).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, session := range old {
		if err := session.Update().SetDeletedAt(now).Exec(ctx); err != nil && !ent.IsNotFound(err) {
			return 0, err
		}
	}
	return len(old), nil
}
