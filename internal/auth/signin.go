package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// Login opens a session. Unknown login, wrong password, an account that may not
// sign in and one that is blocked for the time being answer alike, after the same
// work and no sooner than a failure ever does. Errors: INVALID_CREDENTIALS,
// SECOND_FACTOR_REQUIRED with a ticket for completeLogin, RATE_LIMITED for an
// address that has failed too often, OVERLOADED.
func (s *Service) Login(ctx context.Context, login, password, device string) (opened *Session, err error) {
	began := time.Now()
	defer func() { s.floor(ctx, began, err) }()
	var u *ent.User
	defer func() { s.conclude(ctx, audit.EventLogin, u, err) }()
	if u, err = s.byLogin(ctx, login); err != nil {
		return nil, err
	}
	var kinds []string
	var unknown error // whether there is a second factor
	v, rehash, err := s.guardedPassword(ctx, s.suspect(ctx, u, accounts.LoginKey(login)), "login", password, func() verdict {
		if !canIssue(u, nil, s.Now()) {
			return wrong // not even a right password tells that there is such an account
		}
		if kinds, unknown = factorsOf(access.System(ctx, "login"), s.Store.Client, u); unknown != nil || len(kinds) > 0 {
			return halved // who knows the password only must not have the tries at codes forgotten
		}
		return right
	})
	if err = errors.Join(err, unknown); err != nil {
		return nil, store.Classify(err)
	}
	if v == wrong {
		return nil, errCredentials()
	}
	var fresh string
	if rehash {
		if fresh, err = s.Passwords.Hash(ctx, password); err != nil {
			return nil, err
		}
	}
	if v == halved {
		return nil, s.askFactor(ctx, u, kinds, fresh)
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := actingAs(ctx, u, "login")
		if err := s.welcome(ctx, c, u, fresh); err != nil {
			return err
		}
		opened, err = s.open(ctx, c, u, opening{Event: audit.EventLogin, Device: device})
		return err
	})
	return opened, err
}

// byLogin finds the account of a user name or an address; nil where there is
// none.
func (s *Service) byLogin(ctx context.Context, login string) (*ent.User, error) {
	key := accounts.LoginKey(login)
	found, err := s.Store.Client.User.Query().Where(user.Or(user.UsernameKey(key), user.EmailKey(key))).Limit(1).All(access.System(ctx, "login"))
	if err != nil {
		return nil, store.Classify(fmt.Errorf("look for the account: %w", err))
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}

func errCredentials() error {
	return fault.New(fault.CodeInvalidCredentials, "Login or password is wrong.")
}

// welcome notes the sign-in on the account.
func (s *Service) welcome(ctx context.Context, c *ent.Client, u *ent.User, hash string) error {
	update := c.User.UpdateOneID(u.ID).SetLastLoginAt(s.Now())
	if hash != "" {
		update.SetPasswordHash(hash)
	}
	if err := update.Exec(ctx); err != nil {
		return fmt.Errorf("note the sign-in: %w", err)
	}
	return s.noticeDevice(ctx, c, u)
}
