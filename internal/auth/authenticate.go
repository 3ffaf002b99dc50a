package auth

import (
	"context"
	"errors"
	"fmt"

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
	if s.Revoked.Refuses(claims) {
		return nil, unauthenticated(errors.New("access token: revoked"))
	}
	return s.viewer(ctx, claims)
}

// claimsOf is what an access token of the session says now.
func claimsOf(u *ent.User, session *ent.UserSession) Claims {
	proved := session.AuthenticatedAt
	if session.ReauthenticatedAt != nil {
		proved = *session.ReauthenticatedAt
	}
	return Claims{
		Subject: u.ID, Session: session.ID, AuthTime: proved, AMR: session.Amr,
		Version: int64(u.TokenEpoch), ExpiresAt: session.ExpiresAt,
	}
}

// Renew looks again at what the viewer of an access token rests on, for what
// lasts longer than a request. Errors: UNAUTHENTICATED when the token, the
// session or the account has ended, UNAVAILABLE.
func (s *Service) Renew(ctx context.Context, v *access.Viewer) (*access.Viewer, error) {
	if !s.Now().Before(v.Until) {
		return nil, unauthenticated(nil)
	}
	return s.viewer(ctx, Claims{
		Subject: v.UserID, Session: v.SessionID, AuthTime: v.AuthTime, AMR: v.AMR, Version: v.TokenEpoch, ExpiresAt: v.Until,
	})
}

// viewer says who a good token acts as, as long as session and account are in
// order.
func (s *Service) viewer(ctx context.Context, claims Claims) (*access.Viewer, error) {
	system := access.System(ctx, "authenticate")
	session, err := s.Store.Client.UserSession.Query().Where(usersession.ID(claims.Session)).WithUser().Only(system)
	if ent.IsNotFound(err) {
		return nil, unauthenticated(err)
	}
	if err != nil {
		return nil, store.Classify(fmt.Errorf("load session: %w", err))
	}
	u := session.Edges.User
	if !canIssue(u, session, s.Now()) || u.ID != claims.Subject || int64(u.TokenEpoch) > claims.Version {
		return nil, unauthenticated(nil)
	}
	v, err := accounts.Viewer(system, s.Store.Client, u)
	if err != nil {
		return nil, store.Classify(err)
	}
	v.SessionID, v.Now, v.TokenEpoch, v.Until = session.ID, s.Now, claims.Version, claims.ExpiresAt
	v.AuthTime, v.AMR = claims.AuthTime, claims.AMR
	return v, nil
}
