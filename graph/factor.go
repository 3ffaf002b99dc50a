package graph

import (
	"context"

	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
)

func (r *mutationResolver) CompleteLogin(ctx context.Context, in model.CompleteLoginInput) (*model.SessionPayload, error) {
	proof := auth.Proof{Code: in.Code, RecoveryCode: in.RecoveryCode, Passkey: in.Passkey}
	return r.session(ctx, in.Delivery, func() (*auth.Session, error) {
		return r.Auth.CompleteLogin(ctx, in.Ticket, proof, deref(in.DeviceName))
	})
}

func (r *mutationResolver) BeginPasskeySignIn(ctx context.Context, in *model.BeginPasskeySignInInput) (*model.PasskeyOptionsPayload, error) {
	var ticket *string
	if in != nil {
		ticket = in.Ticket
	}
	return passkeyOptions(r.Auth.BeginPasskeySignIn(ctx, ticket))
}

func (r *mutationResolver) SignInWithPasskey(ctx context.Context, in model.SignInWithPasskeyInput) (*model.SessionPayload, error) {
	return r.session(ctx, in.Delivery, func() (*auth.Session, error) {
		return r.Auth.SignInWithPasskey(ctx, in.Passkey, deref(in.DeviceName))
	})
}

func (r *mutationResolver) Reauthenticate(ctx context.Context, in model.ReauthenticateInput) (*model.ReauthenticatePayload, error) {
	done, err := r.Auth.Reauthenticate(ctx, auth.Proof{Password: in.Password, Code: in.Code, RecoveryCode: in.RecoveryCode, Passkey: in.Passkey})
	if err != nil {
		return nil, err
	}
	access.Become(ctx, done.Viewer)
	v, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	return &model.ReauthenticatePayload{AccessToken: done.AccessToken, AccessTokenExpiresAt: done.ExpiresAt, Viewer: v}, nil
}

func (r *mutationResolver) EnrolTotp(ctx context.Context, in *model.EnrolTotpInput) (*model.EnrolTotpPayload, error) {
	name := ""
	if in != nil {
		name = deref(in.Name)
	}
	made, err := r.Auth.EnrolTotp(ctx, name)
	if err != nil {
		return nil, err
	}
	return &model.EnrolTotpPayload{Authenticator: made.Authenticator, Secret: made.Secret, URI: made.URI}, nil
}

func (r *mutationResolver) ConfirmTotp(ctx context.Context, in model.ConfirmTotpInput) (*model.ConfirmAuthenticatorPayload, error) {
	return confirmed(r.Auth.ConfirmTotp(ctx, in.ID, in.Code))
}

func (r *mutationResolver) BeginPasskeyRegistration(ctx context.Context) (*model.PasskeyOptionsPayload, error) {
	return passkeyOptions(r.Auth.BeginPasskeyRegistration(ctx))
}

func (r *mutationResolver) FinishPasskeyRegistration(ctx context.Context, in model.FinishPasskeyRegistrationInput) (*model.ConfirmAuthenticatorPayload, error) {
	return confirmed(r.Auth.FinishPasskeyRegistration(ctx, deref(in.Name), in.Passkey))
}

func (r *mutationResolver) RenameAuthenticator(ctx context.Context, in model.RenameAuthenticatorInput) (*model.RenameAuthenticatorPayload, error) {
	renamed, err := r.Auth.RenameAuthenticator(ctx, in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	return &model.RenameAuthenticatorPayload{Authenticator: renamed}, nil
}

func (r *mutationResolver) RemoveAuthenticator(ctx context.Context, in model.RemoveAuthenticatorInput) (*model.RemoveAuthenticatorPayload, error) {
	if err := r.Auth.RemoveAuthenticator(ctx, in.ID); err != nil {
		return nil, err
	}
	return &model.RemoveAuthenticatorPayload{Removed: true}, nil
}

func (r *mutationResolver) RegenerateRecoveryCodes(ctx context.Context) (*model.RecoveryCodesPayload, error) {
	codes, err := r.Auth.RegenerateRecoveryCodes(ctx)
	if err != nil {
		return nil, err
	}
	return &model.RecoveryCodesPayload{RecoveryCodes: codes}, nil
}

func passkeyOptions(options map[string]any, err error) (*model.PasskeyOptionsPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.PasskeyOptionsPayload{Options: options}, nil
}

func confirmed(done auth.Confirmed, err error) (*model.ConfirmAuthenticatorPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.ConfirmAuthenticatorPayload{Authenticator: done.Authenticator, RecoveryCodes: done.Codes}, nil
}
