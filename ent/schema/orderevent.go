package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// OrderEvent records one step in the life of an order.
type OrderEvent struct{ ent.Schema }

// Mixin of the entity.
func (OrderEvent) Mixin() []ent.Mixin { return ledger(ids.OrderEvent) }

// Fields of the entity.
func (OrderEvent) Fields() []ent.Field {
	return []ent.Field{
		key("order_id").fixed(),
		field.String("type").Immutable().Comment("What happened, such as PLACED or PAYMENT_CAPTURED."),
		field.String("from_status").Default("").Immutable().Comment("The status before; empty at the beginning."),
		field.String("to_status").Immutable().Comment("The status after."),
		field.String("actor").Immutable().Comment("Who acted, by name."),
		field.JSON("data", map[string]any{}).Optional().Immutable().Annotations(ReadField("payment:read")).Comment("What else there is to say, such as which payment it was."),
	}
}

// Edges of the entity.
func (OrderEvent) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("order", Order.Type).Ref("events").Field("order_id").Unique().Required().Immutable().Comment("The order."),
	}
}

// Indexes of the entity.
func (OrderEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("order_id", "id"),
	}
}

// Annotations of the entity.
func (OrderEvent) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Records one step in the life of an order."),
		Read("order:read"),
		AppendOnly(),
		LogEntry(),
	}
}
