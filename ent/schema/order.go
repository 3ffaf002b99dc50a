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

// Order is what a customer owes, and what has come in of it.
type Order struct{ ent.Schema }

// Mixin of the entity.
func (Order) Mixin() []ent.Mixin { return business(ids.Order) }

// Fields of the entity.
func (Order) Fields() []ent.Field {
	return []ent.Field{
		field.String("number").Immutable().Unique().Annotations(Filterable()).Comment("The number that people quote."),
		key("customer_id").fixed(),
		optionalKey("booking_id").fixed(),
		optionalKey("unit_id"),
		field.Enum("status").NamedValues("Draft", "DRAFT", "Placed", "PLACED", "Processing", "PROCESSING", "Completed", "COMPLETED", "Cancelled", "CANCELLED", "Expired", "EXPIRED", "Returned", "RETURNED", "PartiallyReturned", "PARTIALLY_RETURNED").Annotations(Filterable()).Comment("Where the order stands."),
		field.Enum("charge_status").NamedValues("None", "NONE", "Partial", "PARTIAL", "Full", "FULL", "Overcharged", "OVERCHARGED").Default("NONE").Annotations(Filterable(), Meaning("NONE", "Nothing has come in."), Meaning("PARTIAL", "A part has come in."), Meaning("FULL", "All has come in."), Meaning("OVERCHARGED", "More has come in than is owed.")).Comment("How much of it has come in."),
		field.Int64("total_amount").NonNegative().Annotations(Hidden()).Comment("Total in minor units, tax included."),
		field.Int64("tax_amount").NonNegative().Annotations(Hidden()).Comment("Tax in minor units."),
		field.Int64("captured_amount").Default(0).NonNegative().Annotations(Hidden()).Comment("Received, in minor units."),
		field.String("currency").MinLen(3).MaxLen(3).Immutable().Annotations(Hidden()).Comment("ISO 4217 code."),
		field.Time("placed_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was placed."),
	}
}

// Edges of the entity.
func (Order) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("customer", Customer.Type).Ref("orders").Field("customer_id").Unique().Required().Immutable().Annotations(FilterableEdge()).Comment("Who owes."),
		edge.From("booking", Booking.Type).Ref("order").Field("booking_id").Unique().Immutable().Comment("The booking it is for."),
		edge.From("unit", OrganizationalUnit.Type).Ref("orders").Field("unit_id").Unique().Comment("The unit that earns."),
		edge.To("items", OrderItem.Type).Annotations(Small()).Comment("The lines."),
		edge.To("events", OrderEvent.Type).Annotations(Small()).Comment("What happened to it."),
		edge.To("transactions", PaymentTransaction.Type).Annotations(Small()).Comment("The payments."),
	}
}

// Indexes of the entity.
func (Order) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("customer_id", "id"),
		index.Fields("unit_id", "id"),
		index.Fields("status", "id"),
	}
}

// Annotations of the entity.
func (Order) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("What a customer owes, and what has come in of it."),
		entsql.Checks(map[string]string{"orders_amounts": "total_amount >= 0 AND tax_amount >= 0 AND captured_amount >= 0"}),
		Read("order:read"),
		List(),
		Money("total", "total_amount", "currency"),
		Money("tax", "tax_amount", "currency"),
		Money("captured", "captured_amount", "currency"),
	}
}
