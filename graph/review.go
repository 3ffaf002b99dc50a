package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/accessreview"
	"clinicgraph/ent/accessreviewitem"
	"clinicgraph/graph/generated"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/paging"
)

type (
	accessReviewResolver     struct{ *Resolver }
	accessReviewItemResolver struct{ *Resolver }
)

// AccessReview gives the resolvers of the type's own fields.
func (r *Resolver) AccessReview() generated.AccessReviewResolver { return &accessReviewResolver{r} }

// AccessReviewItem gives the resolvers of the type's own fields.
func (r *Resolver) AccessReviewItem() generated.AccessReviewItemResolver {
	return &accessReviewItemResolver{r}
}

func (r *queryResolver) AccessReviews(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.AccessReviewOrder, where *ent.AccessReviewWhereInput) (*ent.AccessReviewConnection, error) {
	return r.Client.AccessReview.Query().Paginate(ctx, after, first, before, last, ent.WithAccessReviewOrder(orderBy), ent.WithAccessReviewFilter(where.Filter))
}

func (r *mutationResolver) StartAccessReview(ctx context.Context, in model.StartAccessReviewInput) (*model.StartAccessReviewPayload, error) {
	sought, err := soughtBy("input.", in.Reasons, in.EndingWithinDays, in.UnusedForDays)
	if err != nil {
		return nil, err
	}
	review, err := r.Accounts.StartReview(ctx, accounts.NewReview{Name: in.Name, DueAt: in.DueAt, Reviewer: in.ReviewerID, Population: accounts.Population{
		Roles: in.RoleIds, Permissions: in.Permissions, Units: in.UnitIds, Sought: sought,
	}})
	if err != nil {
		return nil, err
	}
	return &model.StartAccessReviewPayload{AccessReview: review}, nil
}

func (r *mutationResolver) AttestAccessReviewItem(ctx context.Context, in model.AttestAccessReviewItemInput) (*model.AttestAccessReviewItemPayload, error) {
	item, err := r.Accounts.AttestItem(ctx, in.ID, in.Reason)
	if err != nil {
		return nil, err
	}
	return &model.AttestAccessReviewItemPayload{AccessReviewItem: item}, nil
}

func (r *mutationResolver) RevokeAccessReviewItem(ctx context.Context, in model.RevokeAccessReviewItemInput) (*model.RevokeAccessReviewItemPayload, error) {
	item, err := r.Accounts.RevokeItem(ctx, in.ID, in.Reason)
	if err != nil {
		return nil, err
	}
	return &model.RevokeAccessReviewItemPayload{AccessReviewItem: item}, nil
}

func (r *mutationResolver) CloseAccessReview(ctx context.Context, in model.CloseAccessReviewInput) (*model.CloseAccessReviewPayload, error) {
	review, err := r.Accounts.CloseReview(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &model.CloseAccessReviewPayload{AccessReview: review}, nil
}

func (r *mutationResolver) BreakGlass(ctx context.Context, in model.BreakGlassInput) (*model.BreakGlassPayload, error) {
	minutes := time.Duration(in.Minutes)
	if minutes <= 0 {
		minutes = -1 // zero would be the default
	}
	t, err := r.Accounts.BreakGlass(ctx, accounts.Emergency{Permissions: in.Permissions, For: minutes * time.Minute, Reason: in.Reason})
	if err != nil {
		return nil, err
	}
	return &model.BreakGlassPayload{Permissions: t.Permissions, ExpiresAt: &t.Until, AccessReview: t.Review}, nil
}

func (r *mutationResolver) EndBreakGlass(ctx context.Context, in model.EndBreakGlassInput) (*model.EndBreakGlassPayload, error) {
	t, err := r.Accounts.EndBreakGlass(ctx, in.UserID)
	if err != nil {
		return nil, err
	}
	return &model.EndBreakGlassPayload{Permissions: t.Permissions, EndedAt: &t.Until}, nil
}

func (r *accessReviewResolver) PendingItems(ctx context.Context, review *ent.AccessReview) (int, error) {
	counts, err := remember(ctx, reviewKey("pending"), func() (map[uuid.UUID]int, error) {
		var rows []struct {
			ID    uuid.UUID `json:"review_id"`
			Count int       `json:"count"`
		}
		err := r.Client.AccessReviewItem.Query().Where(accessreviewitem.StatusEQ(accessreviewitem.StatusPending)).
			GroupBy(accessreviewitem.FieldReviewID).Aggregate(ent.Count()).Scan(ctx, &rows) // that the caller sees
		counts := make(map[uuid.UUID]int, len(rows))
		for _, row := range rows {
			counts[row.ID] = row.Count
		}
		return counts, err
	})
	return counts[review.ID], err
}

func (r *accessReviewResolver) AllowedActions(ctx context.Context, review *ent.AccessReview) ([]*model.AllowedAction, error) {
	return r.allowed(ctx, action{mutation: "closeAccessReview", rule: func() error {
		waiting, err := accounts.Waiting(access.Elevated(ctx, "allowedActions"), r.Client, review.ID)
		if err != nil {
			return err
		}
		return accounts.MayClose(review, waiting)
	}})
}

func (r *accessReviewItemResolver) Standing(ctx context.Context, i *ent.AccessReviewItem) (model.AccessReviewItemStanding, error) {
	whole, err := r.itemOf(ctx, i)
	if err != nil {
		return "", err
	}
	return model.AccessReviewItemStanding(accounts.StandingOf(whole)), nil
}

func (r *accessReviewItemResolver) AllowedActions(ctx context.Context, i *ent.AccessReviewItem) ([]*model.AllowedAction, error) {
	v := access.FromContext(ctx)
	about := func() (*ent.AccessReview, *ent.User, error) {
		review, err := remember(ctx, itemsKey(i.ReviewID), func() (*ent.AccessReview, error) {
			return r.Client.AccessReview.Query().Where(accessreview.ID(i.ReviewID)).Only(access.Elevated(ctx, "allowedActions"))
		})
		if err != nil {
			return nil, nil, err
		}
		u, err := r.account(ctx, i.UserID)
		return review, u, err
	}
	return r.allowed(ctx, action{mutation: "attestAccessReviewItem", rule: func() error {
		review, u, err := about()
		if err != nil {
			return err
		}
		return accounts.MayDecide(v, i, review, u.OrganizationalUnitID)
	}}, action{mutation: "revokeAccessReviewItem", rule: func() error {
		review, u, err := about()
		if err != nil {
			return err
		}
		held, err := r.heldBy(ctx, i.UserID)
		if err != nil {
			return err
		}
		return accounts.MayTake(v, i, review, u, held, v.Clock())
	}})
}

// itemOf gives the item with its grant. Those of one review are read at once: a
// page of items is of one, as a rule.
func (r *Resolver) itemOf(ctx context.Context, i *ent.AccessReviewItem) (*ent.AccessReviewItem, error) {
	all, err := remember(ctx, standingKey(i.ReviewID), func() (map[uuid.UUID]*ent.AccessReviewItem, error) {
		items, err := r.Client.AccessReviewItem.Query().Where(accessreviewitem.ReviewID(i.ReviewID)).WithUserRole().WithUserPermission().
			All(access.Elevated(ctx, "standing"))
		byID := make(map[uuid.UUID]*ent.AccessReviewItem, len(items))
		for _, item := range items {
			byID[item.ID] = item
		}
		return byID, err
	})
	if err != nil {
		return nil, err
	}
	if all[i.ID] == nil {
		return nil, fault.Missing()
	}
	return all[i.ID], nil
}

type (
	reviewKey   string
	itemsKey    uuid.UUID
	standingKey uuid.UUID
)
