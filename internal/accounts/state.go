package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
)

const (
	minReason, maxReason = 3, 500

	// accountKept is how long a deleted account is kept, since logs name it: six
	// years (45 CFR 164.316(b)(2)(i)).
	accountKept = 6 * 365 * 24 * time.Hour
)

// step is a change of what an account may still do.
type step struct {
	verb, event string // whether it may be taken is a matter of MayAct
	reason      *string
	shut        string // why all sessions end; "": they do not
	change      func(update *ent.UserUpdateOne)
	// then does what belongs to it elsewhere; nil: nothing.
	then func(ctx context.Context, c *ent.Client, tx *sql.Tx, u *ent.User) error
}

// Lock shuts an account until somebody unlocks it; its sessions and tokens end.
// Errors: NOT_FOUND, BAD_USER_INPUT, INVALID_TRANSITION when it is locked
// already, FORBIDDEN (the own account, a wider user, one out of reach), CONFLICT
// when nobody could give roles any more.
func (s *Service) Lock(ctx context.Context, id uuid.UUID, reason string) (*ent.User, error) {
	return s.step(ctx, id, step{"lockUser", audit.EventUserLock, &reason, "account locked", func(update *ent.UserUpdateOne) {
		update.SetIsLocked(true).SetLockReason(reason)
	}, nil})
}

// Unlock opens an account that an administrator has locked, and one that is shut
// for a while after failed sign-ins. Errors: NOT_FOUND, FORBIDDEN.
func (s *Service) Unlock(ctx context.Context, id uuid.UUID, reason *string) (*ent.User, error) {
	return s.step(ctx, id, step{"unlockUser", audit.EventUserUnlock, reason, "", func(update *ent.UserUpdateOne) {
		update.SetIsLocked(false).ClearLockReason().ClearLockedUntil().SetFailedLoginAttempts(0)
	}, func(ctx context.Context, _ *ent.Client, tx *sql.Tx, u *ent.User) error {
		return s.ClearBlock(ctx, tx, u.ID)
	}})
}

// Deactivate closes an account; its sessions and tokens end. Errors as of Lock.
func (s *Service) Deactivate(ctx context.Context, id uuid.UUID, reason *string) (*ent.User, error) {
	return s.step(ctx, id, step{"deactivateUser", audit.EventUserDeactivate, reason, "account closed", func(update *ent.UserUpdateOne) {
		update.SetIsActive(false)
	}, nil})
}

// Reactivate opens a closed account again. Errors as of Lock.
func (s *Service) Reactivate(ctx context.Context, id uuid.UUID, reason *string) (*ent.User, error) {
	return s.step(ctx, id, step{"reactivateUser", audit.EventUserReactivate, reason, "", func(update *ent.UserUpdateOne) {
		update.SetIsActive(true)
	}, nil})
}

// RequirePasswordChange has the owner of an account set a new password before
// anything else; its sessions end, and the owner is mailed a link. Errors: NOT_FOUND, FORBIDDEN.
func (s *Service) RequirePasswordChange(ctx context.Context, id uuid.UUID, reason *string) (*ent.User, error) {
	return s.step(ctx, id, step{"requirePasswordChange", audit.EventPasswordRequire, reason, "password change required", func(update *ent.UserUpdateOne) {
		update.SetMustChangePassword(true)
	}, func(ctx context.Context, c *ent.Client, _ *sql.Tx, u *ent.User) error {
		return s.SendReset(ctx, c, u)
	}})
}

// step takes one step with an account.
func (s *Service) step(ctx context.Context, id uuid.UUID, t step) (changed *ent.User, err error) {
	defer func() { s.tell(ctx, t.event, &id, acts[t.verb].permission, err, because("", t.reason)) }()
	if t.reason != nil {
		if *t.reason, err = Stated(*t.reason, minReason, maxReason); err != nil {
			return nil, err
		}
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, tx *sql.Tx) error {
		ctx, u, err := s.administered(ctx, c, id, t.verb)
		if err != nil {
			return err
		}
		update := u.Update()
		t.change(update)
		if changed, err = update.Save(access.Elevated(ctx, t.event)); err != nil {
			return fmt.Errorf("change the state of an account: %w", err)
		}
		if t.then != nil {
			if err := t.then(ctx, c, tx, changed); err != nil {
				return err
			}
		}
		if t.shut == "" {
			return nil
		}
		if err := s.EndSessions(ctx, c, id, t.shut); err != nil {
			return err
		}
		return s.keepsAdministrator(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return changed.Unwrap(), nil
}
