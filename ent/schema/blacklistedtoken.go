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

// BlacklistedToken refuses access tokens before they expire: one token, those of
// a session, or those of a user up to an epoch. Servers hold the rows of the
// last minutes in memory.
type BlacklistedToken struct{ ent.Schema }

// Mixin of the entity.
func (BlacklistedToken) Mixin() []ent.Mixin { return assignment(ids.BlacklistedToken) }

// Fields of the entity.
func (BlacklistedToken) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		field.Enum("kind").NamedValues("Token", "TOKEN", "Session", "SESSION", "User", "USER").Immutable().Annotations(Filterable()).Comment("What is refused: one token, all of a session, all of a user."),
		field.Bytes("token_hash").Immutable().Sensitive().Comment("SHA-256 of what the token names: its id, its session, or its user and epoch."),
		field.UUID("session_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The session whose tokens are refused."),
		field.Int32("token_epoch").Optional().Nillable().Immutable().Annotations(Hidden()).Comment("Tokens of the user of an earlier epoch are refused."),
		field.Enum("reason").NamedValues("Logout", "LOGOUT", "Revoked", "REVOKED", "Compromised", "COMPROMISED", "PasswordChanged", "PASSWORD_CHANGED", "Admin", "ADMIN", "Reuse", "REUSE", "Evicted", "EVICTED", "Expired", "EXPIRED").Immutable().Annotations(Filterable()).Comment("Why."),
		field.Time("revoked_at").SchemaType(timeType()).Immutable().Comment("When it was refused."),
		field.Time("expires_at").SchemaType(timeType()).Immutable().Comment("When every such token has expired by itself, and the row is of no use."),
		field.String("ip_address").Default("").Immutable().Annotations(Personal()).Comment("The address of the request that refused it."),
	}
}

// Edges of the entity.
func (BlacklistedToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("blacklisted_tokens").Field("user_id").Unique().Required().Immutable().Comment("Whose tokens they are."),
	}
}

// Indexes of the entity.
func (BlacklistedToken) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("token_hash").Unique(),
		index.Fields("user_id"),
		index.Fields("created_at"),
		index.Fields("expires_at"),
	}
}

// Annotations of the entity.
func (BlacklistedToken) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Refuses access tokens before they expire: one token, those of a session, or those of a user up to an epoch. Servers hold the rows of the last minutes in memory."),
		Read("session:read"),
		List(),
	}
}
