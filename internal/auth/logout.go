package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clinicgraph/ent"
	"clinicgraph/ent/blacklistedtoken"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
)

// Logout ends the caller's session. It does nothing when it has ended already.
func (s *Service) Logout(ctx context.Context) (err error) {
	v := access.FromContext(ctx)
	defer func() { s.Security.Record(ctx, audit.Event{Name: audit.EventLogout, Subject: &v.SessionID, Err: err}) }()
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		return s.endSession(access.Elevated(ctx, "logout"), c, v.SessionID, usersession.StatusLoggedOut, "logout")
	})
}

// LogoutByToken ends the session of a refresh token, whichever generation it is
// of. It does nothing when the session has ended already. Errors:
// UNAUTHENTICATED for a token that was never issued.
func (s *Service) LogoutByToken(ctx context.Context, plain string) (err error) {
	var p *presented
	defer func() {
		e := audit.Event{Name: audit.EventLogout, Err: err}
		if p != nil {
			e.Subject, e.UserID, e.Actor = &p.session.ID, p.user.ID, p.user.Username
		}
		s.Security.Record(ctx, e)
	}()
	hash, err := ParseRefreshToken(plain)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) (err error) {
		if p, err = s.present(access.System(ctx, "logout"), c, hash); err != nil {
			return err
		}
		if p == nil {
			return unauthenticated(errors.New("refresh token: unknown"))
		}
		return s.endSession(actingAs(ctx, p.user, "logout"), c, p.session.ID, usersession.StatusLoggedOut, "logout")
	})
}

// LogoutEverywhere ends all sessions of the caller and raises the epoch of the
// access tokens. It says how many sessions there were.
func (s *Service) LogoutEverywhere(ctx context.Context) (ended int, err error) {
	v := access.FromContext(ctx)
	defer func() {
		s.Security.Record(ctx, audit.Event{Name: audit.EventLogoutEverywhere, Subject: &v.UserID, Err: err, Details: fmt.Sprintf("%d sessions", ended)})
	}()
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := access.Elevated(ctx, "logoutEverywhere")
		u, err := c.User.UpdateOneID(v.UserID).AddTokenEpoch(1).Save(ctx)
		if err != nil {
			return fmt.Errorf("raise the epoch: %w", err)
		}
		if err := s.revoke(ctx, c, Revocation{User: u.ID, Epoch: u.TokenEpoch, Reason: blacklistedtoken.ReasonLogout}); err != nil {
			return err
		}
		ended, err = s.endSessions(ctx, c, u.ID, "logged out everywhere")
		return err
	})
	return ended, err
}
