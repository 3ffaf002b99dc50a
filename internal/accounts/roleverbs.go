package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/ent/rolepermission"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// RoleText changes what a role is called; nil: it stays.
type RoleText struct {
	ID                uuid.UUID
	Name, Description *string
	ExpectedVersion   *int32
}

// UpdateRole changes name and description of a role. Errors: NOT_FOUND,
// BAD_USER_INPUT, CONFLICT for a stale version and a name in use, FORBIDDEN as of
// SetRolePermissions.
func (s *Service) UpdateRole(ctx context.Context, in RoleText) (changed *ent.Role, err error) {
	details := ""
	defer func() { s.tell(ctx, audit.EventRoleUpdate, &in.ID, access.RoleUpdate, err, details) }()
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.RoleUpdate)
		if err != nil {
			return err
		}
		r, err := s.edited(ctx, c, in.ID, in.ExpectedVersion)
		if err != nil {
			return err
		}
		elevated, update := access.Elevated(ctx, "updateRole"), r.Update()
		if in.Name != nil {
			name, err := roleName(elevated, c, *in.Name, r.ID)
			if err != nil {
				return err
			}
			details = "from " + r.Name + " to " + name
			update.SetName(name)
		}
		if in.Description != nil {
			update.SetDescription(*in.Description)
		}
		if changed, err = update.Save(elevated); err != nil {
			return fmt.Errorf("change role: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changed.Unwrap(), nil
}

// SetRoleStatus says whether a role counts: an inactive one permits nothing, from
// the next request on. Who activates one gives what it permits, without an end.
// Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT for a stale version and when nobody
// could give roles any more, FORBIDDEN as of SetRolePermissions.
func (s *Service) SetRoleStatus(ctx context.Context, id uuid.UUID, status role.Status, reason *string, expectedVersion *int32) (changed *ent.Role, err error) {
	details := ""
	defer func() {
		s.tell(ctx, audit.EventRoleStatus, &id, access.RoleUpdate, err, because(details, reason))
	}()
	if reason != nil {
		if *reason, err = Stated(*reason, minReason, maxReason); err != nil {
			return nil, err
		}
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.RoleUpdate)
		if err != nil {
			return err
		}
		r, err := s.edited(ctx, c, id, expectedVersion)
		if err != nil {
			return err
		}
		details = "from " + r.Status.String() + " to " + status.String()
		if status == role.StatusActive {
			if err := s.lasts(ctx, permitted(r), nil); err != nil {
				return err
			}
		}
		if changed, err = r.Update().SetStatus(status).Save(access.Elevated(ctx, "setRoleStatus")); err != nil {
			return fmt.Errorf("set status of role: %w", err)
		}
		return s.keepsAdministrator(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return changed.Unwrap(), nil
}

// DeleteRole removes a role that nobody has. Assignments that have ended go with
// it. Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT while somebody has it, FORBIDDEN
// as of SetRolePermissions.
func (s *Service) DeleteRole(ctx context.Context, id uuid.UUID, reason *string) (err error) {
	details := ""
	defer func() { s.tell(ctx, audit.EventRoleDelete, &id, access.RoleDelete, err, because(details, reason)) }()
	if reason != nil {
		if *reason, err = Stated(*reason, minReason, maxReason); err != nil {
			return err
		}
	}
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.RoleDelete)
		if err != nil {
			return err
		}
		r, err := s.edited(ctx, c, id, nil)
		if err != nil {
			return err
		}
		details = r.Name + ": " + list(permittedBy(r))
		elevated := access.Elevated(ctx, "deleteRole")
		holders, err := c.UserRole.Query().Where(userrole.RoleID(id),
			userrole.Or(userrole.ExpiresAtIsNil(), userrole.ExpiresAtGT(s.Now()))).Count(elevated)
		if err != nil {
			return fmt.Errorf("look for who has the role: %w", err)
		}
		if holders > 0 {
			return fault.Conflict("The role is given to %d users. Take it away from them first, or make it inactive.", holders)
		}
		if err := each(elevated, c.UserRole.Query().Where(userrole.RoleID(id)).IDs, c.UserRole.DeleteOneID); err != nil {
			return fmt.Errorf("remove ended assignments: %w", err)
		}
		if err := each(elevated, c.RolePermission.Query().Where(rolepermission.RoleID(id)).IDs, c.RolePermission.DeleteOneID); err != nil {
			return fmt.Errorf("remove what the role permits: %w", err)
		}
		if err := r.Update().SetDeletedAt(s.Now()).Exec(elevated); err != nil {
			return fmt.Errorf("delete role: %w", err)
		}
		return nil
	})
}

// edited is editable at the expected version. The lock is held.
func (s *Service) edited(ctx context.Context, c *ent.Client, id uuid.UUID, expectedVersion *int32) (*ent.Role, error) {
	r, err := s.editable(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if expectedVersion != nil && *expectedVersion != r.Version {
		return nil, fault.Conflict("The role has changed since you read it.")
	}
	return r, nil
}

// roleName gives the name as it is kept, and refuses one that another role has.
func roleName(ctx context.Context, c *ent.Client, name string, of uuid.UUID) (string, error) {
	name = strings.TrimSpace(name)
	if len(name) < 2 || len(name) > 64 {
		return "", fault.Invalid("input.name", "A role's name has 2 to 64 bytes.")
	}
	taken, err := c.Role.Query().Where(role.Name(name), role.IDNEQ(of)).Exist(ctx)
	if err != nil {
		return "", fmt.Errorf("look for the role: %w", err)
	}
	if taken {
		return "", fault.Conflict("There is a role of this name already.")
	}
	return name, nil
}
