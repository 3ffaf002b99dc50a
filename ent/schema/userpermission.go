package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// UserPermission allows or denies one permission to one user directly; a denial
// beats every role.
type UserPermission struct{ ent.Schema }

// Mixin of the entity.
func (UserPermission) Mixin() []ent.Mixin { return assignment(ids.UserPermission) }

// Fields of the entity.
func (UserPermission) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		key("permission_id").fixed(),
		field.String("permission").Immutable().Comment("The permission, as resource:action."),
		field.Bool("allowed").Comment("True allows, false denies."),
		field.Enum("scope").NamedValues("Own", "OWN", "Unit", "UNIT", "Any", "ANY").Default("ANY").Annotations(Meaning("OWN", "What belongs to the caller."), Meaning("UNIT", "What belongs to the caller's unit."), Meaning("ANY", "Everything.")).Comment("How far it reaches."),
		field.Time("valid_from").SchemaType(timeType()).Optional().Nillable().Comment("From when it counts; null: from the beginning."),
		field.Time("expires_at").SchemaType(timeType()).Optional().Nillable().Comment("From when it no longer counts; null: never."),
		optionalKey("granted_by_id"),
		field.String("reason").Optional().Nillable().SchemaType(textType()).Comment("Why it was granted."),
		field.Enum("origin").NamedValues("Direct", "DIRECT", "BreakGlass", "BREAK_GLASS").Default("DIRECT").Immutable().Annotations(Meaning("DIRECT", "Somebody who may grant has set it."), Meaning("BREAK_GLASS", "Emergency access: the user took it, for a short time and under review.")).Comment("How it came about."),
		field.Time("last_reviewed_at").SchemaType(timeType()).Optional().Nillable().Comment("When a review last attested it; null: never."),
		optionalKey("last_reviewed_by_id"),
	}
}

// Edges of the entity.
func (UserPermission) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("user_permissions").Field("user_id").Unique().Required().Immutable().Comment("The user."),
		edge.From("permission_entry", Permission.Type).Ref("user_permissions").Field("permission_id").Unique().Required().Immutable().Comment("The entry of the catalogue."),
		edge.From("granted_by", User.Type).Ref("granted_permissions").Field("granted_by_id").Unique().Comment("Who granted it."),
		edge.To("last_reviewed_by", User.Type).Field("last_reviewed_by_id").Unique().Comment("Who last attested it in a review."),
	}
}

// Indexes of the entity.
func (UserPermission) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "permission_id", "origin").Unique(),
		index.Fields("permission_id", "user_id"),
		index.Fields("granted_by_id"),
		index.Fields("last_reviewed_by_id"),
		index.Fields("expires_at"),
	}
}

// Annotations of the entity.
func (UserPermission) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Allows or denies one permission to one user directly; a denial beats every role."),
		Read("permission:read"),
	}
}
