package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// PractitionerService says that a practitioner offers a service.
type PractitionerService struct{ ent.Schema }

// Mixin of the entity.
func (PractitionerService) Mixin() []ent.Mixin { return assignment(ids.PractitionerService) }

// Fields of the entity.
func (PractitionerService) Fields() []ent.Field {
	return []ent.Field{
		key("practitioner_id").fixed(),
		key("service_id").fixed(),
	}
}

// Edges of the entity.
func (PractitionerService) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("practitioner", PractitionerProfile.Type).Field("practitioner_id").Unique().Required().Immutable(),
		edge.To("service", Product.Type).Field("service_id").Unique().Required().Immutable(),
	}
}

// Indexes of the entity.
func (PractitionerService) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("practitioner_id", "service_id").Unique(),
		index.Fields("service_id", "practitioner_id"),
	}
}

// Annotations of the entity.
func (PractitionerService) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Says that a practitioner offers a service."),
		Internal(),
	}
}
