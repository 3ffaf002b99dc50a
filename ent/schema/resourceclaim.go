package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"clinicgraph/internal/ids"
)

// ResourceClaim keeps a span of time of a practitioner, a customer or a room.
// The database refuses two exclusive claims that overlap.
type ResourceClaim struct{ ent.Schema }

// Mixin of the entity.
func (ResourceClaim) Mixin() []ent.Mixin { return assignment(ids.ResourceClaim) }

// Fields of the entity.
func (ResourceClaim) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("resource_kind").NamedValues("Practitioner", "PRACTITIONER", "Customer", "CUSTOMER", "Room", "ROOM").Immutable(),
		field.UUID("resource_id", uuid.UUID{}).Immutable(),
		field.Time("busy_from").SchemaType(timeType()).Immutable().Comment("Start of the span, part of it."),
		field.Time("busy_to").SchemaType(timeType()).Immutable().Comment("End of the span, no longer part of it."),
		field.Bool("exclusive").Default(true).Immutable().Comment("False: an override by the staff."),
		key("appointment_id").fixed(),
	}
}

// Edges of the entity.
func (ResourceClaim) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("appointment", Appointment.Type).Ref("claims").Field("appointment_id").Unique().Required().Immutable(),
	}
}

// Indexes of the entity.
func (ResourceClaim) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("appointment_id"),
		index.Fields("resource_kind", "resource_id", "busy_from"),
	}
}

// Annotations of the entity.
func (ResourceClaim) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Keeps a span of time of a practitioner, a customer or a room. The database refuses two exclusive claims that overlap."),
		entsql.Checks(map[string]string{"resource_claims_ends_after_start": "busy_to > busy_from"}),
		Internal(),
	}
}
