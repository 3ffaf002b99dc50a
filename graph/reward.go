package graph

import (
	"context"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/reward"
	"clinicgraph/graph/model"
	"clinicgraph/internal/paging"
	"clinicgraph/internal/rewards"
)

func (r *queryResolver) Rewards(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.RewardOrder, where *ent.RewardWhereInput) (*ent.RewardConnection, error) {
	return r.Client.Reward.Query().Paginate(ctx, after, first, before, last, ent.WithRewardOrder(orderBy), ent.WithRewardFilter(where.Filter))
}

func (r *queryResolver) Reward(ctx context.Context, id uuid.UUID) (*ent.Reward, error) {
	q, err := r.Client.Reward.Query().Where(reward.ID(id)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return one(q.Only(ctx))
}

func (r *mutationResolver) RedeemReward(ctx context.Context, in model.RedeemRewardInput) (*model.RedeemRewardPayload, error) {
	done, err := r.Rewards.Redeem(ctx, rewards.Redemption{RewardID: in.RewardID, CustomerID: in.CustomerID, IdempotencyKey: in.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	return &model.RedeemRewardPayload{Redemption: done.Redemption, PointsAccount: done.Account}, nil
}
