package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/store"
)

// Authenticate says who an access token acts as: the token is good, its session
// alive and its account in order, now. Errors: UNAUTHENTICATED, UNAVAILABLE.
func (s *Service) Authenticate(ctx context.Context, token string) (*access.Viewer, error) {
	claims, err := s.Tokens.Verify(token)
	if err != nil {
		return nil, err
	}
	return s.viewer(ctx, claims.Subject, claims.Session, claims.Version, claims.ExpiresAt)
}

// Renew looks again at what the viewer of an access token rests on, for what
// lasts longer than a request. Errors: UNAUTHENTICATED when the token, the
// session or the account has ended, UNAVAILABLE.
func (s *Service) Renew(ctx context.Context, v *access.Viewer) (*access.Viewer, error) {
	if !s.Now().Before(v.Until) {
		return nil, unauthenticated(nil)
	}
	return s.viewer(ctx, v.UserID, v.SessionID, v.TokenEpoch, v.Until)
}

// viewer says who a good token acts as, as long as session and account are in
// order.
func (s *Service) viewer(ctx context.Context, subject, id uuid.UUID, epoch int64, until time.Time) (*access.Viewer, error) {
	system := access.System(ctx, "authenticate")
	session, err := s.Store.Client.UserSession.Query().Where(usersession.ID(id)).WithUser().Only(system)
	if ent.IsNotFound(err) {
		return nil, unauthenticated(err)
	}
	if err != nil {
		return nil, store.Classify(fmt.Errorf("load session: %w", err))
	}
	now, u := s.Now(), session.Edges.User
	if !canIssue(u, session, now) || u.ID != subject || int64(u.TokenEpoch) > epoch {
		return nil, unauthenticated(nil)
	}
	v, err := accounts.Viewer(system, s.Store.Client, u)
	if err != nil {
		return nil, store.Classify(err)
	}
	v.SessionID, v.Now, v.TokenEpoch, v.Until = session.ID, s.Now, epoch, until
	if session.ExpiresAt.Before(until) {
		v.Until = session.ExpiresAt
	}
	return v, nil
}
