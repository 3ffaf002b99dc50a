package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"clinicgraph/internal/ids"
)

// RefreshToken is one generation of a session's refresh token; only its hash is
// kept.
type RefreshToken struct{ ent.Schema }

// Mixin of the entity.
func (RefreshToken) Mixin() []ent.Mixin { return business(ids.RefreshToken) }

// Fields of the entity.
func (RefreshToken) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		key("session_id").fixed(),
		field.Bytes("token_hash").Immutable().Sensitive().Comment("SHA-256 of the token."),
		field.Int32("generation").Immutable().Comment("Counts the rotations of the session, from 1."),
		field.UUID("parent_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Hidden()).Comment("The token that it was exchanged for."),
		field.UUID("replaced_by", uuid.UUID{}).Optional().Nillable().Annotations(Hidden()).Comment("Its successor."),
		field.Bytes("successor_sealed").Optional().Sensitive().Comment("The successor, sealed with a key that only the token itself gives."),
		field.Int32("reuse_count").Default(0).Comment("How often it was presented again within the grace period."),
		field.String("ip_address").Default("").Immutable().Annotations(Personal()).Comment("The address that it was issued to."),
		field.String("user_agent").Default("").Immutable().SchemaType(textType()).Comment("The program that it was issued to."),
		field.Time("expires_at").SchemaType(timeType()).Immutable().Comment("When it ends unless it is used."),
		field.Time("used_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was exchanged for its successor."),
		field.Time("revoked_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was revoked."),
		field.String("revoke_reason").Optional().Nillable().Comment("Why it was revoked."),
	}
}

// Edges of the entity.
func (RefreshToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("refresh_tokens").Field("user_id").Unique().Required().Immutable().Comment("Whose token it is."),
		edge.From("session", UserSession.Type).Ref("refresh_tokens").Field("session_id").Unique().Required().Immutable().Comment("The session it belongs to."),
	}
}

// Indexes of the entity.
func (RefreshToken) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("token_hash").Unique(),
		index.Fields("session_id", "generation").Unique(),
		index.Fields("user_id"),
	}
}

// Annotations of the entity.
func (RefreshToken) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("One generation of a session's refresh token; only its hash is kept."),
		Read("session:read"),
	}
}
