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

// Authenticator is a second factor or a passkey of an account, after the words
// of NIST SP 800-63B.
type Authenticator struct{ ent.Schema }

// Mixin of the entity.
func (Authenticator) Mixin() []ent.Mixin { return assignment(ids.Authenticator) }

// Fields of the entity.
func (Authenticator) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		field.Enum("kind").NamedValues("Totp", "TOTP", "Passkey", "PASSKEY").Immutable().Comment("What it is: an app that shows codes (RFC 6238), or a passkey (WebAuthn)."),
		field.String("name").Comment("What its owner calls it."),
		field.Bytes("secret_sealed").Optional().Sensitive().Comment("The secret of an app, sealed."),
		field.Int64("last_step").Default(0).Annotations(Hidden()).Comment("The last time step whose code was taken: each is good once."),
		field.Bytes("credential_id").Optional().Immutable().Sensitive().Comment("The id of a passkey."),
		field.Bytes("credential").Optional().Sensitive().Comment("The public key of a passkey and what goes with it."),
		field.Time("confirmed_at").SchemaType(timeType()).Optional().Nillable().Comment("When its owner showed that it works; before, it counts for nothing."),
		field.Time("last_used_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was last used."),
	}
}

// Edges of the entity.
func (Authenticator) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("authenticators").Field("user_id").Unique().Required().Immutable().Comment("Whose it is."),
	}
}

// Indexes of the entity.
func (Authenticator) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "kind"),
		index.Fields("credential_id").Unique().Annotations(entsql.IndexWhere("credential_id IS NOT NULL")),
	}
}

// Annotations of the entity.
func (Authenticator) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A second factor or a passkey of an account, after the words of NIST SP 800-63B."),
		Read("session:read"),
	}
}
