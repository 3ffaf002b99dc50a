package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/rolepermission"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// NewRole is a role to be made.
type NewRole struct {
	Name, Description string
	Permissions       []access.RoleGrant
}

// CreateRole makes a role. Errors: BAD_USER_INPUT, CONFLICT for a name in use,
// FORBIDDEN for a permission that the caller does not hold.
func (s *Service) CreateRole(ctx context.Context, n NewRole) (made *ent.Role, err error) {
	defer func() { s.tell(ctx, audit.EventRoleCreate, idOf(made), access.RoleCreate, err, list(n.Permissions)) }()
	if err := grantableAll(n.Permissions); err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.RoleCreate)
		if err != nil {
			return err
		}
		if err := s.gives(ctx, grantsOf(n.Permissions), nil); err != nil {
			return err
		}
		elevated := access.Elevated(ctx, "createRole")
		name, err := roleName(elevated, c, n.Name, uuid.Nil)
		if err != nil {
			return err
		}
		if made, err = c.Role.Create().SetName(name).SetDescription(n.Description).Save(elevated); err != nil {
			return fmt.Errorf("make role: %w", err)
		}
		return s.setPermissions(ctx, c, made, n.Permissions)
	})
	if err != nil {
		return nil, err
	}
	return made.Unwrap(), nil
}

// SetRolePermissions says anew what a role permits. Errors: NOT_FOUND,
// FORBIDDEN for a system role, a role of the caller's own, and a permission that
// the caller does not hold, be it given or taken, CONFLICT when expectedVersion is stale or nobody could give roles any
// more.
func (s *Service) SetRolePermissions(ctx context.Context, id uuid.UUID, grants []access.RoleGrant, expectedVersion *int32) (changed *ent.Role, err error) {
	details := list(grants)
	defer func() { s.tell(ctx, audit.EventRolePermissions, &id, access.RoleUpdate, err, details) }()
	if err := grantableAll(grants); err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.RoleUpdate)
		if err != nil {
			return err
		}
		if err := s.holds(ctx, grantsOf(grants)); err != nil {
			return err
		}
		r, err := s.edited(ctx, c, id, expectedVersion)
		if err != nil {
			return err
		}
		old := permittedBy(r)
		details = "from [" + list(old) + "] to [" + list(grants) + "]"
		if err := s.lasts(ctx, grantsOf(fresh(old, grants)), nil); err != nil {
			return err
		}
		// The version goes up with the permissions, so that two editors notice
		// each other.
		if changed, err = r.Update().SetDescription(r.Description).Save(access.Elevated(ctx, "setRolePermissions")); err != nil {
			return fmt.Errorf("count version of role: %w", err)
		}
		if err := s.setPermissions(ctx, c, r, grants); err != nil {
			return err
		}
		return s.keepsAdministrator(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return changed.Unwrap(), nil
}

// setPermissions makes the role's rows equal to grants, touching only what
// differs.
func (s *Service) setPermissions(ctx context.Context, c *ent.Client, r *ent.Role, grants []access.RoleGrant) error {
	elevated := access.Elevated(ctx, "setRolePermissions")
	wanted, err := listed(grants)
	if err != nil {
		return err
	}
	held, err := c.RolePermission.Query().Where(rolepermission.RoleID(r.ID)).All(elevated)
	if err != nil {
		return fmt.Errorf("read permissions of the role: %w", err)
	}
	for _, row := range held {
		scope, kept := wanted[row.Permission]
		switch {
		case !kept:
			err = c.RolePermission.DeleteOne(row).Exec(elevated)
		case scope.String() != row.Scope.String():
			err = row.Update().SetScope(rolepermission.Scope(scope.String())).Exec(elevated)
		}
		if err != nil {
			return fmt.Errorf("change permission of the role: %w", err)
		}
		delete(wanted, row.Permission)
	}
	for i, g := range grants {
		if _, fresh := wanted[g.Permission]; !fresh {
			continue
		}
		p, err := catalogue(ctx, c, fmt.Sprintf("input.permissions.%d.permission", i), g.Permission)
		if err != nil {
			return err
		}
		err = c.RolePermission.Create().SetRoleID(r.ID).SetPermissionID(p.ID).SetPermission(p.Name).
			SetScope(rolepermission.Scope(g.Scope.String())).Exec(elevated)
		if err != nil {
			return fmt.Errorf("add permission to the role: %w", err)
		}
	}
	return nil
}

// listed is what a list of permissions says, and refuses one that says something
// twice.
func listed(grants []access.RoleGrant) (map[string]access.Scope, error) {
	wanted := make(map[string]access.Scope, len(grants))
	for i, g := range grants {
		if _, twice := wanted[g.Permission]; twice {
			return nil, fault.Invalid(fmt.Sprintf("input.permissions.%d.permission", i), "The permission %s is listed twice.", g.Permission)
		}
		wanted[g.Permission] = g.Scope
	}
	return wanted, nil
}

