package graph

import (
	"context"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/apitoken"
	"clinicgraph/ent/authenticator"
	"clinicgraph/ent/customer"
	"clinicgraph/ent/user"
	"clinicgraph/ent/usersession"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
)

// maxOwn bounds the lists of the viewer's own things.
const maxOwn = 100

func (r *queryResolver) Viewer(ctx context.Context) (*model.Viewer, error) { return r.viewer(ctx) }

// viewer gives the caller's own account and what hangs on it. The rows are the
// caller's by construction, so no row rule narrows them.
func (r *Resolver) viewer(ctx context.Context) (*model.Viewer, error) {
	v := access.FromContext(ctx)
	own := access.Elevated(ctx, "viewer")
	u, err := one(r.Client.User.Query().Where(user.ID(v.UserID)).Only(own))
	if err != nil {
		return nil, err
	}
	program := v.TokenID != uuid.Nil // sees what its scopes let it see
	if program && !v.Can(access.UserRead) {
		u = nil
	}
	sessions, tokens := []*ent.UserSession{}, []*ent.ApiToken{}
	if !program || v.Can(access.SessionRead) {
		sessions, err = r.Client.UserSession.Query().
			Where(usersession.UserID(v.UserID), usersession.StatusEQ(usersession.StatusActive),
				usersession.IdleExpiresAtGT(v.Clock()), usersession.ExpiresAtGT(v.Clock())).
			Order(ent.Desc(usersession.FieldID)).Limit(maxOwn).All(own)
		if err != nil {
			return nil, err
		}
		tokens, err = r.Client.ApiToken.Query().Where(apitoken.UserID(v.UserID)).
			Order(ent.Desc(apitoken.FieldID)).Limit(maxOwn).All(own)
		if err != nil {
			return nil, err
		}
	}
	impersonation, err := r.impersonation(ctx, v)
	if err != nil {
		return nil, err
	}
	profiles := []*ent.Customer{}
	if v.Can(access.CustomerRead) {
		profiles, err = r.Client.Customer.Query().Where(customer.AccountID(v.UserID)).
			Order(customer.ByID()).Limit(maxOwn).All(own)
		if err != nil {
			return nil, err
		}
	}
	factors, codes := []*ent.Authenticator{}, 0
	if v.InPerson() { // nobody else's business
		factors, err = r.Client.Authenticator.Query().Where(authenticator.UserID(v.UserID)).
			Order(ent.Desc(authenticator.FieldID)).Limit(maxOwn).All(own)
		if err != nil {
			return nil, err
		}
		if codes, err = auth.RecoveryCodesLeft(own, r.Client, v.UserID); err != nil {
			return nil, err
		}
	}
	return &model.Viewer{
		User: u, Sessions: sessions, APITokens: tokens, Customers: profiles, Impersonation: impersonation,
		Authenticators: factors, RecoveryCodesLeft: codes, SecondFactorRequired: v.WithheldAny(),
		MustChangePassword: v.MustChangePassword, Permissions: held(v),
	}, nil
}

func held(v *access.Viewer) []*model.ViewerPermission {
	if v.MustChangePassword {
		return []*model.ViewerPermission{}
	}
	holding := access.Holding(v.Grants, v.Clock())
	out := make([]*model.ViewerPermission, 0, len(holding))
	for _, h := range holding {
		if v.Withheld(h.Name) {
			continue
		}
		p := &model.ViewerPermission{Name: h.Name, Scope: model.PermissionScope(h.Scope.String()), Source: model.PermissionSource(h.Source)}
		if h.Role != "" {
			p.Role = &h.Role
		}
		if !h.ExpiresAt.IsZero() {
			p.ExpiresAt = &h.ExpiresAt
		}
		out = append(out, p)
	}
	return out
}
