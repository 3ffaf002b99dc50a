package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/refreshtoken"
	"clinicgraph/ent/sessionlog"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
)

// endings says which event in the log of sessions tells of each end.
var endings = map[usersession.Status]sessionlog.Event{
	usersession.StatusIdleExpired: sessionlog.EventExpire,
	usersession.StatusExpired:     sessionlog.EventExpire,
	usersession.StatusLoggedOut:   sessionlog.EventLogout,
	usersession.StatusRevoked:     sessionlog.EventRevoke,
	usersession.StatusCompromised: sessionlog.EventReuseDetected,
	usersession.StatusEvicted:     sessionlog.EventLimitEvicted,
}

// endSession ends a live session inside the client's transaction: its tokens are
// good no longer, and the log of sessions tells why. One that has ended already
// stays as it is.
func (s *Service) endSession(ctx context.Context, c *ent.Client, id uuid.UUID, status usersession.Status, reason string) error {
	now := s.Now()
	session, err := c.UserSession.UpdateOneID(id).Where(usersession.StatusEQ(usersession.StatusActive)).
		SetStatus(status).SetEndedAt(now).SetEndReason(reason).Save(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if err := s.revoke(ctx, c, Revocation{User: session.UserID, Session: id, Reason: reasonOf(status)}); err != nil {
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
	return note(ctx, c, session, endings[status], reason)
}

// endSessions ends every live session of a user inside the client's transaction,
// but for the kept ones, and says how many that were. To be sure of sessions that
// are just being opened, the caller has changed the user's row before: open waits
// for its lock.
func (s *Service) endSessions(ctx context.Context, c *ent.Client, owner uuid.UUID, reason string, kept ...uuid.UUID) (ended int, err error) {
	open, err := c.UserSession.Query().Where(
		usersession.UserID(owner), usersession.StatusEQ(usersession.StatusActive), usersession.IDNotIn(kept...)).
		Order(usersession.ByID()).IDs(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for sessions: %w", err)
	}
	for _, id := range open {
		if err := s.endSession(ctx, c, id, usersession.StatusRevoked, reason); err != nil {
			return 0, err
		}
	}
	return len(open), nil
}

// note tells the log of sessions, in the transaction of what it tells.
func note(ctx context.Context, c *ent.Client, session *ent.UserSession, event sessionlog.Event, details string) error {
	r, who := access.RequestOf(ctx), session.UserID
	if by := access.FromContext(ctx).Impersonator; by != nil {
		who = by.ID
	}
	err := c.SessionLog.Create().SetUserID(who).SetSessionID(session.ID).SetEvent(event).SetDetails(details).
		SetIPAddress(r.IP).SetUserAgent(audit.Clip(r.UserAgent)).SetRequestID(r.ID).SetOperation(audit.Clip(r.Operation)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("log %s of a session: %w", event, err)
	}
	return nil
}
