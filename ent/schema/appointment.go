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

// Appointment is one visit: a customer, a practitioner, a service and a time.
type Appointment struct{ ent.Schema }

// Mixin of the entity.
func (Appointment) Mixin() []ent.Mixin { return business(ids.Appointment) }

// Fields of the entity.
func (Appointment) Fields() []ent.Field {
	return []ent.Field{
		key("booking_id").fixed(),
		key("customer_id").fixed(),
		key("practitioner_id").fixed(),
		key("practitioner_user_id").fixed(),
		key("service_id").fixed(),
		optionalKey("unit_id"),
		field.Enum("status").NamedValues("Tentative", "TENTATIVE", "Scheduled", "SCHEDULED", "Arrived", "ARRIVED", "InProgress", "IN_PROGRESS", "Completed", "COMPLETED", "Expired", "EXPIRED", "Cancelled", "CANCELLED", "Declined", "DECLINED", "Left", "LEFT", "NoShow", "NO_SHOW", "EnteredInError", "ENTERED_IN_ERROR").Annotations(Filterable()).Comment("Where the appointment stands."),
		field.Time("starts_at").SchemaType(timeType()).Annotations(Filterable(), Orderable("STARTS_AT")).Comment("When it starts."),
		field.Time("ends_at").SchemaType(timeType()).Comment("When it ends."),
		field.Time("busy_from").SchemaType(timeType()).Annotations(Hidden()).Comment("Start with the buffer before."),
		field.Time("busy_to").SchemaType(timeType()).Annotations(Hidden()).Comment("End with the buffer after."),
		field.String("notes").Optional().Nillable().SchemaType(textType()).Annotations(Personal(), ReadField("appointment:read_notes")).Comment("Notes for the practitioner."),
	}
}

// Edges of the entity.
func (Appointment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("booking", Booking.Type).Ref("appointments").Field("booking_id").Unique().Required().Immutable().Comment("The booking it belongs to."),
		edge.From("customer", Customer.Type).Ref("appointments").Field("customer_id").Unique().Required().Immutable().Annotations(FilterableEdge()).Comment("Who comes."),
		edge.From("practitioner", PractitionerProfile.Type).Ref("appointments").Field("practitioner_id").Unique().Required().Immutable().Annotations(FilterableEdge()).Comment("Who treats."),
		edge.From("practitioner_user", User.Type).Ref("appointments").Field("practitioner_user_id").Unique().Required().Immutable().Comment("The practitioner's account."),
		edge.From("service", Product.Type).Ref("appointments").Field("service_id").Unique().Required().Immutable().Annotations(FilterableEdge()).Comment("What is done."),
		edge.From("unit", OrganizationalUnit.Type).Ref("appointments").Field("unit_id").Unique().Comment("Where it takes place."),
		edge.To("claims", ResourceClaim.Type).Annotations(Hidden()),
		edge.To("order_items", OrderItem.Type).Annotations(Hidden()),
	}
}

// Indexes of the entity.
func (Appointment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("starts_at", "id"),
		index.Fields("booking_id"),
		index.Fields("customer_id", "starts_at"),
		index.Fields("customer_id", "practitioner_user_id"), // whom a practitioner treats
		index.Fields("practitioner_id", "starts_at"),
		// Which bookings a practitioner sees is found out from the index alone.
		index.Fields("practitioner_user_id", "starts_at", "booking_id", "deleted_at").StorageKey("appointment_of_practitioner"),
		index.Fields("service_id"),
		index.Fields("unit_id", "starts_at"),
	}
}

// Annotations of the entity.
func (Appointment) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("One visit: a customer, a practitioner, a service and a time."),
		entsql.Checks(map[string]string{"appointments_ends_after_start": "ends_at > starts_at", "appointments_busy_around_it": "busy_from <= starts_at AND busy_to >= ends_at"}),
		Read("appointment:read"),
		List(),
	}
}
