package graph

import (
	"context"

	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
)

func (r *mutationResolver) Register(ctx context.Context, in model.RegisterInput) (*model.RegisterPayload, error) {
	session, err := r.session(ctx, in.Delivery, func() (*auth.Session, error) {
		return r.Auth.Register(ctx, auth.NewAccount{
			Username: in.Username, Email: in.Email, Password: in.Password,
			GivenName: in.GivenName, Surname: in.Surname, Device: deref(in.DeviceName),
		})
	})
	if err != nil {
		return nil, err
	}
	return &model.RegisterPayload{Session: session}, nil
}

func (r *mutationResolver) Login(ctx context.Context, in model.LoginInput) (*model.SessionPayload, error) {
	return r.session(ctx, in.Delivery, func() (*auth.Session, error) {
		return r.Auth.Login(ctx, in.Login, in.Password, deref(in.DeviceName))
	})
}

func (r *mutationResolver) ChangePassword(ctx context.Context, in model.ChangePasswordInput) (*model.SessionPayload, error) {
	return r.session(ctx, in.Delivery, func() (*auth.Session, error) {
		return r.Auth.ChangePassword(ctx, in.CurrentPassword, in.NewPassword)
	})
}

// session opens a session and makes its payload; none where none was opened.
// What is selected below it is resolved as the user who has just signed in, not
// as whoever sent the request.
func (r *Resolver) session(ctx context.Context, by model.TokenDelivery, open func() (*auth.Session, error)) (*model.SessionPayload, error) {
	if err := delivered(ctx, by); err != nil {
		return nil, err
	}
	s, err := open()
	if err != nil || s == nil {
		return nil, err
	}
	access.Become(ctx, s.Viewer)
	v, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	refresh, device := deliver(ctx, s, by)
	return &model.SessionPayload{
		AccessToken: s.AccessToken, AccessTokenExpiresAt: s.ExpiresAt, RefreshToken: refresh, DeviceToken: device, Viewer: v,
	}, nil
}

// orNull leaves out a text that there is not.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
