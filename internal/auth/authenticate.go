package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// errStale is the answer while nobody can say who has been sent away.
func errStale() error {
	return fault.Wrap(fault.CodeUnavailable, errors.New("revocations are stale"), "The service cannot be reached at the moment. Please try again.")
}

// Authenticate says who an access token, or the personal token of a program, acts
// as: the token is good, neither it nor its session has been revoked, and its
// account is in order, now. That the session of an access token is alive is known
// without asking the database: no token outlives its session, and what ends one
// early revokes its tokens. Errors: UNAUTHENTICATED, UNAVAILABLE, also where what
// has been revoked is not known.
func (s *Service) Authenticate(ctx context.Context, token string) (*access.Viewer, error) {
	if strings.HasPrefix(token, string(apiTokens)) {
		return s.program(ctx, token)
	}
	claims, err := s.Tokens.Verify(token)
	if err != nil {
		return nil, err
	}
	if s.Revoked.Refuses(claims) {
		return nil, unauthenticated(errors.New("access token: revoked"))
	}
	if s.Followed.Stale() {
		return nil, errStale()
	}
	a, err := s.Authorities.Of(ctx, claims.Subject)
	if err != nil {
		return nil, noAccount(err)
	}
	return s.viewer(ctx, claims, a, nil)
}

// noAccount is the answer where who a token acts as cannot be read.
func noAccount(err error) error {
	if ent.IsNotFound(err) {
		return unauthenticated(err)
	}
	return store.Classify(err)
}

// claimsOf is what an access token of the session says now.
func claimsOf(u *ent.User, session *ent.UserSession) Claims {
	proved := session.AuthenticatedAt
	if session.ReauthenticatedAt != nil {
		proved = *session.ReauthenticatedAt
	}
	return Claims{
		Subject: u.ID, Session: session.ID, AuthTime: proved, AMR: session.Amr,
		Version: int64(u.TokenEpoch), ExpiresAt: session.ExpiresAt, Actor: actorOf(session),
	}
}

// Renew looks again at what the viewer of an access token rests on, the session
// included, in the database: for what lasts longer than a request, and for what
// must not be done in the second that a revocation may take to get around.
// Errors: UNAUTHENTICATED when the token, the session or the account has ended,
// UNAVAILABLE.
func (s *Service) Renew(ctx context.Context, v *access.Viewer) (*access.Viewer, error) {
	if !s.Now().Before(v.Until) {
		return nil, unauthenticated(nil)
	}
	if v.TokenID != uuid.Nil {
		return s.programAgain(ctx, v.TokenID)
	}
	session, err := s.Store.Client.UserSession.Query().Where(usersession.ID(v.SessionID)).Only(access.System(ctx, "authenticate"))
	if err != nil {
		return nil, noAccount(fmt.Errorf("load session: %w", err))
	}
	a, err := s.Authorities.Read(ctx, v.UserID)
	if err != nil {
		return nil, noAccount(err)
	}
	return s.viewer(ctx, Claims{
		Subject: v.UserID, Session: v.SessionID, Actor: actorOf(session), AuthTime: v.AuthTime, AMR: v.AMR, Version: v.TokenEpoch, ExpiresAt: v.Until,
	}, a, session)
}

// viewer says who a good token acts as, as long as its account is in order, and
// its session where that is given. Who acts for somebody else has no leeway.
func (s *Service) viewer(ctx context.Context, claims Claims, a *accounts.Authority, session *ent.UserSession) (_ *access.Viewer, err error) {
	if !canIssue(a.User, session, s.Now()) || a.User.ID != claims.Subject || int64(a.User.TokenEpoch) > claims.Version ||
		claims.Actor != uuid.Nil && !s.Now().Before(claims.ExpiresAt) {
		return nil, unauthenticated(nil)
	}
	v := a.Viewer()
	s.dress(v, claims)
	if claims.Actor != uuid.Nil {
		v.Impersonator, err = s.actor(access.System(ctx, "authenticate"), s.Store.Client, claims.Actor, a.User, v.Grants)
	}
	return v, err
}
