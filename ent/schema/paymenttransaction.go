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

// PaymentTransaction is one movement of money for an order.
type PaymentTransaction struct{ ent.Schema }

// Mixin of the entity.
func (PaymentTransaction) Mixin() []ent.Mixin { return business(ids.PaymentTransaction) }

// Fields of the entity.
func (PaymentTransaction) Fields() []ent.Field {
	return []ent.Field{
		key("order_id").fixed(),
		optionalKey("booking_id").fixed(),
		key("customer_id").fixed(),
		key("method_id").fixed(),
		optionalKey("unit_id").fixed(),
		field.Enum("kind").NamedValues("Charge", "CHARGE", "Refund", "REFUND").Immutable().Annotations(Meaning("CHARGE", "Money in."), Meaning("REFUND", "Money back.")).Comment("In which direction the money goes."),
		field.Enum("status").NamedValues("Pending", "PENDING", "Authorized", "AUTHORIZED", "Captured", "CAPTURED", "ActionRequired", "ACTION_REQUIRED", "Failed", "FAILED", "Cancelled", "CANCELLED", "Expired", "EXPIRED", "Voided", "VOIDED", "PartiallyRefunded", "PARTIALLY_REFUNDED", "Refunded", "REFUNDED", "ChargedBack", "CHARGED_BACK").Annotations(Filterable()).Comment("Where the payment stands."),
		field.Int64("amount_minor").Positive().Immutable().Annotations(Hidden()).Comment("Amount in minor units."),
		field.String("currency").MinLen(3).MaxLen(3).Immutable().Annotations(Hidden()).Comment("ISO 4217 code."),
		field.String("provider_ref").Optional().Nillable().Comment("What the provider calls the payment."),
		field.Time("captured_at").SchemaType(timeType()).Optional().Nillable().Comment("When the money was taken."),
	}
}

// Edges of the entity.
func (PaymentTransaction) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("order", Order.Type).Ref("transactions").Field("order_id").Unique().Required().Immutable().Comment("The order."),
		edge.From("booking", Booking.Type).Ref("payment_transactions").Field("booking_id").Unique().Immutable().Comment("The booking."),
		edge.From("customer", Customer.Type).Ref("payment_transactions").Field("customer_id").Unique().Required().Immutable().Comment("Who pays."),
		edge.From("method", PaymentMethod.Type).Ref("transactions").Field("method_id").Unique().Required().Immutable().Comment("How it is paid."),
		edge.From("unit", OrganizationalUnit.Type).Ref("payment_transactions").Field("unit_id").Unique().Immutable().Comment("The unit that earns."),
		edge.To("points_entries", PointsEntry.Type).Annotations(Hidden()),
	}
}

// Indexes of the entity.
func (PaymentTransaction) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("order_id"),
		index.Fields("booking_id"),
		index.Fields("customer_id"),
		index.Fields("method_id"),
		index.Fields("unit_id"),
	}
}

// Annotations of the entity.
func (PaymentTransaction) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("One movement of money for an order."),
		entsql.Checks(map[string]string{"payment_transactions_amount": "amount_minor > 0"}),
		Read("payment:read"),
		Money("amount", "amount_minor", "currency"),
	}
}
