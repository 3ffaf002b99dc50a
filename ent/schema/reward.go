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

// Reward is what points can be redeemed for.
type Reward struct{ ent.Schema }

// Mixin of the entity.
func (Reward) Mixin() []ent.Mixin { return business(ids.Reward) }

// Fields of the entity.
func (Reward) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Annotations(Filterable(), Orderable("NAME")).Comment("The name."),
		field.String("description").Default("").SchemaType(textType()).Comment("What one gets."),
		field.Enum("kind").NamedValues("Points", "POINTS", "Discount", "DISCOUNT", "Offer", "OFFER", "Gift", "GIFT").Annotations(Filterable(), Meaning("POINTS", "Extra points."), Meaning("DISCOUNT", "Money off."), Meaning("OFFER", "A special offer."), Meaning("GIFT", "A present.")).Comment("What sort of reward it is."),
		field.Int64("cost_points").Positive().Comment("Points that it costs."),
		field.Int64("value_amount").Default(0).NonNegative().Annotations(Hidden()).Comment("Worth in minor units."),
		field.String("currency").MinLen(3).MaxLen(3).Annotations(Hidden()).Comment("ISO 4217 code."),
		field.JSON("conditions", map[string]any{}).Optional().Comment("Conditions of use."),
		field.Bool("is_active").Default(true).Annotations(Filterable()).Comment("Whether it can be redeemed."),
		field.Time("starts_at").SchemaType(timeType()).Optional().Nillable().Comment("From when it can be redeemed."),
		field.Time("ends_at").SchemaType(timeType()).Optional().Nillable().Comment("Until when it can be redeemed."),
	}
}

// Edges of the entity.
func (Reward) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("redemptions", RewardRedemption.Type).Comment("Who redeemed it."),
	}
}

// Indexes of the entity.
func (Reward) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name", "id"),
	}
}

// Annotations of the entity.
func (Reward) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("What points can be redeemed for."),
		entsql.Checks(map[string]string{"rewards_amounts": "cost_points > 0 AND value_amount >= 0"}),
		Read("reward:read"),
		List(),
		Money("value", "value_amount", "currency"),
	}
}
