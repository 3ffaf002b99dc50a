package graph

import (
	"context"

	"clinicgraph/ent"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
)

func (r *userSessionResolver) IsCurrent(ctx context.Context, s *ent.UserSession) (bool, error) {
	return s.ID == access.FromContext(ctx).SessionID, nil
}

func (r *mutationResolver) NameSession(ctx context.Context, in model.NameSessionInput) (*model.NameSessionPayload, error) {
	s, err := r.Auth.NameSession(ctx, in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	return &model.NameSessionPayload{Session: s}, nil
}

func (r *mutationResolver) RevokeSession(ctx context.Context, in model.RevokeSessionInput) (*model.RevokeSessionPayload, error) {
	s, err := r.Auth.RevokeSession(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &model.RevokeSessionPayload{Session: s}, nil
}

func (r *mutationResolver) RevokeOtherSessions(ctx context.Context) (*model.RevokeSessionsPayload, error) {
	return ended(r.Auth.RevokeOtherSessions(ctx))
}

func (r *mutationResolver) LogoutEverywhere(ctx context.Context) (*model.RevokeSessionsPayload, error) {
	return ended(r.Auth.LogoutEverywhere(ctx))
}

func ended(n int, err error) (*model.RevokeSessionsPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.RevokeSessionsPayload{Ended: n}, nil
}
