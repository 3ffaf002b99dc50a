package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// SessionLog tells what happened to a session: its opening, its refreshes, its
// end.
type SessionLog struct{ ent.Schema }

// Mixin of the entity.
func (SessionLog) Mixin() []ent.Mixin { return journal(ids.SessionLog) }

// Fields of the entity.
func (SessionLog) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		key("session_id").fixed(),
		field.Enum("event").NamedValues("Login", "LOGIN", "TokenRefresh", "TOKEN_REFRESH", "Reauthenticate", "REAUTHENTICATE", "Logout", "LOGOUT", "Revoke", "REVOKE", "Expire", "EXPIRE", "ReuseDetected", "REUSE_DETECTED", "LimitEvicted", "LIMIT_EVICTED").Immutable().Annotations(Filterable()).Comment("What happened."),
		field.String("details").Default("").Immutable().SchemaType(textType()).Comment("What else there is to say."),
	}
}

// Edges of the entity.
func (SessionLog) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("session_logs").Field("user_id").Unique().Required().Immutable().Annotations(FilterableEdge()).Comment("Whose session it is; where `actingFor` names the owner, who acted in it for them."),
		edge.From("session", UserSession.Type).Ref("logs").Field("session_id").Unique().Required().Immutable().Comment("The session."),
	}
}

// Indexes of the entity.
func (SessionLog) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("session_id", "id"),
		index.Fields("user_id", "id"),
		index.Fields("event", "id"),
		index.Fields("request_id"),
	}
}

// Annotations of the entity.
func (SessionLog) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Tells what happened to a session: its opening, its refreshes, its end."),
		Read("session:read"),
		List(),
		AppendOnly(),
		LogEntry(),
	}
}
