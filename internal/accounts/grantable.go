package accounts

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// grantable loads a role through the caller's rows and refuses one that permits
// more than the caller holds.
func (s *Service) grantable(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.Role, error) {
	r, err := loadRole(ctx, c, id)
	if err != nil {
		return nil, err
	}
	return r, MayGive(access.FromContext(ctx), r, s.Now())
}

// editable is grantable without the roles that nobody edits: those of every
// clinic, and the caller's own.
func (s *Service) editable(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.Role, error) {
	r, err := loadRole(ctx, c, id)
	if err != nil {
		return nil, err
	}
	v := access.FromContext(ctx)
	own, err := c.UserRole.Query().Where(userrole.UserID(v.UserID), userrole.RoleID(id)).Exist(access.Elevated(ctx, "access"))
	if err != nil {
		return nil, fmt.Errorf("look for the caller's assignment: %w", err)
	}
	return r, MayEdit(v, r, own, s.Now())
}

func loadRole(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.Role, error) {
	r, err := c.Role.Query().Where(role.ID(id)).WithRolePermissions().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, fmt.Errorf("load role: %w", err)
	}
	return r, nil
}

// permitted is what a role permits, as grants.
func permitted(r *ent.Role) []access.Grant {
	grants := make([]access.RoleGrant, len(r.Edges.RolePermissions))
	for i, p := range r.Edges.RolePermissions {
		scope, _ := access.ParseScope(p.Scope.String())
		grants[i] = access.RoleGrant{Permission: p.Permission, Scope: scope}
	}
	return grantsOf(grants)
}

func grantsOf(permissions []access.RoleGrant) []access.Grant {
	grants := make([]access.Grant, len(permissions))
	for i, p := range permissions {
		grants[i] = access.Grant{Permission: p.Permission, Scope: p.Scope, Allowed: true}
	}
	return grants
}
