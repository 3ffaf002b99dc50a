package accounts

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/userpermission"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// DirectGrant allows or denies one permission to one user.
type DirectGrant struct {
	UserID     uuid.UUID
	Permission string
	Allowed    bool
	Scope      access.Scope
	Period
}

// SetUserPermission allows or denies a permission to a user directly; a second
// time it replaces the first. Errors: NOT_FOUND, BAD_USER_INPUT, FORBIDDEN (own
// access, a wider user, a permission that the caller does not hold, be it granted
// or a denial of it lifted), CONFLICT when nobody could give roles any more.
func (s *Service) SetUserPermission(ctx context.Context, g DirectGrant) (made *ent.UserPermission, err error) {
	defer func() {
		details := fmt.Sprintf("%s@%s allowed=%t", g.Permission, g.Scope, g.Allowed)
		s.tell(ctx, audit.EventPermissionSet, &g.UserID, access.PermissionGrant, err, because(details, &g.Reason))
	}()
	if err := g.check(s.Now()); err != nil {
		return nil, err
	}
	if err := inCatalogue("input.permission", g.Permission); err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.PermissionGrant)
		if err != nil {
			return err
		}
		// A denial gives nothing away, so it needs no more than the verb's own
		// permission.
		if g.Allowed {
			if err := s.gives(ctx, []access.Grant{{Permission: g.Permission, Scope: g.Scope, Allowed: true}}, g.ExpiresAt); err != nil {
				return err
			}
		}
		u, err := s.target(ctx, c, g.UserID, "setUserPermission")
		if err != nil {
			return err
		}
		entry, err := catalogue(ctx, c, "input.permission", g.Permission)
		if err != nil {
			return err
		}
		elevated := access.Elevated(ctx, "setUserPermission")
		scope := userpermission.Scope(g.Scope.String())
		old, err := c.UserPermission.Query().Where(userpermission.UserID(u.ID), userpermission.PermissionID(entry.ID),
			userpermission.OriginEQ(userpermission.OriginDirect)).Only(elevated)
		switch {
		case err == nil:
			if err := s.mayLift(ctx, old, g); err != nil {
				return err
			}
			update := old.Update().SetAllowed(g.Allowed).SetScope(scope)
			m := update.Mutation()
			put(g.ValidFrom, m.SetValidFrom, m.ClearValidFrom)
			put(g.ExpiresAt, m.SetExpiresAt, m.ClearExpiresAt)
			made, err = update.SetReason(g.Reason).Save(elevated)
		case ent.IsNotFound(err):
			create := c.UserPermission.Create().SetUserID(u.ID).SetPermissionID(entry.ID).SetPermission(entry.Name).
				SetAllowed(g.Allowed).SetScope(scope).SetNillableValidFrom(g.ValidFrom).SetNillableExpiresAt(g.ExpiresAt).SetReason(g.Reason)
			if v := access.FromContext(ctx); v.UserID != uuid.Nil {
				create.SetGrantedByID(v.UserID)
			}
			made, err = create.Save(elevated)
		}
		if err != nil {
			return fmt.Errorf("set direct permission: %w", err)
		}
		return s.keepsAdministrator(ctx, c)
	})
	if err != nil {
		return nil, err
	}
	return made.Unwrap(), nil
}

// RemoveUserPermission removes a direct permission. Errors: NOT_FOUND, FORBIDDEN
// (own access, a wider user, and lifting a denial of what the caller does not
// hold itself).
func (s *Service) RemoveUserPermission(ctx context.Context, userID uuid.UUID, permission string, reason *string) (err error) {
	defer func() {
		s.tell(ctx, audit.EventPermissionRemove, &userID, access.PermissionGrant, err, because(permission, reason))
	}()
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.PermissionGrant)
		if err != nil {
			return err
		}
		u, err := s.target(ctx, c, userID, "removeUserPermission")
		if err != nil {
			return err
		}
		row, err := c.UserPermission.Query().Where(userpermission.UserID(u.ID), userpermission.Permission(permission),
			userpermission.OriginEQ(userpermission.OriginDirect)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.Missing()
		}
		if err != nil {
			return fmt.Errorf("load direct permission: %w", err)
		}
		if !row.Allowed {
			if err := s.holdsAll(ctx, permission); err != nil {
				return err
			}
		}
		if err := c.UserPermission.DeleteOne(row).Exec(access.Elevated(ctx, "removeUserPermission")); err != nil {
			return fmt.Errorf("remove direct permission: %w", err)
		}
		return s.keepsAdministrator(ctx, c)
	})
}

// mayLift refuses to put something weaker in the place of a denial: an allowance,
// or a denial that begins later or ends sooner. See holdsAll.
func (s *Service) mayLift(ctx context.Context, old *ent.UserPermission, g DirectGrant) error {
	if old.Allowed || !g.Allowed && g.covers(old.ValidFrom, old.ExpiresAt) {
		return nil
	}
	return s.holdsAll(ctx, g.Permission)
}

// holdsAll refuses whoever does not hold the permission for all rows: behind a
// denial a role may give as much.
func (s *Service) holdsAll(ctx context.Context, permission string) error {
	return s.holds(ctx, []access.Grant{{Permission: permission, Scope: access.ScopeAny, Allowed: true}})
}
