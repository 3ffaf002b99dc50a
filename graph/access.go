package graph

import (
	"context"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/ent/user"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/paging"
)

func (r *queryResolver) Roles(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.RoleOrder, where *ent.RoleWhereInput) (*ent.RoleConnection, error) {
	return r.Client.Role.Query().Paginate(ctx, after, first, before, last, ent.WithRoleOrder(orderBy), ent.WithRoleFilter(where.Filter))
}

func (r *queryResolver) Permissions(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.PermissionOrder, where *ent.PermissionWhereInput) (*ent.PermissionConnection, error) {
	return r.Client.Permission.Query().Paginate(ctx, after, first, before, last, ent.WithPermissionOrder(orderBy), ent.WithPermissionFilter(where.Filter))
}

func (r *queryResolver) Role(ctx context.Context, id uuid.UUID) (*ent.Role, error) {
	q, err := r.Client.Role.Query().Where(role.ID(id)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return one(q.Only(ctx))
}

func (r *mutationResolver) CreateRole(ctx context.Context, in model.CreateRoleInput) (*model.RolePayload, error) {
	role, err := r.Accounts.CreateRole(ctx, accounts.NewRole{Name: in.Name, Description: deref(in.Description), Permissions: roleGrants(in.Permissions)})
	if err != nil {
		return nil, err
	}
	return &model.RolePayload{Role: role}, nil
}

func (r *mutationResolver) SetRolePermissions(ctx context.Context, in model.SetRolePermissionsInput) (*model.RolePayload, error) {
	role, err := r.Accounts.SetRolePermissions(ctx, in.RoleID, roleGrants(in.Permissions), version(in.ExpectedVersion))
	if err != nil {
		return nil, err
	}
	return &model.RolePayload{Role: role}, nil
}

func (r *mutationResolver) AssignRole(ctx context.Context, in model.AssignRoleInput) (*model.AssignRolePayload, error) {
	assigned, err := r.Accounts.AssignRole(ctx, accounts.Assignment{
		UserID: in.UserID, RoleID: in.RoleID, Period: accounts.Period{ValidFrom: in.ValidFrom, ExpiresAt: in.ExpiresAt, Reason: in.Reason},
	})
	if err != nil {
		return nil, err
	}
	return &model.AssignRolePayload{UserRole: assigned}, nil
}

func (r *mutationResolver) RevokeRole(ctx context.Context, in model.RevokeRoleInput) (*model.UserAccessPayload, error) {
	if err := r.Accounts.RevokeRole(ctx, in.UserID, in.RoleID, in.Reason); err != nil {
		return nil, err
	}
	return r.userAccess(ctx, in.UserID)
}

func (r *mutationResolver) SetUserPermission(ctx context.Context, in model.SetUserPermissionInput) (*model.SetUserPermissionPayload, error) {
	scope := access.ScopeAny
	if in.Scope != nil {
		scope, _ = access.ParseScope(in.Scope.String())
	}
	set, err := r.Accounts.SetUserPermission(ctx, accounts.DirectGrant{
		UserID: in.UserID, Permission: in.Permission, Allowed: in.Allowed, Scope: scope,
		Period: accounts.Period{ValidFrom: in.ValidFrom, ExpiresAt: in.ExpiresAt, Reason: in.Reason},
	})
	if err != nil {
		return nil, err
	}
	return &model.SetUserPermissionPayload{UserPermission: set}, nil
}

func (r *mutationResolver) RemoveUserPermission(ctx context.Context, in model.RemoveUserPermissionInput) (*model.UserAccessPayload, error) {
	if err := r.Accounts.RemoveUserPermission(ctx, in.UserID, in.Permission, in.Reason); err != nil {
		return nil, err
	}
	return r.userAccess(ctx, in.UserID)
}

// userAccess gives the user whose access has changed, to callers who may see it.
func (r *mutationResolver) userAccess(ctx context.Context, id uuid.UUID) (*model.UserAccessPayload, error) {
	u, err := r.Client.User.Query().Where(user.ID(id)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, err
	}
	return &model.UserAccessPayload{User: u}, nil
}

func roleGrants(in []*model.RolePermissionInput) []access.RoleGrant {
	grants := make([]access.RoleGrant, len(in))
	for i, p := range in {
		scope, _ := access.ParseScope(p.Scope.String())
		grants[i] = access.RoleGrant{Permission: p.Permission, Scope: scope}
	}
	return grants
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// version reads an expected version. Int has 32 bits by the specification.
func version(v *int) *int32 {
	if v == nil {
		return nil
	}
	n := int32(*v)
	return &n
}
