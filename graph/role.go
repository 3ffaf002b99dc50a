package graph

import (
	"context"

	"clinicgraph/ent"
	"clinicgraph/graph/model"
	"clinicgraph/internal/accounts"
)

func (r *mutationResolver) UpdateRole(ctx context.Context, in model.UpdateRoleInput) (*model.RolePayload, error) {
	return changedRole(r.Accounts.UpdateRole(ctx, accounts.RoleText{
		ID: in.RoleID, Name: in.Name, Description: in.Description, ExpectedVersion: version(in.ExpectedVersion),
	}))
}

func (r *mutationResolver) SetRoleStatus(ctx context.Context, in model.SetRoleStatusInput) (*model.RolePayload, error) {
	return changedRole(r.Accounts.SetRoleStatus(ctx, in.RoleID, in.Status, in.Reason, version(in.ExpectedVersion)))
}

func (r *mutationResolver) DeleteRole(ctx context.Context, in model.DeleteRoleInput) (*model.DeleteRolePayload, error) {
	if err := r.Accounts.DeleteRole(ctx, in.RoleID, in.Reason); err != nil {
		return nil, err
	}
	return &model.DeleteRolePayload{DeletedID: in.RoleID}, nil
}

func changedRole(role *ent.Role, err error) (*model.RolePayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.RolePayload{Role: role}, nil
}
