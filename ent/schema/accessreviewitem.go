package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// AccessReviewItem is one grant as a review found it. What becomes of the grant
// later does not change what it says; the link to it ends with the grant.
type AccessReviewItem struct{ ent.Schema }

// Mixin of the entity.
func (AccessReviewItem) Mixin() []ent.Mixin { return business(ids.AccessReviewItem) }

// Fields of the entity.
func (AccessReviewItem) Fields() []ent.Field {
	return []ent.Field{
		key("review_id").fixed(),
		field.Enum("kind").NamedValues("Role", "ROLE", "Permission", "PERMISSION", "BreakGlass", "BREAK_GLASS").Immutable().Annotations(Filterable(), Meaning("ROLE", "The assignment of a role."), Meaning("PERMISSION", "A direct permission."), Meaning("BREAK_GLASS", "A direct permission that was taken as emergency access.")).Comment("What sort of grant it is."),
		key("user_id").fixed(),
		field.String("username").Immutable().Annotations(Personal()).Comment("What the user was called."),
		field.String("grants").Immutable().Comment("The name of the role, or the permission as resource:action."),
		field.Enum("scope").NamedValues("Own", "OWN", "Unit", "UNIT", "Any", "ANY").Optional().Nillable().Immutable().Annotations(Meaning("OWN", "What belongs to the user."), Meaning("UNIT", "What belongs to the user's unit."), Meaning("ANY", "Everything.")).Comment("How far a direct permission reached; null for a role, which says so of each of its permissions."),
		field.Time("granted_at").SchemaType(timeType()).Immutable().Comment("When it was granted."),
		optionalKey("granted_by_id").fixed(),
		field.Time("expires_at").SchemaType(timeType()).Optional().Nillable().Immutable().Comment("From when it was no longer to count; null: never."),
		field.String("reason").Optional().Nillable().Immutable().SchemaType(textType()).Comment("Why it was granted."),
		field.JSON("findings", []string{}).Optional().Immutable().Comment("What the report about grants said of it, as AccessFindingReason."),
		optionalKey("user_role_id").fixed(),
		optionalKey("user_permission_id").fixed(),
		field.Enum("status").NamedValues("Pending", "PENDING", "Attested", "ATTESTED", "Revoked", "REVOKED").Default("PENDING").Annotations(Filterable(), Meaning("PENDING", "Nobody has decided yet."), Meaning("ATTESTED", "The grant is right and stays."), Meaning("REVOKED", "The grant was not right, or no longer, and is gone.")).Comment("What was decided."),
		field.Time("decided_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was decided."),
		optionalKey("decided_by_id"),
		field.String("note").Optional().Nillable().SchemaType(textType()).Comment("Why it was decided so."),
	}
}

// Edges of the entity.
func (AccessReviewItem) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("review", AccessReview.Type).Ref("items").Field("review_id").Unique().Required().Immutable().Comment("The review."),
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable().Comment("Whose grant it is."),
		edge.To("granted_by", User.Type).Field("granted_by_id").Unique().Immutable().Comment("Who granted it."),
		edge.To("user_role", UserRole.Type).Field("user_role_id").Unique().Immutable().Comment("The assignment as it is now; null when it has gone, and for other grants."),
		edge.To("user_permission", UserPermission.Type).Field("user_permission_id").Unique().Immutable().Comment("The direct permission as it is now; null when it has gone, and for other grants."),
		edge.To("decided_by", User.Type).Field("decided_by_id").Unique().Comment("Who decided."),
	}
}

// Indexes of the entity.
func (AccessReviewItem) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("review_id", "id"),
		index.Fields("review_id", "status"),
		index.Fields("user_id", "id"),
		index.Fields("granted_by_id"),
		index.Fields("user_role_id"),
		index.Fields("user_permission_id"),
		index.Fields("decided_by_id"),
	}
}

// Annotations of the entity.
func (AccessReviewItem) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("One grant as a review found it, and what was decided about it."),
		Read("access_review:read"),
	}
}
