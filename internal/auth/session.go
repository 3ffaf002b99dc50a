package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/refreshtoken"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/notify"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
)

// How long a session lasts. Sources: NIST SP 800-63B (AAL2: 12 hours and 30
// minutes without activity; AAL1: 30 days).
const (
	staffIdle        = 30 * time.Minute
	staffAbsolute    = 12 * time.Hour
	customerIdle     = 14 * 24 * time.Hour
	customerAbsolute = 30 * 24 * time.Hour
)

// Service has the verbs of signing in and out.
type Service struct {
	Store     *store.Store
	Passwords *Passwords
	Tokens    *Tokens
	Revoked   *Revocations
	Security  *audit.Security
	Now       func() time.Time

	// Mail takes what account owners are told; nil: nobody is.
	Mail *notify.Outbox
	// OneTime seals what goes with the tokens in links.
	OneTime *seal.Key

	GuardKey Secret                               // of what the login guard hides and signs
	Pause    func(context.Context, time.Duration) // holds failed sign-ins back; see [Pause]

	// Tried is told what came of each try at a secret, Blocked of each block by its
	// scope; nil: nobody is.
	Tried   func(action, outcome string)
	Blocked func(scope string)
}

// Session is what a client gets for signing in.
type Session struct {
	AccessToken  string
	ExpiresAt    time.Time // of the access token
	RefreshToken string
	Viewer       *access.Viewer
}

// open makes the session and its first refresh token. Amr says how its owner has
// proven to be who they are (RFC 8176); with the password when nothing is said.
func (s *Service) open(ctx context.Context, c *ent.Client, u *ent.User, device string, amr ...string) (*Session, error) {
	v, err := accounts.Viewer(ctx, c, u)
	if err != nil {
		return nil, err
	}
	now, r := s.Now(), access.RequestOf(ctx)
	idle, absolute := lifetime(v.Grants, now)
	create := c.UserSession.Create().SetUserID(u.ID).SetStatus(usersession.StatusActive).
		SetIPAddress(r.IP).SetUserAgent(audit.Clip(r.UserAgent)).
		SetAuthenticatedAt(now).SetLastActivityAt(now).SetIdleExpiresAt(now.Add(idle)).SetExpiresAt(now.Add(absolute))
	if device != "" {
		create.SetDeviceName(audit.Clip(device))
	}
	if len(amr) > 0 {
		create.SetAmr(amr)
	}
	session, err := create.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	return s.issue(ctx, c, u, v, session, 1)
}

// lifetime is short for whoever may see other people's data.
func lifetime(grants []access.Grant, now time.Time) (idle, absolute time.Duration) {
	if access.Decide(grants, access.CustomerRead, now) > access.ScopeOwn || access.Decide(grants, access.AppointmentReadNotes, now) > access.ScopeNone {
		return staffIdle, staffAbsolute
	}
	return customerIdle, customerAbsolute
}

// issue makes a refresh token of the given generation and an access token.
func (s *Service) issue(ctx context.Context, c *ent.Client, u *ent.User, v *access.Viewer, session *ent.UserSession, generation int32) (*Session, error) {
	plain, hash := NewRefreshToken()
	r := access.RequestOf(ctx)
	err := c.RefreshToken.Create().SetUserID(u.ID).SetSessionID(session.ID).SetTokenHash(hash).SetGeneration(generation).
		SetIPAddress(r.IP).SetUserAgent(audit.Clip(r.UserAgent)).SetExpiresAt(session.IdleExpiresAt).Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("make refresh token: %w", err)
	}
	claims := claimsOf(u, session)
	token, expires, err := s.Tokens.Issue(claims)
	if err != nil {
		return nil, fmt.Errorf("issue access token: %w", err)
	}
	v.SessionID, v.Now, v.AuthTime, v.AMR = session.ID, s.Now, claims.AuthTime, claims.AMR
	return &Session{AccessToken: token, ExpiresAt: expires, RefreshToken: plain, Viewer: v}, nil
}

// actingAs gives the context the user as the actor of an auth verb.
func actingAs(ctx context.Context, u *ent.User, verb string) context.Context {
	return access.Elevated(access.NewContext(ctx, &access.Viewer{UserID: u.ID, Username: u.Username}), verb)
}

// tell puts an attempt on record, whatever came of it, in a transaction of its
// own.
func (s *Service) tell(ctx context.Context, event string, u *ent.User, err error) {
	e := audit.Event{Name: event, Err: err}
	if err != nil {
		e.Name += "_ERROR"
	}
	if u != nil && u.ID != uuid.Nil {
		e.Subject = &u.ID
		if err == nil {
			e.UserID, e.Actor = u.ID, u.Username
		}
	}
	s.Security.Record(ctx, e)
}

// endSession ends a live session and revokes what could renew it; one that has
// ended already stays as it is.
func (s *Service) endSession(ctx context.Context, c *ent.Client, id uuid.UUID, status usersession.Status, reason string) error {
	now := s.Now()
	ended, err := c.UserSession.UpdateOneID(id).Where(usersession.StatusEQ(usersession.StatusActive)).
		SetStatus(status).SetEndedAt(now).SetEndReason(reason).Save(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if err := s.revoke(ctx, c, Revocation{User: ended.UserID, Session: id, Reason: reasonOf(status)}); err != nil {
		return err
	}
	live, err := c.RefreshToken.Query().Where(refreshtoken.SessionID(id), refreshtoken.UsedAtIsNil(), refreshtoken.RevokedAtIsNil()).All(ctx)
	if err != nil {
		return fmt.Errorf("look for refresh tokens: %w", err)
	}
	for _, t := range live {
		if err := t.Update().SetRevokedAt(now).SetRevokeReason(reason).Exec(ctx); err != nil {
			return fmt.Errorf("revoke refresh token: %w", err)
		}
	}
	return nil
}
