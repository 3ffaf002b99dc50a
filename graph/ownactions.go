package graph

import (
	"context"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/graph/generated"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/customers"
)

// Authenticator gives the resolvers of the type's own fields.
func (r *Resolver) Authenticator() generated.AuthenticatorResolver { return &factorResolver{r} }

// Notification gives the resolvers of the type's own fields.
func (r *Resolver) Notification() generated.NotificationResolver { return &noticeResolver{r} }

func (r *customerResolver) AllowedActions(ctx context.Context, c *ent.Customer) ([]*model.AllowedAction, error) {
	v := access.FromContext(ctx)
	return r.allowed(ctx, action{mutation: "updateCustomer", rule: func() error {
		reached, err := of(ctx, readKey("updated"), c.ID, []string{ent.TypeCustomer}, func(ids []uuid.UUID) (map[uuid.UUID]bool, error) {
			return customers.Reached(ctx, r.Client, access.CustomerUpdate, ids...)
		})
		if err != nil {
			return err
		}
		return customers.MayEdit(c, access.CustomerUpdate, reached)
	}}, action{mutation: "eraseCustomer", rule: func() error {
		return customers.MayErase(v, c, customers.Owned(ctx, c), v.Clock())
	}})
}

func (r *factorResolver) AllowedActions(ctx context.Context, a *ent.Authenticator) ([]*model.AllowedAction, error) {
	v := access.FromContext(ctx)
	own := func() error { return auth.MayKeep(v, a) }
	return r.allowed(ctx, action{mutation: "renameAuthenticator", rule: own}, action{mutation: "removeAuthenticator", rule: own},
		action{mutation: "confirmTotp", rule: func() error { return auth.MayConfirm(v, a) }, refused: func(error) model.ActionBlock {
			if own() != nil {
				return model.ActionBlockPermission
			}
			return model.ActionBlockState
		}})
}

// What a notification is about is its owner's, and nobody else sees it.
func (r *noticeResolver) AllowedActions(ctx context.Context, _ *ent.Notification) ([]*model.AllowedAction, error) {
	return r.allowed(ctx, action{mutation: "markNotificationRead", rule: func() error { return nil }})
}
