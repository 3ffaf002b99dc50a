package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// RolePermission is one permission of a role, with its scope.
type RolePermission struct{ ent.Schema }

// Mixin of the entity.
func (RolePermission) Mixin() []ent.Mixin { return assignment(ids.RolePermission) }

// Fields of the entity.
func (RolePermission) Fields() []ent.Field {
	return []ent.Field{
		key("role_id").fixed(),
		key("permission_id").fixed(),
		field.String("permission").Immutable().Comment("The permission, as resource:action."),
		field.Enum("scope").NamedValues("Own", "OWN", "Unit", "UNIT", "Any", "ANY").Default("ANY").Annotations(Meaning("OWN", "What belongs to the caller."), Meaning("UNIT", "What belongs to the caller's unit."), Meaning("ANY", "Everything.")).Comment("How far it reaches."),
	}
}

// Edges of the entity.
func (RolePermission) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("role", Role.Type).Field("role_id").Unique().Required().Immutable().Comment("The role."),
		edge.To("permission_entry", Permission.Type).Field("permission_id").Unique().Required().Immutable().Comment("The entry of the catalogue."),
	}
}

// Indexes of the entity.
func (RolePermission) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("role_id", "permission_id").Unique(),
		index.Fields("permission_id", "role_id"),
	}
}

// Annotations of the entity.
func (RolePermission) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("One permission of a role, with its scope."),
		Read("role:read"),
	}
}
