package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/rolepermission"
	"clinicgraph/ent/user"
	"clinicgraph/ent/userrole"
	"clinicgraph/ent/usersession"
	"clinicgraph/graph/generated"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/rewards"
	"clinicgraph/internal/scheduling"
)

type (
	bookingResolver     struct{ *Resolver }
	appointmentResolver struct{ *Resolver }
	orderResolver       struct{ *Resolver }
	paymentResolver     struct{ *Resolver }
	rewardResolver      struct{ *Resolver }
	redemptionResolver  struct{ *Resolver }
	factorResolver      struct{ *Resolver }
	noticeResolver      struct{ *Resolver }
	userResolver        struct{ *Resolver }
	apiTokenResolver    struct{ *Resolver }
	roleResolver        struct{ *Resolver }
)

// Booking gives the resolvers of the type's own fields.
func (r *Resolver) Booking() generated.BookingResolver { return &bookingResolver{r} }

// Appointment gives the resolvers of the type's own fields.
func (r *Resolver) Appointment() generated.AppointmentResolver { return &appointmentResolver{r} }

// Order gives the resolvers of the type's own fields.
func (r *Resolver) Order() generated.OrderResolver { return &orderResolver{r} }

// PaymentTransaction gives the resolvers of the type's own fields.
func (r *Resolver) PaymentTransaction() generated.PaymentTransactionResolver {
	return &paymentResolver{r}
}

// Reward gives the resolvers of the type's own fields.
func (r *Resolver) Reward() generated.RewardResolver { return &rewardResolver{r} }

// RewardRedemption gives the resolvers of the type's own fields.
func (r *Resolver) RewardRedemption() generated.RewardRedemptionResolver {
	return &redemptionResolver{r}
}

// User gives the resolvers of the type's own fields.
func (r *Resolver) User() generated.UserResolver { return &userResolver{r} }

// ApiToken gives the resolvers of the type's own fields.
func (r *Resolver) ApiToken() generated.ApiTokenResolver { return &apiTokenResolver{r} }

// Role gives the resolvers of the type's own fields.
func (r *Resolver) Role() generated.RoleResolver { return &roleResolver{r} }

func (r *bookingResolver) AllowedActions(ctx context.Context, b *ent.Booking) ([]*model.AllowedAction, error) {
	return r.allowed(ctx, action{mutation: "cancelBooking", rule: func() error {
		own, err := r.ownBooking(ctx, b)
		if err != nil {
			return err
		}
		return scheduling.MayCancel(access.FromContext(ctx), b, own)
	}})
}

// ownBooking says whether a booking is the caller's. Whom it was made for says the
// row; whether the caller treats says another table, which is asked only where the
// answer matters and does not follow from the row rule having shown the booking.
func (r *Resolver) ownBooking(ctx context.Context, b *ent.Booking) (bool, error) {
	v := access.FromContext(ctx)
	switch {
	case slices.Contains(v.Profiles, b.CustomerID):
		return true, nil
	case !v.Practitioner, v.Reaches(access.BookingCancel, false, b.UnitID):
		return false, nil
	case v.Scope(access.BookingRead) == access.ScopeOwn && graphql.GetOperationContext(ctx).Operation.Operation != ast.Mutation:
		return true, nil // what a verb gives back was not shown by the row rule
	}
	return of(ctx, readKey("treats"), b.ID, []string{ent.TypeBooking}, func(ids []uuid.UUID) (map[uuid.UUID]bool, error) {
		rows, err := r.Client.Appointment.Query().Where(appointment.BookingIDIn(ids...), appointment.PractitionerUserID(v.UserID)).
			All(access.Elevated(ctx, "allowedActions"))
		treats := make(map[uuid.UUID]bool, len(rows))
		for _, a := range rows {
			treats[a.BookingID] = true
		}
		return treats, err
	})
}

func (r *appointmentResolver) AllowedActions(context.Context, *ent.Appointment) ([]*model.AllowedAction, error) {
	return none, nil
}

func (r *orderResolver) AllowedActions(ctx context.Context, o *ent.Order) ([]*model.AllowedAction, error) {
	v := access.FromContext(ctx)
	return r.allowed(ctx, action{mutation: "capturePayment", rule: func() error {
		return orders.MayPay(v, o, slices.Contains(v.Profiles, o.CustomerID), 1)
	}})
}

func (r *paymentResolver) AllowedActions(context.Context, *ent.PaymentTransaction) ([]*model.AllowedAction, error) {
	return none, nil
}

func (r *rewardResolver) AllowedActions(ctx context.Context, reward *ent.Reward) ([]*model.AllowedAction, error) {
	return r.allowed(ctx, action{
		mutation: "redeemReward",
		rule:     func() error { return rewards.MayRedeem(reward, access.FromContext(ctx).Clock()) },
		refused: func(error) model.ActionBlock {
			if reward.IsActive {
				return model.ActionBlockTime
			}
			return model.ActionBlockState
		},
	})
}

func (r *redemptionResolver) AllowedActions(context.Context, *ent.RewardRedemption) ([]*model.AllowedAction, error) {
	return none, nil
}

