package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"clinicgraph/internal/ids"
)

// Sex is a row of the lookup table of sexes; the rows are data, not an enum.
type Sex struct{ ent.Schema }

// Mixin of the entity.
func (Sex) Mixin() []ent.Mixin { return business(ids.Sex) }

// Fields of the entity.
func (Sex) Fields() []ent.Field {
	return []ent.Field{
		field.String("sex").Unique().Comment("The name, such as Female."),
	}
}

// Edges of the entity.
func (Sex) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("users", User.Type).Annotations(ReadField("directory:read")).Comment("The users of this sex."),
		edge.To("customers", Customer.Type).Annotations(ReadField("directory:read")).Comment("The customers of this sex."),
	}
}

// Annotations of the entity.
func (Sex) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A row of the lookup table of sexes; the rows are data, not an enum."),
		Authenticated(),
		List(),
	}
}
