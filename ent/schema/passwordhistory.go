package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// PasswordHistory remembers a password that a user has had, so that it does not
// come back.
type PasswordHistory struct{ ent.Schema }

// Mixin of the entity.
func (PasswordHistory) Mixin() []ent.Mixin { return assignment(ids.PasswordHistory) }

// Fields of the entity.
func (PasswordHistory) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		optionalKey("changed_by_id").fixed(),
		field.String("password_hash").Immutable().Sensitive().SchemaType(textType()).Comment("PHC string."),
		field.Time("changed_at").SchemaType(timeType()).Immutable().Comment("When it was set."),
	}
}

// Edges of the entity.
func (PasswordHistory) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("password_history").Field("user_id").Unique().Required().Immutable().Comment("Whose password it was."),
		edge.From("changed_by", User.Type).Ref("password_changes").Field("changed_by_id").Unique().Immutable().Comment("Who set it; null: nobody who signs in."),
	}
}

// Indexes of the entity.
func (PasswordHistory) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "id"),
		index.Fields("changed_by_id"),
	}
}

// Annotations of the entity.
func (PasswordHistory) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Remembers a password that a user has had, so that it does not come back."),
		Read("session:read"),
	}
}