func (r *userResolver) AllowedActions(ctx context.Context, u *ent.User) ([]*model.AllowedAction, error) {
	v := access.FromContext(ctx)
	var actions []action
	for _, verb := range []string{"updateUser", "lockUser", "unlockUser", "deactivateUser", "reactivateUser", "requirePasswordChange", "deleteUser", "assignRole", "setUserPermission"} {
		actions = append(actions, action{mutation: verb, rule: func() error {
			held, err := r.heldBy(ctx, u.ID)
			if err != nil {
				return err
			}
			return accounts.MayAct(v, verb, u, held, v.Clock())
		}})
	}
	return r.allowed(ctx, append(actions, action{mutation: "impersonate", rule: func() error {
		held, err := r.heldBy(ctx, u.ID)
		if err != nil {
			return err
		}
		return auth.MayImpersonate(v, u, held, v.Clock())
	}})...)
}

func (r *userSessionResolver) AllowedActions(ctx context.Context, s *ent.UserSession) ([]*model.AllowedAction, error) {
	v := access.FromContext(ctx)
	return r.allowed(ctx, action{
		mutation: "nameSession",
		rule:     func() error { return auth.MayName(v, s, v.Clock()) },
		refused: func(error) model.ActionBlock {
			switch {
			case s.UserID != v.UserID:
				return model.ActionBlockPermission
			case s.Status != usersession.StatusActive:
				return model.ActionBlockState
			default:
				return model.ActionBlockTime
			}
		},
	}, action{mutation: "revokeSession", rule: func() error {
		if s.UserID == v.UserID {
			return nil
		}
		owner, err := r.account(ctx, s.UserID)
		if err != nil {
			return err
		}
		held, err := r.heldBy(ctx, s.UserID)
		if err != nil {
			return err
		}
		return auth.MayRevoke(v, owner, held, v.Clock())
	}})
}

func (r *apiTokenResolver) AllowedActions(ctx context.Context, t *ent.ApiToken) ([]*model.AllowedAction, error) {
	v := access.FromContext(ctx)
	return r.allowed(ctx, action{mutation: "revokeApiToken", rule: func() error {
		if t.UserID == v.UserID {
			return nil
		}
		owner, err := r.account(ctx, t.UserID)
		if err != nil {
			return err
		}
		return auth.MayRevokeToken(v, false, owner.OrganizationalUnitID)
	}})
}

func (r *roleResolver) AllowedActions(ctx context.Context, role *ent.Role) ([]*model.AllowedAction, error) {
	v := access.FromContext(ctx)
	whole := func() (*ent.Role, error) {
		all, err := r.permissionsOfRoles(ctx)
		if err != nil {
			return nil, err
		}
		with := *role
		with.Edges.RolePermissions = all[role.ID]
		return &with, nil
	}
	edit := func() error {
		with, err := whole()
		if err != nil {
			return err
		}
		own, err := r.ownRoles(ctx)
		if err != nil {
			return err
		}
		return accounts.MayEdit(v, with, slices.Contains(own, role.ID), v.Clock())
	}
	var actions []action
	for _, verb := range []string{"setRolePermissions", "updateRole", "setRoleStatus", "deleteRole"} {
		actions = append(actions, action{mutation: verb, rule: edit})
	}
	return r.allowed(ctx, append(actions, action{mutation: "assignRole", rule: func() error {
		with, err := whole()
		if err != nil {
			return err
		}
		return accounts.MayGive(v, with, v.Clock())
	}})...)
}

// What rules need to know of others, each read once for a response.

func (r *Resolver) heldBy(ctx context.Context, id uuid.UUID) ([]access.Grant, error) {
	return of(ctx, readKey("held"), id, []string{ent.TypeUser, kindOwner}, func(ids []uuid.UUID) (map[uuid.UUID][]access.Grant, error) {
		return accounts.Held(access.Elevated(ctx, "allowedActions"), r.Client, ids)
	})
}

func (r *Resolver) account(ctx context.Context, id uuid.UUID) (*ent.User, error) {
	u, err := of(ctx, readKey("account"), id, []string{kindOwner}, func(ids []uuid.UUID) (map[uuid.UUID]*ent.User, error) {
		rows, err := r.Client.User.Query().Where(user.IDIn(ids...)).All(access.WithDeleted(access.Elevated(ctx, "allowedActions")))
		found := make(map[uuid.UUID]*ent.User, len(rows))
		for _, u := range rows {
			found[u.ID] = u
		}
		return found, err
	})
	if err == nil && u == nil {
		err = fault.Missing()
	}
	return u, err
}

func (r *Resolver) permissionsOfRoles(ctx context.Context) (map[uuid.UUID][]*ent.RolePermission, error) {
	return remember(ctx, readKey("permissions"), func() (map[uuid.UUID][]*ent.RolePermission, error) {
		rows, err := r.Client.RolePermission.Query().Order(rolepermission.ByID()).All(access.Elevated(ctx, "allowedActions"))
		byRole := map[uuid.UUID][]*ent.RolePermission{}
		for _, p := range rows {
			byRole[p.RoleID] = append(byRole[p.RoleID], p)
		}
		return byRole, err
	})
}

func (r *Resolver) ownRoles(ctx context.Context) ([]uuid.UUID, error) {
	return remember(ctx, readKey("own roles"), func() (ids []uuid.UUID, err error) {
		rows, err := r.Client.UserRole.Query().Where(userrole.UserID(access.FromContext(ctx).UserID)).All(access.Elevated(ctx, "allowedActions"))
		for _, a := range rows {
			ids = append(ids, a.RoleID)
		}
		return ids, err
	})
}

// readKey names what is read for rules.
type readKey string
