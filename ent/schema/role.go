package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// Role is a named set of permissions.
type Role struct{ ent.Schema }

// Mixin of the entity.
func (Role) Mixin() []ent.Mixin { return business(ids.Role) }

// Fields of the entity.
func (Role) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Annotations(Filterable(), Orderable("NAME")).Comment("The role's name."),
		field.String("description").Default("").SchemaType(textType()).Comment("What the role is for."),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Inactive", "INACTIVE").Default("ACTIVE").Annotations(Filterable(), Meaning("ACTIVE", "The role counts."), Meaning("INACTIVE", "The role permits nothing.")).Comment("Whether the role counts."),
		field.Bool("is_system").Default(false).Immutable().Annotations(Filterable()).Comment("Whether the role belongs to every clinic and stays as it is."),
	}
}

// Edges of the entity.
func (Role) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("users", User.Type).Ref("roles").Through("user_roles", UserRole.Type).Comment("The users who have the role."),
		edge.To("permissions", Permission.Type).Through("role_permissions", RolePermission.Type).Annotations(Small()).Comment("The permissions of the role."),
	}
}

// Indexes of the entity.
func (Role) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name").Unique().Annotations(entsql.IndexWhere("deleted_at IS NULL")),
		index.Fields("name", "id"),
	}
}

// Annotations of the entity.
func (Role) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A named set of permissions."),
		Read("role:read"),
		List(),
	}
}
