package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"clinicgraph/internal/ids"
)

// PointsAccount is a customer's balance of points.
type PointsAccount struct{ ent.Schema }

// Mixin of the entity.
func (PointsAccount) Mixin() []ent.Mixin { return business(ids.PointsAccount) }

// Fields of the entity.
func (PointsAccount) Fields() []ent.Field {
	return []ent.Field{
		key("customer_id").fixed(),
		field.Int64("balance").Default(0).NonNegative().Comment("Points to spend; the sum of the entries."),
	}
}

// Edges of the entity.
func (PointsAccount) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("customer", Customer.Type).Ref("points_account").Field("customer_id").Unique().Required().Immutable().Comment("Whose points they are."),
		edge.To("entries", PointsEntry.Type).Comment("How the balance came about."),
	}
}

// Annotations of the entity.
func (PointsAccount) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A customer's balance of points."),
		entsql.Checks(map[string]string{"points_accounts_balance": "balance >= 0"}),
		Read("points:read"),
	}
}
