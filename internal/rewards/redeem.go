package rewards

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/pointsaccount"
	"clinicgraph/ent/pointsentry"
	"clinicgraph/ent/reward"
	"clinicgraph/ent/rewardredemption"
	"clinicgraph/internal/access"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/idempotency"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/money"
	"clinicgraph/internal/store"
)

// Service has the verbs of points and rewards.
type Service struct {
	Store *store.Store
	Now   func() time.Time
}

// NewReward is what a reward is made of.
type NewReward struct {
	Name, Description string
	Kind              reward.Kind
	CostPoints        int64
	Value             money.Amount
}

// CreateReward makes a reward. The caller is the system: the graph has no verb
// for it yet.
func (s *Service) CreateReward(ctx context.Context, n NewReward) (made *ent.Reward, err error) {
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		made, err = c.Reward.Create().SetName(n.Name).SetDescription(n.Description).SetKind(n.Kind).
			SetCostPoints(n.CostPoints).SetValueAmount(n.Value.Minor).SetCurrency(n.Value.Currency).Save(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made.Unwrap(), nil
}

// Redemption is a reward to redeem.
type Redemption struct {
	RewardID       uuid.UUID  `json:"rewardId"`
	CustomerID     *uuid.UUID `json:"customerId"`
	IdempotencyKey *string    `json:"-"`
}

// Redeemed is a reward that was redeemed.
type Redeemed struct {
	Redemption *ent.RewardRedemption
	Account    *ent.PointsAccount
}

// Redeem takes the points and issues the reward. Errors: NOT_FOUND,
// BAD_USER_INPUT (the reward cannot be had now), FORBIDDEN,
// INSUFFICIENT_POINTS, IDEMPOTENCY_MISMATCH.
func (s *Service) Redeem(ctx context.Context, in Redemption) (done *Redeemed, err error) {
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		id := ids.New(ids.RewardRedemption)
		prior, err := idempotency.Claim(ctx, c, "redeemReward", in.IdempotencyKey, in, idempotency.Outcome{"redemption": id}, s.Now())
		if err != nil {
			return err
		}
		if prior != nil {
			id = prior["redemption"]
		} else if err := s.redeem(ctx, c, id, in); err != nil {
			return err
		}
		done, err = load(ctx, c, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

func (s *Service) redeem(ctx context.Context, c *ent.Client, id uuid.UUID, in Redemption) error {
	customer, err := customers.Named(ctx, c, "input.customerId", in.CustomerID)
	if err != nil {
		return err
	}
	if !access.FromContext(ctx).Reaches(access.RewardRedeem, customers.Owned(ctx, customer), customer.UnitID) {
		return fault.Forbidden("You may not redeem points for this customer.")
	}
	r, err := c.Reward.Query().Where(reward.ID(in.RewardID)).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.Missing()
	}
	if err != nil {
		return fmt.Errorf("load reward: %w", err)
	}
	if err := MayRedeem(r, s.Now()); err != nil {
		return err
	}
	elevated := access.Elevated(ctx, "redeemReward")
	account, err := accountOf(elevated, c, customer.ID)
	if err != nil {
		return err
	}
	made, err := c.RewardRedemption.Create().SetID(id).SetRewardID(r.ID).SetCustomerID(customer.ID).SetAccountID(account.ID).
		SetStatus(rewardredemption.StatusIssued).SetCostPoints(r.CostPoints).SetCode(ids.Number("R", id)).Save(elevated)
	if err != nil {
		return fmt.Errorf("make redemption: %w", err)
	}
	return book(elevated, c, account, -r.CostPoints, func(e *ent.PointsEntryCreate) {
		e.SetReason(pointsentry.ReasonRedeemed).SetRedemptionID(made.ID)
	})
}

// MayRedeem refuses a reward that cannot be had at now. Errors: BAD_USER_INPUT.
func MayRedeem(r *ent.Reward, now time.Time) error {
	if Redeemable(r.IsActive, r.StartsAt, r.EndsAt, now) {
		return nil
	}
	return fault.Invalid("input.rewardId", "%s cannot be redeemed at present.", r.Name)
}

// Redeemable says whether a reward can be had at now: it is active and
// startsAt <= now < endsAt.
func Redeemable(active bool, startsAt, endsAt *time.Time, now time.Time) bool {
	return active && (startsAt == nil || !now.Before(*startsAt)) && (endsAt == nil || now.Before(*endsAt))
}

func load(ctx context.Context, c *ent.Client, id uuid.UUID) (*Redeemed, error) {
	elevated := access.Elevated(ctx, "redeemReward")
	r, err := c.RewardRedemption.Query().Where(rewardredemption.ID(id)).Only(elevated)
	if err != nil {
		return nil, fmt.Errorf("load redemption: %w", err)
	}
	a, err := c.PointsAccount.Query().Where(pointsaccount.ID(r.AccountID)).Only(elevated)
	if err != nil {
		return nil, fmt.Errorf("load points account: %w", err)
	}
	return &Redeemed{Redemption: r.Unwrap(), Account: a.Unwrap()}, nil
}
