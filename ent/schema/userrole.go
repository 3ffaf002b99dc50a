package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// UserRole is the assignment of a role to a user.
type UserRole struct{ ent.Schema }

// Mixin of the entity.
func (UserRole) Mixin() []ent.Mixin { return assignment(ids.UserRole) }

// Fields of the entity.
func (UserRole) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		key("role_id").fixed(),
		optionalKey("assigned_by_id"),
		field.Time("assigned_at").SchemaType(timeType()).Comment("When the role was given."),
		field.Time("valid_from").SchemaType(timeType()).Optional().Nillable().Comment("From when it counts; null: from the beginning."),
		field.Time("expires_at").SchemaType(timeType()).Optional().Nillable().Comment("From when it no longer counts; null: never."),
		field.String("reason").Optional().Nillable().SchemaType(textType()).Comment("Why the role was given."),
		field.Time("last_reviewed_at").SchemaType(timeType()).Optional().Nillable().Comment("When a review last attested it; null: never."),
		optionalKey("last_reviewed_by_id"),
	}
}

// Edges of the entity.
func (UserRole) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable().Comment("The user."),
		edge.To("role", Role.Type).Field("role_id").Unique().Required().Immutable().Comment("The role."),
		edge.From("assigned_by", User.Type).Ref("assigned_roles").Field("assigned_by_id").Unique().Comment("Who gave the role."),
		edge.To("last_reviewed_by", User.Type).Field("last_reviewed_by_id").Unique().Comment("Who last attested it in a review."),
	}
}

// Indexes of the entity.
func (UserRole) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "role_id").Unique(),
		index.Fields("role_id", "user_id"),
		index.Fields("assigned_by_id"),
		index.Fields("last_reviewed_by_id"),
		index.Fields("expires_at"),
	}
}

// Annotations of the entity.
func (UserRole) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("The assignment of a role to a user."),
		Read("role:read"),
	}
}
