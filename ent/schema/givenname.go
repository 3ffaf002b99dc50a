package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"clinicgraph/internal/ids"
)

// GivenName is one given name, shared by all who bear it. Rows are found or
// made, never renamed.
type GivenName struct{ ent.Schema }

// Mixin of the entity.
func (GivenName) Mixin() []ent.Mixin { return business(ids.GivenName) }

// Fields of the entity.
func (GivenName) Fields() []ent.Field {
	return []ent.Field{
		field.String("first_name").Immutable().Unique().Annotations(Personal()).Comment("The name, trimmed and in Unicode NFC."),
	}
}

// Edges of the entity.
func (GivenName) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("users", User.Type).Annotations(ReadField("directory:read")).Comment("The users who bear the name."),
		edge.To("customers", Customer.Type).Annotations(ReadField("directory:read")).Comment("The customers who bear the name."),
	}
}

// Annotations of the entity.
func (GivenName) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("One given name, shared by all who bear it. Rows are found or made, never renamed."),
		Authenticated(),
	}
}
