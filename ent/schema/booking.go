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

// Booking is a customer's reservation: one or more appointments under one
// number.
type Booking struct{ ent.Schema }

// Mixin of the entity.
func (Booking) Mixin() []ent.Mixin { return business(ids.Booking) }

// Fields of the entity.
func (Booking) Fields() []ent.Field {
	return []ent.Field{
		field.String("number").Immutable().Unique().Annotations(Filterable()).Comment("The number that people quote."),
		key("customer_id").fixed(),
		optionalKey("unit_id"),
		field.Enum("status").NamedValues("Held", "HELD", "Pending", "PENDING", "Confirmed", "CONFIRMED", "InProgress", "IN_PROGRESS", "Completed", "COMPLETED", "Expired", "EXPIRED", "Rejected", "REJECTED", "Cancelled", "CANCELLED", "NoShow", "NO_SHOW").Annotations(Filterable()).Comment("Where the booking stands."),
		field.Enum("source").NamedValues("Online", "ONLINE", "Desk", "DESK").Annotations(Filterable(), Meaning("ONLINE", "Booked by the customer."), Meaning("DESK", "Booked by the clinic.")).Comment("How it came in."),
		field.Time("starts_at").SchemaType(timeType()).Annotations(Filterable(), Orderable("STARTS_AT")).Comment("Start of its first appointment."),
		field.Time("ends_at").SchemaType(timeType()).Comment("End of its last appointment."),
		field.Time("hold_expires_at").SchemaType(timeType()).Optional().Nillable().Comment("When it lapses unless it is paid or confirmed."),
		field.Int64("total_amount").NonNegative().Annotations(Hidden()).Comment("Total in minor units."),
		field.String("currency").MinLen(3).MaxLen(3).Annotations(Hidden()).Comment("ISO 4217 code."),
		field.Time("cancelled_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was cancelled."),
		field.String("cancel_reason").Optional().Nillable().SchemaType(textType()).Comment("Why it was cancelled."),
	}
}

// Edges of the entity.
func (Booking) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("customer", Customer.Type).Ref("bookings").Field("customer_id").Unique().Required().Immutable().Annotations(FilterableEdge()).Comment("Who comes."),
		edge.From("creator", User.Type).Ref("created_bookings").Field("created_by").Unique().Immutable().Comment("Who made the booking."),
		edge.From("unit", OrganizationalUnit.Type).Ref("bookings").Field("unit_id").Unique().Annotations(FilterableEdge()).Comment("Where it takes place."),
		edge.To("appointments", Appointment.Type).Annotations(Small(), FilterableEdge()).Comment("The appointments of the booking."),
		edge.To("order", Order.Type).Unique().Comment("What it costs."),
		edge.To("payment_transactions", PaymentTransaction.Type).Annotations(Small()).Comment("The payments for the booking."),
	}
}

// Indexes of the entity.
func (Booking) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("starts_at", "id"),
		// The lists that are counted: PostgreSQL counts in the index alone, since it
		// holds all that the filter and the row rules ask.
		index.Fields("status", "starts_at", "id").Annotations(entsql.IndexWhere("deleted_at IS NULL")),
		index.Fields("unit_id", "status", "starts_at", "id").Annotations(entsql.IndexWhere("deleted_at IS NULL")),
		index.Fields("customer_id", "starts_at"),
		index.Fields("unit_id", "starts_at"),
		index.Fields("created_by"),
		index.Fields("hold_expires_at").Annotations(entsql.IndexWhere("hold_expires_at IS NOT NULL")),
	}
}

// Annotations of the entity.
func (Booking) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A customer's reservation: one or more appointments under one number."),
		entsql.Checks(map[string]string{"bookings_ends_after_start": "ends_at > starts_at", "bookings_amount": "total_amount >= 0"}),
		Read("booking:read"),
		List(),
		Money("total", "total_amount", "currency"),
	}
}
