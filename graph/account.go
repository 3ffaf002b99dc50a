package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/graph/model"
	"clinicgraph/internal/accounts"
)

func (r *mutationResolver) CreateUser(ctx context.Context, in model.CreateUserInput) (*model.CreateUserPayload, error) {
	u, err := r.Accounts.Create(ctx, accounts.Newcomer{
		Username: in.Username, Email: in.Email, GivenName: in.GivenName, Surname: in.Surname,
		Phone: in.Phone, Locale: in.Locale, Timezone: in.Timezone, Unit: in.UnitID, Sex: in.SexID, Roles: in.RoleIds, Reason: in.Reason,
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateUserPayload{User: u}, nil
}

func (r *mutationResolver) UpdateUser(ctx context.Context, in model.UpdateUserInput) (*model.UserPayload, error) {
	return account(r.Accounts.Update(ctx, accounts.UserChange{
		ID: in.ID, Username: change(in.Username), Email: change(in.Email), Unit: change(in.UnitID), Sex: change(in.SexID),
		Profile: accounts.Profile{
			GivenName: change(in.GivenName), Surname: change(in.Surname), Phone: change(in.Phone),
			Locale: change(in.Locale), Timezone: change(in.Timezone), ExpectedVersion: version(in.ExpectedVersion),
		},
	}))
}

func (r *mutationResolver) UpdateProfile(ctx context.Context, in model.UpdateProfileInput) (*model.UpdateProfilePayload, error) {
	_, err := r.Accounts.UpdateProfile(ctx, accounts.Profile{
		GivenName: change(in.GivenName), Surname: change(in.Surname), Phone: change(in.Phone),
		Locale: change(in.Locale), Timezone: change(in.Timezone), ExpectedVersion: version(in.ExpectedVersion),
	})
	if err != nil {
		return nil, err
	}
	v, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	return &model.UpdateProfilePayload{Viewer: v}, nil
}

func (r *mutationResolver) LockUser(ctx context.Context, in model.LockUserInput) (*model.UserPayload, error) {
	return account(r.Accounts.Lock(ctx, in.ID, in.Reason))
}

func (r *mutationResolver) UnlockUser(ctx context.Context, in model.UnlockUserInput) (*model.UserPayload, error) {
	return account(r.Accounts.Unlock(ctx, in.ID, in.Reason))
}

func (r *mutationResolver) DeactivateUser(ctx context.Context, in model.DeactivateUserInput) (*model.UserPayload, error) {
	return account(r.Accounts.Deactivate(ctx, in.ID, in.Reason))
}

func (r *mutationResolver) ReactivateUser(ctx context.Context, in model.ReactivateUserInput) (*model.UserPayload, error) {
	return account(r.Accounts.Reactivate(ctx, in.ID, in.Reason))
}

func (r *mutationResolver) DeleteUser(ctx context.Context, in model.DeleteUserInput) (*model.DeleteUserPayload, error) {
	if err := r.Accounts.Delete(ctx, in.ID, in.Reason); err != nil {
		return nil, err
	}
	return &model.DeleteUserPayload{DeletedID: in.ID}, nil
}

func (r *mutationResolver) RequirePasswordChange(ctx context.Context, in model.RequirePasswordChangeInput) (*model.UserPayload, error) {
	return account(r.Accounts.RequirePasswordChange(ctx, in.ID, in.Reason))
}

func account(u *ent.User, err error) (*model.UserPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.UserPayload{User: u}, nil
}

// change tells a value that is not given from one that is to be cleared.
func change[T string | uuid.UUID](in graphql.Omittable[*T]) accounts.Change[T] {
	value, given := in.ValueOK()
	return accounts.Change[T]{Given: given, Value: value}
}
