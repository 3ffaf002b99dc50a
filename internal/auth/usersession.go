package auth

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// maxSessionName is the longest name of a session, in characters.
const maxSessionName = 64

// NameSession names one of the caller's live sessions. Errors: NOT_FOUND,
// BAD_USER_INPUT.
func (s *Service) NameSession(ctx context.Context, id uuid.UUID, name string) (named *ent.UserSession, err error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > maxSessionName || name != audit.Clip(name) {
		return nil, fault.Invalid("input.name", "A name has 1 to %d characters.", maxSessionName)
	}
	v, now := access.FromContext(ctx), s.Now()
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		elevated := access.Elevated(ctx, "nameSession")
		found, err := c.UserSession.Query().Where(usersession.ID(id)).Only(elevated)
		if ent.IsNotFound(err) {
			return fault.Missing()
		}
		if err != nil {
			return fmt.Errorf("load session: %w", err)
		}
		if err := MayName(v, found, now); err != nil {
			return err
		}
		named, err = found.Update().Where(usersession.StatusEQ(usersession.StatusActive)).SetDeviceName(name).Save(elevated)
		if ent.IsNotFound(err) {
			return fault.Missing() // it has just ended
		}
		if err != nil {
			return fmt.Errorf("name session: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return named.Unwrap(), nil
}

// MayName says whether the viewer may name a session: one of their own that is
// alive. Errors: NOT_FOUND.
func MayName(v *access.Viewer, session *ent.UserSession, now time.Time) error {
	if session.UserID != v.UserID || !alive(session, now) {
		return fault.Missing()
	}
	return nil
}

// RevokeSession ends a session of the caller's, or one that the caller sees and
// may end, of somebody who may do no more. One that has ended stays as it is.
// Errors: NOT_FOUND, FORBIDDEN.
func (s *Service) RevokeSession(ctx context.Context, id uuid.UUID) (revoked *ent.UserSession, err error) {
	v := access.FromContext(ctx)
	defer func() {
		s.Security.Record(ctx, audit.Event{Name: audit.EventSessionRevoke, Subject: &id, Permission: access.SessionRevoke, Err: err})
	}()
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		elevated := access.Elevated(ctx, "revokeSession")
		found, err := c.UserSession.Query().Where(usersession.ID(id), usersession.UserID(v.UserID)).Only(elevated)
		if ent.IsNotFound(err) {
			found, err = s.foreignSession(ctx, c, id)
		}
		if err != nil {
			return err
		}
		if err := s.endSession(elevated, c, found.ID, usersession.StatusRevoked, "revoked by "+whose(v, found)); err != nil {
			return err
		}
		revoked, err = c.UserSession.Query().Where(usersession.ID(id)).Only(elevated)
		return err
	})
	if err != nil {
		return nil, err
	}
	return revoked.Unwrap(), nil
}

func whose(v *access.Viewer, session *ent.UserSession) string {
	if session.UserID == v.UserID {
		return "its owner"
	}
	return "somebody else"
}

// foreignSession is somebody else's session that the caller may end.
func (s *Service) foreignSession(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.UserSession, error) {
	v := access.FromContext(ctx)
	// The row rules are those of session:read, so that what the caller does not see
	// is not there.
	found, err := c.UserSession.Query().Where(usersession.ID(id)).Only(ctx)
	if ent.IsNotFound(err) || err == nil && !v.Can(access.SessionRead) {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, fmt.Errorf("load session: %w", err)
	}
	elevated := access.Elevated(ctx, "revokeSession")
	owner, err := c.User.Query().Where(user.ID(found.UserID)).Only(access.WithDeleted(elevated))
	if err != nil {
		return nil, fmt.Errorf("load the owner of a session: %w", err)
	}
	held, err := accounts.Viewer(elevated, c, owner)
	if err != nil {
		return nil, err
	}
	return found, MayRevoke(v, owner, held.Grants, s.Now())
}

// MayRevoke says whether the viewer may end a session that they see; owner is
// whose it is, and holds the grants. Errors: FORBIDDEN.
func MayRevoke(v *access.Viewer, owner *ent.User, held []access.Grant, now time.Time) error {
	if owner.ID == v.UserID {
		return nil
	}
	if !v.Reaches(access.SessionRevoke, false, owner.OrganizationalUnitID) {
		return fault.Forbidden("Ending somebody else's session needs the permission %s.", access.SessionRevoke)
	}
	if p := access.Exceeds(held, v.Grants, now); p != "" {
		return fault.Forbidden("The account may do more than you: %s.", p)
	}
	return nil
}

// RevokeOtherSessions ends all sessions of the caller but the one that asks, and
// says how many there were.
func (s *Service) RevokeOtherSessions(ctx context.Context) (ended int, err error) {
	v := access.FromContext(ctx)
	defer func() {
		s.Security.Record(ctx, audit.Event{Name: audit.EventSessionRevoke, Subject: &v.UserID, Err: err, Details: fmt.Sprintf("%d other sessions", ended)})
	}()
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := access.Elevated(ctx, "revokeOtherSessions")
		if _, err := s.lockAccount(ctx, c, v.UserID); err != nil {
			return fmt.Errorf("lock account: %w", err)
		}
		ended, err = s.endSessions(ctx, c, v.UserID, "revoked by its owner", v.SessionID)
		return err
	})
	return ended, err
}
