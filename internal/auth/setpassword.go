package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/blacklistedtoken"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/notify"
	"clinicgraph/internal/store"
)

// newHash checks a new password of the account against the policy and against
// those that it has had, and hashes it, outside of any transaction. Errors:
// BAD_USER_INPUT at the path, OVERLOADED.
func (s *Service) newHash(ctx context.Context, u *ent.User, password, path string) (string, error) {
	if err := s.checkPolicy(ctx, u, password, path); err != nil {
		return "", err
	}
	if err := s.mustBeNew(ctx, u, password, path); err != nil {
		return "", err
	}
	return s.Passwords.Hash(ctx, password)
}

// checkPolicy checks a new password of the account against the policy, by what
// else guards it. Its error has the path.
func (s *Service) checkPolicy(ctx context.Context, u *ent.User, password, path string) error {
	check := s.Passwords.CheckAlone
	if s.Passwords.Strict {
		factors, err := factorsOf(access.System(ctx, "password"), s.Store.Client, u)
		if err != nil {
			return store.Classify(err)
		}
		if len(factors) > 0 {
			check = s.Passwords.CheckPolicy
		}
	}
	return renamed(check(password, u.Username, u.Email), path)
}

// setPassword gives the account its new password inside the client's transaction:
// all sessions end, and so do the access tokens that are in use (the epoch goes
// up), every link that was mailed, and what must be changed. The former password is
// remembered. By is who set it. The owner is told.
func (s *Service) setPassword(ctx context.Context, c *ent.Client, id uuid.UUID, hash string, by uuid.UUID) (*ent.User, error) {
	if err := s.remember(ctx, c, id); err != nil {
		return nil, err
	}
	update := c.User.UpdateOneID(id).SetPasswordHash(hash).SetMustChangePassword(false).
		SetPasswordChangedAt(s.Now()).AddTokenEpoch(1)
	if by != uuid.Nil {
		update.SetPasswordChangedByID(by)
	}
	u, err := update.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("set password: %w", err)
	}
	if err := s.revoke(ctx, c, Revocation{User: u.ID, Epoch: u.TokenEpoch, Reason: blacklistedtoken.ReasonPasswordChanged}); err != nil {
		return nil, err
	}
	if _, err := s.endSessions(ctx, c, u.ID, "password changed"); err != nil {
		return nil, err
	}
	return u, s.notice(ctx, c, u, notify.PasswordChanged)
}

// lockAccount loads the account and keeps everybody else from changing it until
// the transaction ends. On SQLite the transaction is the lock.
func (s *Service) lockAccount(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.User, error) {
	q := c.User.Query().Where(user.ID(id))
	if s.Store.DB.LocksRows() {
		q = q.ForUpdate()
	}
	return q.Only(ctx)
}
