package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// PractitionerProfile makes a user somebody whom customers can book.
type PractitionerProfile struct{ ent.Schema }

// Mixin of the entity.
func (PractitionerProfile) Mixin() []ent.Mixin { return business(ids.PractitionerProfile) }

// Fields of the entity.
func (PractitionerProfile) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		optionalKey("unit_id"),
		field.String("title").Default("").Comment("Title before the name, such as Dr."),
		field.String("display_name").Annotations(Filterable(), Orderable("DISPLAY_NAME")).Comment("The name as customers see it."),
		field.String("specialty").Default("").Annotations(Filterable()).Comment("The field of work."),
		field.String("timezone").Default("UTC").Comment("IANA time zone of the working hours."),
		field.Bool("is_accepting").Default(true).Annotations(Filterable()).Comment("Whether new bookings are taken."),
	}
}

// Edges of the entity.
func (PractitionerProfile) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("practitioner_profile").Field("user_id").Unique().Required().Immutable().Comment("The practitioner's account."),
		edge.From("unit", OrganizationalUnit.Type).Ref("practitioners").Field("unit_id").Unique().Annotations(FilterableEdge()).Comment("Where the practitioner works."),
		edge.To("services", Product.Type).Through("practitioner_services", PractitionerService.Type).Annotations(FilterableEdge()).Comment("What the practitioner offers."),
		edge.To("working_hours", WorkingHours.Type).Annotations(Small()).Comment("When the practitioner works, week by week."),
		edge.To("appointments", Appointment.Type).Comment("The practitioner's appointments."),
	}
}

// Indexes of the entity.
func (PractitionerProfile) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("unit_id"),
		index.Fields("display_name", "id"),
	}
}

// Annotations of the entity.
func (PractitionerProfile) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Makes a user somebody whom customers can book."),
		Read("practitioner:read"),
		ListAs("practitioners"),
	}
}
