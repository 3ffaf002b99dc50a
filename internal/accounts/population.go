package accounts

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/ent/role"
	"clinicgraph/ent/user"
	"clinicgraph/ent/userpermission"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// Population says which grants a review asks about: those of one of the roles or
// permissions, of a user of one of the units or those below, for which one of the
// findings is true. What is empty narrows nothing.
type Population struct {
	Roles       []uuid.UUID
	Permissions []string
	Units       []uuid.UUID
	Sought
}

// population tells the grants that are asked for.
func (s *Service) population(ctx context.Context, c *ent.Client, p Population) (pick, error) {
	all := []pick{everyGrant}
	var named []pick
	if len(p.Roles) > 0 {
		found, err := c.Role.Query().Where(role.IDIn(p.Roles...)).Count(ctx)
		if err != nil {
			return pick{}, fmt.Errorf("look for roles: %w", err)
		}
		if found != len(p.Roles) {
			return pick{}, fault.Missing()
		}
		named = append(named, pick{role: userrole.RoleIDIn(p.Roles...)})
	}
	for i, name := range p.Permissions {
		if !access.Known(name) {
			return pick{}, fault.Invalid(fmt.Sprintf("input.permissions.%d", i), "There is no permission %q.", name)
		}
	}
	if len(p.Permissions) > 0 {
		named = append(named, givesAny(p.Permissions...))
	}
	if len(named) > 0 {
		all = append(all, anyOf(named))
	}
	if len(p.Units) > 0 {
		units, err := below(ctx, c, p.Units)
		if err != nil {
			return pick{}, err
		}
		of := user.OrganizationalUnitIDIn(units...)
		all = append(all, pick{userrole.HasUserWith(of), userpermission.HasUserWith(of)})
	}
	if len(p.Findings) > 0 {
		all = append(all, s.sought(p.Sought))
	}
	return both(all...), nil
}

// below gives the units and all below them. What the caller does not see is
// NOT_FOUND.
func below(ctx context.Context, c *ent.Client, units []uuid.UUID) ([]uuid.UUID, error) {
	found, err := c.OrganizationalUnit.Query().Where(organizationalunit.IDIn(units...)).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for units: %w", err)
	}
	if len(found) != len(units) {
		return nil, fault.Missing()
	}
	elevated, seen := access.Elevated(ctx, "startAccessReview"), map[uuid.UUID]bool{}
	for next := found; len(next) > 0; {
		var fresh []uuid.UUID
		for _, id := range next {
			if !seen[id] { // units that form a circle end here
				seen[id] = true
				fresh = append(fresh, id)
			}
		}
		if next, err = c.OrganizationalUnit.Query().Where(organizationalunit.ParentIDIn(fresh...)).IDs(elevated); err != nil {
			return nil, fmt.Errorf("look for units below: %w", err)
		}
	}
	all := make([]uuid.UUID, 0, len(seen))
	for id := range seen {
		all = append(all, id)
	}
	return all, nil
}

// criteria is what was asked for, for the record.
func (p Population) criteria() map[string]any {
	all := map[string]any{}
	if len(p.Roles) > 0 {
		all["roleIds"] = p.Roles
	}
	if len(p.Permissions) > 0 {
		all["permissions"] = p.Permissions
	}
	if len(p.Units) > 0 {
		all["unitIds"] = p.Units
	}
	if len(p.Findings) > 0 {
		all["findings"] = p.Findings
	}
	return all
}
