package auth

import (
	"context"
	"database/sql"
	"fmt"

	"clinicgraph/ent"
	"clinicgraph/ent/refreshtoken"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
)

// Refresh exchanges a refresh token for its successor and a fresh access token.
// A token is good once: of two parallel exchanges one wins. Errors:
// UNAUTHENTICATED.
func (s *Service) Refresh(ctx context.Context, plain string) (renewed *Session, err error) {
	var u *ent.User
	defer func() { s.tell(ctx, audit.EventRefresh, u, err) }()
	hash, err := ParseRefreshToken(plain)
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		now := s.Now()
		token, err := c.RefreshToken.Query().Where(refreshtoken.TokenHash(hash)).WithUser().WithSession().Only(access.System(ctx, "refresh"))
		if ent.IsNotFound(err) {
			return unauthenticated(err)
		}
		if err != nil {
			return fmt.Errorf("look for the refresh token: %w", err)
		}
		u = token.Edges.User
		session := token.Edges.Session
		if session == nil || !canIssue(u, session, now) || token.RevokedAt != nil || !now.Before(token.ExpiresAt) {
			return unauthenticated(nil)
		}
		ctx := actingAs(ctx, u, "refreshSession")
		err = c.RefreshToken.UpdateOneID(token.ID).Where(refreshtoken.UsedAtIsNil(), refreshtoken.RevokedAtIsNil()).SetUsedAt(now).Exec(ctx)
		if ent.IsNotFound(err) {
			return unauthenticated(err)
		}
		if err != nil {
			return fmt.Errorf("use the refresh token: %w", err)
		}
		v, err := accounts.Viewer(ctx, c, u)
		if err != nil {
			return err
		}
		idle, _ := lifetime(v.Grants, now)
		ends := now.Add(idle)
		if session.ExpiresAt.Before(ends) {
			ends = session.ExpiresAt
		}
		session, err = c.UserSession.UpdateOneID(session.ID).SetLastActivityAt(now).SetIdleExpiresAt(ends).Save(ctx)
		if err != nil {
			return fmt.Errorf("keep the session: %w", err)
		}
		renewed, err = s.issue(ctx, c, u, v, session, token.Generation+1)
		return err
	})
	return renewed, err
}
