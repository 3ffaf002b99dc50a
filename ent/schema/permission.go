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

// Permission is an entry of the catalogue: what may be done, as resource:action.
type Permission struct{ ent.Schema }

// Mixin of the entity.
func (Permission) Mixin() []ent.Mixin { return business(ids.Permission) }

// Fields of the entity.
func (Permission) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Unique().Immutable().Annotations(Filterable(), Orderable("NAME")).Comment("The permission, as resource:action."),
		field.String("description").Default("").SchemaType(textType()).Comment("What it allows."),
		field.Bool("reserved").Default(false).Comment("Whether nothing asks for it yet; such a one cannot be granted."),
	}
}

// Edges of the entity.
func (Permission) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("roles", Role.Type).Ref("permissions").Through("role_permissions", RolePermission.Type).Comment("The roles that hold the permission."),
		edge.To("user_permissions", UserPermission.Type).Comment("The users to whom it is allowed or denied directly."),
	}
}

// Indexes of the entity.
func (Permission) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name", "id"),
	}
}

// Annotations of the entity.
func (Permission) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("An entry of the catalogue: what may be done, as resource:action."),
		entsql.Checks(map[string]string{"permissions_name": "name LIKE '_%:_%' AND name = lower(name)"}),
		Read("permission:read"),
		List(),
	}
}
