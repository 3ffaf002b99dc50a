package graph

import (
	"context"

	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
)

func (r *mutationResolver) Register(ctx context.Context, in model.RegisterInput) (*model.RegisterPayload, error) {
	opened, err := r.Auth.Register(ctx, auth.NewAccount{
		Username: in.Username, Email: in.Email, Password: in.Password,
		GivenName: in.GivenName, Surname: in.Surname, Device: deref(in.DeviceName),
	})
	if err != nil || opened == nil {
		return &model.RegisterPayload{}, err
	}
	session, err := r.session(ctx)(opened, nil)
	return &model.RegisterPayload{Session: session}, err
}

func (r *mutationResolver) Login(ctx context.Context, in model.LoginInput) (*model.SessionPayload, error) {
	return r.session(ctx)(r.Auth.Login(ctx, in.Login, in.Password, deref(in.DeviceName)))
}

func (r *mutationResolver) RefreshSession(ctx context.Context, in model.RefreshSessionInput) (*model.SessionPayload, error) {
	return r.session(ctx)(r.Auth.Refresh(ctx, in.RefreshToken))
}

func (r *mutationResolver) Logout(ctx context.Context) (*model.LogoutPayload, error) {
	if err := r.Auth.Logout(ctx); err != nil {
		return nil, err
	}
	return &model.LogoutPayload{LoggedOut: true}, nil
}

func (r *mutationResolver) ChangePassword(ctx context.Context, in model.ChangePasswordInput) (*model.SessionPayload, error) {
	return r.session(ctx)(r.Auth.ChangePassword(ctx, in.CurrentPassword, in.NewPassword))
}

// session makes the payload of an opened session. What is selected below it is
// resolved as the user who has just signed in, not as whoever sent the request.
func (r *Resolver) session(ctx context.Context) func(*auth.Session, error) (*model.SessionPayload, error) {
	return func(s *auth.Session, err error) (*model.SessionPayload, error) {
		if err != nil {
			return nil, err
		}
		access.Become(ctx, s.Viewer)
		v, err := r.viewer(ctx)
		if err != nil {
			return nil, err
		}
		return &model.SessionPayload{
			AccessToken: s.AccessToken, AccessTokenExpiresAt: s.ExpiresAt, RefreshToken: s.RefreshToken,
			DeviceToken: orNull(s.DeviceToken), Viewer: v,
		}, nil
	}
}

// orNull leaves out a text that there is not.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
