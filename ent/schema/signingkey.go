package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// SigningKey is a key that access tokens are signed with: announced, then in
// use, then only accepted.
type SigningKey struct{ ent.Schema }

// Mixin of the entity.
func (SigningKey) Mixin() []ent.Mixin { return assignment(ids.SigningKey) }

// Fields of the entity.
func (SigningKey) Fields() []ent.Field {
	return []ent.Field{
		field.String("kid").Immutable().Comment("RFC 7638 thumbprint of the public key."),
		field.Enum("state").NamedValues("Pending", "PENDING", "Active", "ACTIVE", "Retired", "RETIRED", "Revoked", "REVOKED").Comment("Whether it signs, will sign, is accepted still, or is refused."),
		field.Bytes("public_key").Immutable().Comment("Ed25519, 32 bytes."),
		field.Bytes("private_sealed").Optional().Sensitive().Comment("The seed, sealed with a key of the secret file; gone once it signs no more."),
		field.Time("activated_at").SchemaType(timeType()).Optional().Nillable().Comment("When it began to sign."),
		field.Time("retired_at").SchemaType(timeType()).Optional().Nillable().Comment("When it ceased to sign."),
		field.Time("revoked_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was refused."),
	}
}

// Indexes of the entity.
func (SigningKey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("kid").Unique(),
		index.Fields("state"),
	}
}

// Annotations of the entity.
func (SigningKey) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A key that access tokens are signed with: announced, then in use, then only accepted."),
		Internal(),
	}
}
