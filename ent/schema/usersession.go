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

// UserSession is one sign-in on one device, with everything that was issued for
// it.
type UserSession struct{ ent.Schema }

// Mixin of the entity.
func (UserSession) Mixin() []ent.Mixin { return business(ids.UserSession) }

// Fields of the entity.
func (UserSession) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		field.Enum("status").NamedValues("Active", "ACTIVE", "IdleExpired", "IDLE_EXPIRED", "Expired", "EXPIRED", "LoggedOut", "LOGGED_OUT", "Revoked", "REVOKED", "Compromised", "COMPROMISED", "Evicted", "EVICTED").Default("ACTIVE").Comment("Whether the session is alive, and if not, what ended it."),
		field.String("device_name").Optional().Nillable().Comment("What its owner calls the device."),
		field.String("fingerprint_hash").Optional().Sensitive().Comment("Hash of what tells the device apart."),
		field.String("ip_address").Default("").Annotations(Personal()).Comment("The address of the sign-in."),
		field.String("last_ip_address").Default("").Annotations(Personal()).Comment("The address of the last refresh."),
		field.String("user_agent").Default("").SchemaType(textType()).Comment("The program that signed in."),
		field.Time("authenticated_at").SchemaType(timeType()).Immutable().Comment("When the password was given."),
		field.JSON("amr", []string{}).Default([]string{"pwd"}).Annotations(entsql.Default(`["pwd"]`)).Comment("How its owner has proven to be who they are, in the words of RFC 8176: pwd, otp, hwk, mfa, …"),
		field.Time("reauthenticated_at").SchemaType(timeType()).Optional().Nillable().Comment("When its owner last proved it again."),
		optionalKey("impersonator_id").fixed(),
		field.String("impersonation_reason").Optional().Nillable().Immutable().Comment("Why somebody else acts for the owner."),
		field.Time("last_activity_at").SchemaType(timeType()).Comment("When the session was last refreshed."),
		field.Time("idle_expires_at").SchemaType(timeType()).Comment("When it ends unless it is refreshed."),
		field.Time("expires_at").SchemaType(timeType()).Immutable().Comment("When it ends in any case."),
		field.Time("ended_at").SchemaType(timeType()).Optional().Nillable().Comment("When it ended."),
		field.String("end_reason").Optional().Nillable().Comment("Why it ended."),
	}
}

// Edges of the entity.
func (UserSession) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("sessions").Field("user_id").Unique().Required().Immutable().Comment("Whose session it is."),
		edge.From("impersonator", User.Type).Ref("impersonations").Field("impersonator_id").Unique().Immutable().Comment("Who acts for the owner in it; null: the owner."),
		edge.To("logs", SessionLog.Type).Comment("What happened to the session."),
		edge.To("refresh_tokens", RefreshToken.Type).Comment("The refresh tokens of the session."),
	}
}

// Indexes of the entity.
func (UserSession) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "status"),
		index.Fields("idle_expires_at"),
		index.Fields("impersonator_id"),
	}
}

// Annotations of the entity.
func (UserSession) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("One sign-in on one device, with everything that was issued for it."),
		entsql.Table("enhanced_user_sessions"),
		Read("session:read"),
	}
}
