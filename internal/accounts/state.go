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
	"clinicgraph/internal/fault"
)

const (
	minReason, maxReason = 3, 500

	// accountKept is how long a deleted account is kept, since logs name it: six
	// years (45 CFR 164.316(b)(2)(i)).
	accountKept = 6 * 365 * 24 * time.Hour
)

// step is a change of what an account may still do.
type step struct {
	event, permission string
	reason            *string
	shut              string // why all sessions end; "": they do not
	// change refuses, or puts the change into the update.
	change func(u *ent.User, update *ent.UserUpdateOne) error
	// then does what belongs to it elsewhere; nil: nothing.
	then func(ctx context.Context, c *ent.Client, tx *sql.Tx, u *ent.User) error
}

// Lock shuts an account until somebody unlocks it; its sessions and tokens end.
// Errors: NOT_FOUND, BAD_USER_INPUT, INVALID_TRANSITION when it is locked
// already, FORBIDDEN (the own account, a wider user, one out of reach), CONFLICT
// when nobody could give roles any more.
func (s *Service) Lock(ctx context.Context, id uuid.UUID, reason string) (*ent.User, error) {
	return s.step(ctx, id, step{audit.EventUserLock, access.UserLock, &reason, "account locked", func(u *ent.User, update *ent.UserUpdateOne) error {
		if u.IsLocked {
			return errAlready("locked")
		}
		update.SetIsLocked(true).SetLockReason(reason)
		return nil
	}, nil})
}

// Unlock opens an account that an administrator has locked, and one that is shut
// for a while after failed sign-ins. Errors: NOT_FOUND, FORBIDDEN.
func (s *Service) Unlock(ctx context.Context, id uuid.UUID, reason *string) (*ent.User, error) {
	return s.step(ctx, id, step{audit.EventUserUnlock, access.UserLock, reason, "", func(_ *ent.User, update *ent.UserUpdateOne) error {
		update.SetIsLocked(false).ClearLockReason().ClearLockedUntil().SetFailedLoginAttempts(0)
		return nil
	}, func(ctx context.Context, _ *ent.Client, tx *sql.Tx, u *ent.User) error {
		return s.ClearBlock(ctx, tx, u.ID)
	}})
}

// Deactivate closes an account; its sessions and tokens end. Errors as of Lock.
func (s *Service) Deactivate(ctx context.Context, id uuid.UUID, reason *string) (*ent.User, error) {
	return s.step(ctx, id, step{audit.EventUserDeactivate, access.UserDeactivate, reason, "account closed", func(u *ent.User, update *ent.UserUpdateOne) error {
		if !u.IsActive {
			return errAlready("closed")
		}
		update.SetIsActive(false)
		return nil
	}, nil})
}

// Reactivate opens a closed account again. Errors as of Lock.
func (s *Service) Reactivate(ctx context.Context, id uuid.UUID, reason *string) (*ent.User, error) {
	return s.step(ctx, id, step{audit.EventUserReactivate, access.UserDeactivate, reason, "", func(u *ent.User, update *ent.UserUpdateOne) error {
		if u.IsActive {
			return errAlready("open")
		}
		update.SetIsActive(true)
		return nil
	}, nil})
}

// RequirePasswordChange has the owner of an account set a new password before
// anything else; its sessions end, and the owner is mailed a link. Errors: NOT_FOUND, FORBIDDEN.
func (s *Service) RequirePasswordChange(ctx context.Context, id uuid.UUID, reason *string) (*ent.User, error) {
	return s.step(ctx, id, step{audit.EventPasswordRequire, access.UserUpdate, reason, "password change required", func(_ *ent.User, update *ent.UserUpdateOne) error {
		update.SetMustChangePassword(true)
		return nil
	}, func(ctx context.Context, c *ent.Client, _ *sql.Tx, u *ent.User) error {
		return s.SendReset(ctx, c, u)
	}})
}

func errAlready(state string) error {
	return fault.New(fault.CodeInvalidTransition, "The account is %s already.", state)
}

// step takes one step with an account.
func (s *Service) step(ctx context.Context, id uuid.UUID, t step) (changed *ent.User, err error) {
	defer func() { s.tell(ctx, t.event, &id, t.permission, err, because("", t.reason)) }()
	if t.reason != nil {
		if *t.reason, err = stated(*t.reason, minReason, maxReason); err != nil {
			return nil, err
		}
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, tx *sql.Tx) error {
		u, err := s.administered(ctx, c, id, t.permission)
		if err != nil {
			return err
		}
		update := u.Update()
		if err := t.change(u, update); err != nil {
			return err
		}
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
