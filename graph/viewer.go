package graph

import (
	"context"

	"clinicgraph/ent"
	"clinicgraph/ent/customer"
	"clinicgraph/ent/user"
	"clinicgraph/ent/usersession"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
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
	sessions, err := r.Client.UserSession.Query().
		Where(usersession.UserID(v.UserID), usersession.StatusEQ(usersession.StatusActive)).
		Order(ent.Desc(usersession.FieldID)).Limit(maxOwn).All(own)
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
	return &model.Viewer{
		User: u, Sessions: sessions, Customers: profiles,
		MustChangePassword: v.MustChangePassword, Permissions: held(v),
	}, nil
}

func held(v *access.Viewer) []*model.ViewerPermission {
	if v.MustChangePassword {
		return []*model.ViewerPermission{}
	}
	holding := access.Holding(v.Grants, v.Clock())
	out := make([]*model.ViewerPermission, len(holding))
	for i, h := range holding {
		p := &model.ViewerPermission{Name: h.Name, Scope: model.PermissionScope(h.Scope.String()), Source: model.PermissionSource(h.Source)}
		if h.Role != "" {
			p.Role = &h.Role
		}
		if !h.ExpiresAt.IsZero() {
			p.ExpiresAt = &h.ExpiresAt
		}
		out[i] = p
	}
	return out
}
