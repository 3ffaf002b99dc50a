package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// ApiToken is a token of a user for a program: it may do what its scopes name
// and its owner may do, until it ends.
type ApiToken struct{ ent.Schema }

// Mixin of the entity.
func (ApiToken) Mixin() []ent.Mixin { return assignment(ids.ApiToken) }

// Fields of the entity.
func (ApiToken) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		field.String("name").Comment("What its owner calls it."),
		field.String("hint").Immutable().Comment("Its last four characters."),
		field.Bytes("token_hash").Immutable().Sensitive().Comment("SHA-256 of the token."),
		field.JSON("scopes", []string{}).Immutable().Comment("The permissions that it may use, as resource:action."),
		field.Time("expires_at").SchemaType(timeType()).Immutable().Comment("When it ends."),
		field.Time("last_used_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was last used, to the minute."),
		field.String("last_used_ip").Default("").Annotations(Personal()).Comment("The address that it was last used from."),
		field.Time("revoked_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was revoked."),
		field.String("revoke_reason").Optional().Nillable().Comment("Why it was revoked."),
	}
}

// Edges of the entity.
func (ApiToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("api_tokens").Field("user_id").Unique().Required().Immutable().Comment("Whose it is."),
	}
}

// Indexes of the entity.
func (ApiToken) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("token_hash").Unique(),
		index.Fields("user_id", "id"),
		index.Fields("expires_at"),
	}
}

// Annotations of the entity.
func (ApiToken) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A token of a user for a program: it may do what its scopes name and its owner may do, until it ends."),
		Read("session:read"),
	}
}
