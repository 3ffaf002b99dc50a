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

// PointsEntry is one movement of points.
type PointsEntry struct{ ent.Schema }

// Mixin of the entity.
func (PointsEntry) Mixin() []ent.Mixin { return ledger(ids.PointsEntry) }

// Fields of the entity.
func (PointsEntry) Fields() []ent.Field {
	return []ent.Field{
		key("account_id").fixed(),
		field.Int64("delta").Immutable().Comment("Points added; negative: taken away."),
		field.Int64("balance_after").NonNegative().Immutable().Comment("The balance after it."),
		field.Enum("reason").NamedValues("Earned", "EARNED", "Redeemed", "REDEEMED", "Adjusted", "ADJUSTED").Immutable().Annotations(Meaning("EARNED", "For a payment."), Meaning("REDEEMED", "For a reward."), Meaning("ADJUSTED", "Corrected by the clinic.")).Comment("Why the points moved."),
		optionalKey("transaction_id").fixed(),
		optionalKey("redemption_id").fixed(),
	}
}

// Edges of the entity.
func (PointsEntry) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("account", PointsAccount.Type).Ref("entries").Field("account_id").Unique().Required().Immutable().Comment("The account."),
		edge.From("transaction", PaymentTransaction.Type).Ref("points_entries").Field("transaction_id").Unique().Immutable().Comment("The payment that earned them."),
		edge.From("redemption", RewardRedemption.Type).Ref("points_entries").Field("redemption_id").Unique().Immutable().Comment("The reward they were spent on."),
	}
}

// Indexes of the entity.
func (PointsEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("account_id", "id"),
		index.Fields("transaction_id").Unique(),
		index.Fields("redemption_id", "reason").Unique(),
	}
}

// Annotations of the entity.
func (PointsEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("One movement of points."),
		entsql.Checks(map[string]string{"points_entries_moves": "delta <> 0 AND balance_after >= 0"}),
		Read("points:read"),
		AppendOnly(),
	}
}
