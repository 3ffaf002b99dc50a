package accounts

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/apitoken"
	"clinicgraph/ent/authenticator"
	"clinicgraph/ent/onetimetoken"
	"clinicgraph/ent/passwordhistory"
	"clinicgraph/ent/recoverycode"
	"clinicgraph/ent/userpermission"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
)

// Delete removes an account from the clinic: it is hidden everywhere, its login
// name and address are free, its sessions end, and everything that it could sign
// in with, its roles and permissions are gone for good. The row stays for the logs
// that name it. Errors: NOT_FOUND, BAD_USER_INPUT, FORBIDDEN (the own account, a
// wider user, one out of reach), CONFLICT when nobody could give roles any more.
func (s *Service) Delete(ctx context.Context, id uuid.UUID, reason *string) (err error) {
	defer func() { s.tell(ctx, audit.EventUserDelete, &id, access.UserDelete, err, because("", reason)) }()
	if reason != nil {
		if *reason, err = Stated(*reason, minReason, maxReason); err != nil {
			return err
		}
	}
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, u, err := s.administered(ctx, c, id, "deleteUser")
		if err != nil {
			return err
		}
		if err := s.EndSessions(ctx, c, id, "account deleted"); err != nil {
			return err
		}
		elevated := access.Elevated(ctx, "deleteUser")
		if err := stripped(elevated, c, id); err != nil {
			return err
		}
		now := s.Now()
		// Signing in needs a hash: none is left, and none to be found in a backup of
		// this row.
		update := u.Update().SetDeletedAt(now).SetIsActive(false).SetPasswordHash("")
		if u.RetentionUntil == nil || u.RetentionUntil.Before(now.Add(accountKept)) {
			update.SetRetentionUntil(now.Add(accountKept))
		}
		if err := update.Exec(elevated); err != nil {
			return fmt.Errorf("delete account: %w", err)
		}
		return s.keepsAdministrator(ctx, c)
	})
}

// stripped removes what an account signs in with and what it may do, row by row:
// each removal is on record.
func stripped(ctx context.Context, c *ent.Client, id uuid.UUID) error {
	for _, remove := range []func() error{
		func() error {
			return each(ctx, c.ApiToken.Query().Where(apitoken.UserID(id)).IDs, c.ApiToken.DeleteOneID)
		},
		func() error {
			return each(ctx, c.Authenticator.Query().Where(authenticator.UserID(id)).IDs, c.Authenticator.DeleteOneID)
		},
		func() error {
			return each(ctx, c.RecoveryCode.Query().Where(recoverycode.UserID(id)).IDs, c.RecoveryCode.DeleteOneID)
		},
		func() error {
			return each(ctx, c.OneTimeToken.Query().Where(onetimetoken.UserID(id)).IDs, c.OneTimeToken.DeleteOneID)
		},
		func() error {
			return each(ctx, c.PasswordHistory.Query().Where(passwordhistory.UserID(id)).IDs, c.PasswordHistory.DeleteOneID)
		},
		func() error {
			return each(ctx, c.UserRole.Query().Where(userrole.UserID(id)).IDs, c.UserRole.DeleteOneID)
		},
		func() error {
			return each(ctx, c.UserPermission.Query().Where(userpermission.UserID(id)).IDs, c.UserPermission.DeleteOneID)
		},
	} {
		if err := remove(); err != nil {
			return fmt.Errorf("remove what belongs to an account: %w", err)
		}
	}
	return nil
}

// each deletes the rows that a query finds.
func each[D interface{ Exec(context.Context) error }](ctx context.Context, find func(context.Context) ([]uuid.UUID, error), remove func(uuid.UUID) D) error {
	ids, err := find(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := remove(id).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
