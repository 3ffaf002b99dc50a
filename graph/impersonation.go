package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
	"clinicgraph/ent/usersession"
	"clinicgraph/graph/generated"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
)

func (r *mutationResolver) Impersonate(ctx context.Context, in model.ImpersonateInput) (*model.ImpersonationPayload, error) {
	minutes := time.Duration(in.Minutes)
	if minutes <= 0 {
		minutes = -1 // zero would be the default
	}
	s, err := r.Auth.Impersonate(ctx, auth.Impersonation{User: in.UserID, Reason: in.Reason, For: minutes * time.Minute})
	if err != nil {
		return nil, err
	}
	access.Become(ctx, s.Viewer)
	v, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	return &model.ImpersonationPayload{
		AccessToken: s.AccessToken, AccessTokenExpiresAt: s.ExpiresAt, RefreshToken: s.RefreshToken, Viewer: v,
	}, nil
}

func (r *mutationResolver) StopImpersonating(ctx context.Context) (*model.StopImpersonatingPayload, error) {
	if err := r.Auth.StopImpersonating(ctx); err != nil {
		return nil, err
	}
	return &model.StopImpersonatingPayload{Stopped: true}, nil
}

// UserSession gives the resolvers of the type's own fields.
func (r *Resolver) UserSession() generated.UserSessionResolver { return &userSessionResolver{r} }

type userSessionResolver struct{ *Resolver }

// ImpersonatedBy gives a name to whoever sees the session: its owner may not see
// the account of who acts, and has a right to know.
func (r *userSessionResolver) ImpersonatedBy(ctx context.Context, s *ent.UserSession) (*string, error) {
	if s.ImpersonatorID == nil {
		return nil, nil
	}
	who, err := r.username(ctx, *s.ImpersonatorID)
	return &who, err
}

func (r *Resolver) username(ctx context.Context, id uuid.UUID) (string, error) {
	return r.Client.User.Query().Where(user.ID(id)).Select(user.FieldUsername).String(access.WithDeleted(access.Elevated(ctx, "impersonatedBy")))
}

// impersonation says who really acts; nil: the user.
func (r *Resolver) impersonation(ctx context.Context, v *access.Viewer) (*model.Impersonation, error) {
	if v.Impersonator == nil {
		return nil, nil
	}
	s, err := one(r.Client.UserSession.Query().Where(usersession.ID(v.SessionID)).Only(access.Elevated(ctx, "viewer")))
	if err != nil {
		return nil, err
	}
	return &model.Impersonation{By: v.Impersonator.Username, Reason: deref(s.ImpersonationReason), EndsAt: s.ExpiresAt}, nil
}
