package graph

import (
	"context"

	"clinicgraph/graph/model"
	"clinicgraph/internal/auth"
)

func (r *mutationResolver) CreateAPIToken(ctx context.Context, in model.CreateAPITokenInput) (*model.CreateAPITokenPayload, error) {
	made, plain, err := r.Auth.CreateAPIToken(ctx, auth.NewAPIToken{Name: in.Name, Scopes: in.Scopes, ExpiresAt: in.ExpiresAt})
	if err != nil {
		return nil, err
	}
	return &model.CreateAPITokenPayload{APIToken: made, Token: plain}, nil
}

func (r *mutationResolver) RevokeAPIToken(ctx context.Context, in model.RevokeAPITokenInput) (*model.RevokeAPITokenPayload, error) {
	revoked, err := r.Auth.RevokeAPIToken(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &model.RevokeAPITokenPayload{APIToken: revoked}, nil
}
