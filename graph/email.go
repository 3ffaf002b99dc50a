package graph

import (
	"context"

	"clinicgraph/graph/model"
)

func (r *mutationResolver) VerifyEmail(ctx context.Context, in model.VerifyEmailInput) (*model.VerifyEmailPayload, error) {
	if err := r.Auth.VerifyEmail(ctx, in.Token); err != nil {
		return nil, err
	}
	return &model.VerifyEmailPayload{Verified: true}, nil
}

func (r *mutationResolver) RequestEmailVerification(ctx context.Context) (*model.MailPayload, error) {
	return mailed(r.Auth.RequestVerification(ctx))
}

func (r *mutationResolver) RequestPasswordReset(ctx context.Context, in model.RequestPasswordResetInput) (*model.MailPayload, error) {
	return mailed(r.Auth.RequestReset(ctx, in.Login))
}

func (r *mutationResolver) ResetPassword(ctx context.Context, in model.ResetPasswordInput) (*model.ResetPasswordPayload, error) {
	if err := r.Auth.ResetPassword(ctx, in.Token, in.NewPassword); err != nil {
		return nil, err
	}
	return &model.ResetPasswordPayload{Reset: true}, nil
}

func (r *mutationResolver) ChangeEmail(ctx context.Context, in model.ChangeEmailInput) (*model.MailPayload, error) {
	return mailed(r.Auth.ChangeEmail(ctx, in.NewEmail, in.CurrentPassword))
}

// mailed makes the payload of a mail that is on its way.
func mailed(err error) (*model.MailPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.MailPayload{Accepted: true}, nil
}
