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

// OrganizationalUnit is a department or a location of the clinic; units form a
// tree.
type OrganizationalUnit struct{ ent.Schema }

// Mixin of the entity.
func (OrganizationalUnit) Mixin() []ent.Mixin { return business(ids.OrganizationalUnit) }

// Fields of the entity.
func (OrganizationalUnit) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Annotations(Filterable(), Orderable("NAME")).Comment("The unit's name."),
		field.String("description").Optional().Nillable().SchemaType(textType()).Comment("What the unit is for."),
		field.Enum("kind").NamedValues("Department", "DEPARTMENT", "Location", "LOCATION").Default("DEPARTMENT").Annotations(Meaning("DEPARTMENT", "A part of the clinic."), Meaning("LOCATION", "A place where the clinic works.")).Comment("What sort of unit it is."),
		field.String("timezone").Default("UTC").Comment("IANA time zone of the unit."),
		optionalKey("parent_id"),
	}
}

// Edges of the entity.
func (OrganizationalUnit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("children", OrganizationalUnit.Type).From("parent").Field("parent_id").Unique().Comment("The unit above."),
		edge.To("users", User.Type).Annotations(ReadField("directory:read")).Comment("The users who work in the unit."),
		edge.To("practitioners", PractitionerProfile.Type).Comment("The practitioners of the unit."),
		edge.To("customers", Customer.Type).Comment("The customers whose home the unit is."),
		edge.To("bookings", Booking.Type).Comment("The unit's bookings."),
		edge.To("appointments", Appointment.Type).Comment("The unit's appointments."),
		edge.To("orders", Order.Type).Comment("The unit's orders."),
		edge.To("payment_transactions", PaymentTransaction.Type).Comment("The unit's payments."),
	}
}

// Indexes of the entity.
func (OrganizationalUnit) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name").Unique().Annotations(entsql.IndexWhere("deleted_at IS NULL")),
		index.Fields("name", "id"),
		index.Fields("parent_id"),
	}
}

// Annotations of the entity.
func (OrganizationalUnit) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A department or a location of the clinic; units form a tree."),
		Read("unit:read"),
		List(),
	}
}
