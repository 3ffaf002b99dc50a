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

// OrderItem is one line of an order, with the price as it was.
type OrderItem struct{ ent.Schema }

// Mixin of the entity.
func (OrderItem) Mixin() []ent.Mixin { return business(ids.OrderItem) }

// Fields of the entity.
func (OrderItem) Fields() []ent.Field {
	return []ent.Field{
		key("order_id").fixed(),
		key("product_id").fixed(),
		optionalKey("appointment_id").fixed(),
		field.String("name").Immutable().Comment("The product's name when it was ordered."),
		field.Int32("quantity").Positive().Comment("How many."),
		field.Int64("unit_price_amount").NonNegative().Annotations(Hidden()).Comment("Price of one, in minor units."),
		field.Int64("total_amount").NonNegative().Annotations(Hidden()).Comment("Price of all, in minor units."),
		field.Int64("tax_amount").NonNegative().Annotations(Hidden()).Comment("Tax in it, in minor units."),
		field.String("currency").MinLen(3).MaxLen(3).Immutable().Annotations(Hidden()).Comment("ISO 4217 code."),
	}
}

// Edges of the entity.
func (OrderItem) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("order", Order.Type).Ref("items").Field("order_id").Unique().Required().Immutable().Comment("The order."),
		edge.From("product", Product.Type).Ref("order_items").Field("product_id").Unique().Required().Immutable().Comment("What is ordered."),
		edge.From("appointment", Appointment.Type).Ref("order_items").Field("appointment_id").Unique().Immutable().Comment("The appointment it pays for."),
	}
}

// Indexes of the entity.
func (OrderItem) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("order_id"),
		index.Fields("product_id"),
		index.Fields("appointment_id"),
	}
}

// Annotations of the entity.
func (OrderItem) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("One line of an order, with the price as it was."),
		entsql.Checks(map[string]string{"order_items_amounts": "quantity > 0 AND unit_price_amount >= 0 AND total_amount >= 0 AND tax_amount >= 0"}),
		Read("order:read"),
		Money("unitPrice", "unit_price_amount", "currency"),
		Money("total", "total_amount", "currency"),
	}
}
