package auth

import (
	"context"
	"database/sql"
	"fmt"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// Login opens a session. Unknown login, wrong password and an account that may
// not sign in answer alike, after the same work. Errors: INVALID_CREDENTIALS,
// OVERLOADED.
func (s *Service) Login(ctx context.Context, login, password, device string) (opened *Session, err error) {
	var u *ent.User
	defer func() { s.tell(ctx, audit.EventLogin, u, err) }()
	system := access.System(ctx, "login")
	u, err = s.Store.Client.User.Query().
		Where(user.Or(user.UsernameKey(accounts.LoginKey(login)), user.EmailKey(accounts.LoginKey(login)))).
		Only(system)
	if ent.IsNotFound(err) {
		u = nil
		if err := s.Passwords.VerifyDummy(ctx, password); err != nil {
			return nil, err
		}
		return nil, errCredentials()
	}
	if err != nil {
		return nil, store.Classify(fmt.Errorf("look for the account: %w", err))
	}
	ok, rehash, err := s.Passwords.Verify(ctx, u.PasswordHash, password)
	if err != nil {
		return nil, err
	}
	if !ok || !canIssue(u, nil, s.Now()) || u.LockedUntil != nil && s.Now().Before(*u.LockedUntil) {
		return nil, errCredentials()
	}
	var fresh string
	if rehash {
		if fresh, err = s.Passwords.Hash(ctx, password); err != nil {
			return nil, err
		}
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := actingAs(ctx, u, "login")
		if err := s.welcome(ctx, c, u, fresh); err != nil {
			return err
		}
		opened, err = s.open(ctx, c, u, device)
		return err
	})
	return opened, err
}

func errCredentials() error {
	return fault.New(fault.CodeInvalidCredentials, "Login or password is wrong.")
}

// welcome notes the sign-in on the account.
func (s *Service) welcome(ctx context.Context, c *ent.Client, u *ent.User, hash string) error {
	update := c.User.UpdateOneID(u.ID).SetLastLoginAt(s.Now()).SetFailedLoginAttempts(0)
	if hash != "" {
		update.SetPasswordHash(hash)
	}
	if err := update.Exec(ctx); err != nil {
		return fmt.Errorf("note the sign-in: %w", err)
	}
	return nil
}
