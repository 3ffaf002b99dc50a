package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// RecoveryCode is a code that stands in for a second factor, once.
type RecoveryCode struct{ ent.Schema }

// Mixin of the entity.
func (RecoveryCode) Mixin() []ent.Mixin { return assignment(ids.RecoveryCode) }

// Fields of the entity.
func (RecoveryCode) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		field.Bytes("code_hash").Immutable().Sensitive().Comment("Keyed hash of the code."),
		field.Time("used_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was used."),
	}
}

// Edges of the entity.
func (RecoveryCode) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
	}
}

// Indexes of the entity.
func (RecoveryCode) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "code_hash").Unique(),
	}
}

// Annotations of the entity.
func (RecoveryCode) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A code that stands in for a second factor, once."),
		Internal(),
	}
}
