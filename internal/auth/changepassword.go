package auth

import (
	"context"
	"database/sql"
	"fmt"

	"clinicgraph/ent"
	"clinicgraph/ent/blacklistedtoken"
	"clinicgraph/ent/user"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// ChangePassword sets a new password, ends all sessions of the account and opens
// a new one. It is open to users who must change it. Errors:
// INVALID_CREDENTIALS, BAD_USER_INPUT, OVERLOADED.
func (s *Service) ChangePassword(ctx context.Context, current, next string) (opened *Session, err error) {
	v := access.FromContext(ctx)
	var u *ent.User
	defer func() { s.tell(ctx, audit.EventPasswordChange, u, err) }()
	system := access.System(ctx, "changePassword")
	if u, err = s.Store.Client.User.Query().Where(user.ID(v.UserID)).Only(system); err != nil {
		return nil, store.Classify(fmt.Errorf("load account: %w", err))
	}
	ok, _, err := s.Passwords.Verify(ctx, u.PasswordHash, current)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fault.New(fault.CodeInvalidCredentials, "The current password is wrong.")
	}
	if current == next {
		return nil, fault.Invalid("input.newPassword", "The new password is the old one.")
	}
	if err := s.Passwords.CheckPolicy(next, u.Username, u.Email); err != nil {
		return nil, renamed(err, "input.newPassword")
	}
	hash, err := s.Passwords.Hash(ctx, next)
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := access.Elevated(ctx, "changePassword")
		// The epoch goes up, so that access tokens of the other sessions die with
		// their sessions.
		u, err = c.User.UpdateOneID(v.UserID).SetPasswordHash(hash).SetMustChangePassword(false).
			SetPasswordChangedAt(s.Now()).SetPasswordChangedByID(v.UserID).AddTokenEpoch(1).Save(ctx)
		if err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		if err := s.revoke(ctx, c, Revocation{User: u.ID, Epoch: u.TokenEpoch, Reason: blacklistedtoken.ReasonPasswordChanged}); err != nil {
			return err
		}
		open, err := c.UserSession.Query().Where(usersession.UserID(u.ID), usersession.StatusEQ(usersession.StatusActive)).IDs(ctx)
		if err != nil {
			return fmt.Errorf("look for sessions: %w", err)
		}
		for _, id := range open {
			if err := s.endSession(ctx, c, id, usersession.StatusRevoked, "password changed"); err != nil {
				return err
			}
		}
		opened, err = s.open(ctx, c, u, "")
		return err
	})
	return opened, err
}

// renamed gives a fault's fields another path.
func renamed(err error, path string) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	moved := *f
	moved.Fields = []fault.Field{{Path: path, Message: f.Fields[0].Message}}
	return &moved
}