// Assignment is a role for a user.
type Assignment struct {
	UserID, RoleID uuid.UUID
	Period
}

// AssignRole gives a role to a user; a second time it changes period and reason.
// Errors: NOT_FOUND, BAD_USER_INPUT, FORBIDDEN (own access, a wider user, a role
// that permits what the caller may not).
func (s *Service) AssignRole(ctx context.Context, a Assignment) (made *ent.UserRole, err error) {
	defer func() {
		s.tell(ctx, audit.EventRoleAssign, &a.UserID, access.RoleAssign, err, because(a.RoleID.String(), &a.Reason))
	}()
	if err := a.check(s.Now()); err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.RoleAssign)
		if err != nil {
			return err
		}
		u, err := s.target(ctx, c, a.UserID, "assignRole")
		if err != nil {
			return err
		}
		r, err := s.grantable(ctx, c, a.RoleID)
		if err != nil {
			return err
		}
		if err := s.lasts(ctx, permitted(r), a.ExpiresAt); err != nil {
			return err
		}
		elevated := access.Elevated(ctx, "assignRole")
		old, err := c.UserRole.Query().Where(userrole.UserID(u.ID), userrole.RoleID(r.ID)).Only(elevated)
		switch {
		case err == nil:
			update := old.Update().SetReason(a.Reason)
			m := update.Mutation()
			put(a.ValidFrom, m.SetValidFrom, m.ClearValidFrom)
			put(a.ExpiresAt, m.SetExpiresAt, m.ClearExpiresAt)
			made, err = update.Save(elevated)
		case ent.IsNotFound(err):
			create := c.UserRole.Create().SetUserID(u.ID).SetRoleID(r.ID).SetAssignedAt(s.Now()).
				SetNillableValidFrom(a.ValidFrom).SetNillableExpiresAt(a.ExpiresAt).SetReason(a.Reason)
			if v := access.FromContext(ctx); v.UserID != uuid.Nil {
				create.SetAssignedByID(v.UserID)
			}
			made, err = create.Save(elevated)
		}
		if err != nil {
			return fmt.Errorf("assign role: %w", err)
		}
		if err := KeepCustomerFlag(elevated, c, u.ID); err != nil {
			return err
		}
		return s.keepsAdministrator(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return made.Unwrap(), nil
}

// put sets what has a value, and clears what has none.
func put[T any](value *T, set func(T), clear func()) {
	if value == nil {
		clear()
	} else {
		set(*value)
	}
}

// RevokeRole takes a role away. Errors: NOT_FOUND, FORBIDDEN, and CONFLICT when
// nobody could give roles any more.
func (s *Service) RevokeRole(ctx context.Context, userID, roleID uuid.UUID, reason *string) (err error) {
	defer func() {
		s.tell(ctx, audit.EventRoleRevoke, &userID, access.RoleAssign, err, because(roleID.String(), reason))
	}()
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.RoleAssign)
		if err != nil {
			return err
		}
		u, err := s.target(ctx, c, userID, "revokeRole")
		if err != nil {
			return err
		}
		row, err := c.UserRole.Query().Where(userrole.UserID(u.ID), userrole.RoleID(roleID)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.Missing()
		}
		if err != nil {
			return fmt.Errorf("load assignment: %w", err)
		}
		return s.takeRole(access.Elevated(ctx, "revokeRole"), c, row)
	})
}

// takeRole removes an assignment. The context is elevated, the lock is held.
func (s *Service) takeRole(ctx context.Context, c *ent.Client, row *ent.UserRole) error {
	if err := c.UserRole.DeleteOne(row).Exec(ctx); err != nil {
		return fmt.Errorf("revoke role: %w", err)
	}
	if err := KeepCustomerFlag(ctx, c, row.UserID); err != nil {
		return err
	}
	return s.keepsAdministrator(ctx, c)
}

// tell puts an attempt to change access on record, whatever came of it.
func (s *Service) tell(ctx context.Context, event string, subject *uuid.UUID, permission string, err error, details string) {
	s.Security.Record(ctx, audit.Event{Name: event, Subject: subject, Permission: permission, Err: err, Details: details})
}

// because adds the reason that was given to what is told.
func because(what string, reason *string) string {
	switch {
	case reason == nil || *reason == "":
		return what
	case what == "":
		return *reason
	default:
		return what + ": " + *reason
	}
}

func list(permissions []access.RoleGrant) string {
	names := make([]string, len(permissions))
	for i, p := range permissions {
		names[i] = p.Permission + "@" + p.Scope.String()
	}
	return strings.Join(names, " ")
}

func idOf(r *ent.Role) *uuid.UUID {
	if r == nil {
		return nil
	}
	return &r.ID
}
