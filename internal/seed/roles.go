package seed

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/ent/rolepermission"
	"clinicgraph/internal/access"
)

// keepRoles makes the system roles equal to the table in access: new
// permissions are added, those that are gone are taken away.
func keepRoles(ctx context.Context, c *ent.Client, permissions map[string]uuid.UUID) error {
	for _, want := range access.SystemRoles() {
		r, err := keepRole(ctx, c, want)
		if err != nil {
			return fmt.Errorf("keep role %s: %w", want.Name, err)
		}
		if err := keepGrants(ctx, c, r, want.Grants, permissions); err != nil {
			return fmt.Errorf("keep permissions of role %s: %w", want.Name, err)
		}
	}
	return nil
}

func keepRole(ctx context.Context, c *ent.Client, want access.Role) (*ent.Role, error) {
	r, err := c.Role.Query().Where(role.Name(want.Name)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return c.Role.Create().SetName(want.Name).SetDescription(want.Description).SetIsSystem(true).Save(ctx)
	case err != nil:
		return nil, err
	case !r.IsSystem:
		// Taking over a role that the clinic has made would hand its holders
		// permissions that nobody gave them.
		return nil, fmt.Errorf("the clinic has a role of its own by this name; it needs another name first")
	case r.Description != want.Description:
		return r.Update().SetDescription(want.Description).Save(ctx)
	}
	return r, nil
}

func keepGrants(ctx context.Context, c *ent.Client, r *ent.Role, grants []access.RoleGrant, permissions map[string]uuid.UUID) error {
	held, err := c.RolePermission.Query().Where(rolepermission.RoleID(r.ID)).All(ctx)
	if err != nil {
		return err
	}
	have := make(map[string]*ent.RolePermission, len(held))
	for _, row := range held {
		have[row.Permission] = row
	}
	for _, g := range grants {
		scope := rolepermission.Scope(g.Scope.String())
		row, found := have[g.Permission]
		delete(have, g.Permission)
		switch {
		case !found:
			err = c.RolePermission.Create().SetRoleID(r.ID).SetPermissionID(permissions[g.Permission]).
				SetPermission(g.Permission).SetScope(scope).Exec(ctx)
		case row.Scope != scope:
			err = row.Update().SetScope(scope).Exec(ctx)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", g.Permission, err)
		}
	}
	for _, row := range held {
		if have[row.Permission] == nil { // granted by the table
			continue
		}
		if err := c.RolePermission.DeleteOne(row).Exec(ctx); err != nil {
			return fmt.Errorf("%s: %w", row.Permission, err)
		}
	}
	return nil
}
