package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// OneTimeToken is a secret that somebody was given for one purpose, once: to
// show that an address is theirs, to set a password, to go on with a second
// factor.
type OneTimeToken struct{ ent.Schema }

// Mixin of the entity.
func (OneTimeToken) Mixin() []ent.Mixin { return assignment(ids.OneTimeToken) }

// Fields of the entity.
func (OneTimeToken) Fields() []ent.Field {
	return []ent.Field{
		optionalKey("user_id").fixed(),
		field.Enum("purpose").NamedValues("VerifyEmail", "VERIFY_EMAIL", "ChangeEmail", "CHANGE_EMAIL", "ResetPassword", "RESET_PASSWORD", "SecondFactor", "SECOND_FACTOR", "PasskeyRegistration", "PASSKEY_REGISTRATION", "PasskeySignIn", "PASSKEY_SIGN_IN").Immutable().Comment("What it is good for."),
		field.Bytes("token_hash").Immutable().Sensitive().Comment("SHA-256 of the secret."),
		field.Bytes("payload").Optional().Immutable().Sensitive().Comment("What goes with it, sealed."),
		field.Bytes("bound_to").Optional().Immutable().Sensitive().Comment("Hash of what must not have changed since: password hash and address, or the device."),
		field.Int32("attempts").Default(0).Comment("How often it was tried with something wrong."),
		field.Time("expires_at").SchemaType(timeType()).Immutable().Comment("When it is good no more."),
		field.Time("used_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was used."),
	}
}

// Edges of the entity.
func (OneTimeToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Immutable(),
	}
}

// Indexes of the entity.
func (OneTimeToken) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("token_hash").Unique(),
		index.Fields("user_id", "purpose"),
		index.Fields("expires_at"),
	}
}

// Annotations of the entity.
func (OneTimeToken) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A secret that somebody was given for one purpose, once: to show that an address is theirs, to set a password, to go on with a second factor."),
		Internal(),
	}
}
