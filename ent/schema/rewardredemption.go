package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// RewardRedemption is one reward that a customer got for points.
type RewardRedemption struct{ ent.Schema }

// Mixin of the entity.
func (RewardRedemption) Mixin() []ent.Mixin { return business(ids.RewardRedemption) }

// Fields of the entity.
func (RewardRedemption) Fields() []ent.Field {
	return []ent.Field{
		key("reward_id").fixed(),
		key("customer_id").fixed(),
		key("account_id").fixed(),
		field.Enum("status").NamedValues("Pending", "PENDING", "Issued", "ISSUED", "Failed", "FAILED", "Applied", "APPLIED", "Cancelled", "CANCELLED", "Expired", "EXPIRED", "RolledBack", "ROLLED_BACK").Comment("Where it stands."),
		field.Int64("cost_points").Positive().Immutable().Comment("Points that it cost."),
		field.String("code").Immutable().Unique().Comment("What the customer shows at the desk."),
	}
}

// Edges of the entity.
func (RewardRedemption) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("reward", Reward.Type).Ref("redemptions").Field("reward_id").Unique().Required().Immutable().Comment("The reward."),
		edge.From("customer", Customer.Type).Ref("reward_redemptions").Field("customer_id").Unique().Required().Immutable().Comment("Who redeemed it."),
		edge.To("account", PointsAccount.Type).Field("account_id").Unique().Required().Immutable().Comment("The account that paid."),
		edge.To("points_entries", PointsEntry.Type).Annotations(Hidden()),
	}
}

// Indexes of the entity.
func (RewardRedemption) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("reward_id"),
		index.Fields("customer_id", "id"),
		index.Fields("account_id"),
	}
}

// Annotations of the entity.
func (RewardRedemption) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("One reward that a customer got for points."),
		entsql.Checks(map[string]string{"reward_redemptions_cost": "cost_points > 0"}),
		Read("points:read"),
	}
}
