package accounts

import (
	"context"
	"fmt"
	"slices"
	"time"

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
func permitted(r *ent.Role) []access.Grant { return grantsOf(permittedBy(r)) }

// permittedBy is what a role permits; it is loaded with its permissions.
func permittedBy(r *ent.Role) []access.RoleGrant {
	grants := make([]access.RoleGrant, len(r.Edges.RolePermissions))
	for i, p := range r.Edges.RolePermissions {
		scope, _ := access.ParseScope(p.Scope.String())
		grants[i] = access.RoleGrant{Permission: p.Permission, Scope: scope}
	}
	return grants
}

// fresh is what the role would permit that it does not permit yet, or not as far.
func fresh(old, wanted []access.RoleGrant) (added []access.RoleGrant) {
	for _, g := range wanted {
		had := slices.ContainsFunc(old, func(o access.RoleGrant) bool { return o.Permission == g.Permission && o.Scope >= g.Scope })
		if !had {
			added = append(added, g)
		}
	}
	return added
}

// gives is holds and lasts.
func (s *Service) gives(ctx context.Context, wanted []access.Grant, until *time.Time) error {
	if err := s.holds(ctx, wanted); err != nil {
		return err
	}
	return s.lasts(ctx, wanted, until)
}

// lasts refuses to give something for longer than the caller holds it: what was
// given for a while would be passed on for good. Until nil is without an end.
func (s *Service) lasts(ctx context.Context, wanted []access.Grant, until *time.Time) error {
	v := access.FromContext(ctx)
	if v.System() != "" {
		return nil
	}
	p, end := access.Outlasts(wanted, value(until), v.Grants, s.Now())
	if p == "" {
		return nil
	}
	return fault.Forbidden("You hold %s until %s yourself, so you cannot give it for longer.", p, end.UTC().Format(time.RFC3339))
}

func grantsOf(permissions []access.RoleGrant) []access.Grant {
	grants := make([]access.Grant, len(permissions))
	for i, p := range permissions {
		grants[i] = access.Grant{Permission: p.Permission, Scope: p.Scope, Allowed: true}
	}
	return grants
}
