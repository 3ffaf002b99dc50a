package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// OutboxMessage is a message that is to be sent, written together with what it
// tells of.
type OutboxMessage struct{ ent.Schema }

// Mixin of the entity.
func (OutboxMessage) Mixin() []ent.Mixin { return assignment(ids.OutboxMessage) }

// Fields of the entity.
func (OutboxMessage) Fields() []ent.Field {
	return []ent.Field{
		optionalKey("user_id").fixed(),
		field.Enum("channel").NamedValues("Email", "EMAIL").Immutable().Comment("How it is sent."),
		field.String("template").Immutable().Comment("Which message it is."),
		field.String("recipient").Immutable().Annotations(Personal()).Comment("Where it goes."),
		field.Bytes("content_sealed").Optional().Sensitive().Comment("What it says, sealed, since it may hold a link that opens an account; gone once it is sent."),
		field.Enum("status").NamedValues("Pending", "PENDING", "Sent", "SENT", "Failed", "FAILED").Default("PENDING").Comment("Whether it is sent."),
		field.Int32("attempts").Default(0).Comment("How often it was tried."),
		field.Time("next_attempt_at").SchemaType(timeType()).Comment("When it is tried next."),
		field.Time("sent_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was sent."),
		field.String("last_error").Default("").SchemaType(textType()).Comment("What went wrong last."),
	}
}

// Edges of the entity.
func (OutboxMessage) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Immutable(),
	}
}

// Indexes of the entity.
func (OutboxMessage) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("status", "next_attempt_at"),
		index.Fields("user_id"),
		index.Fields("created_at"),
	}
}

// Annotations of the entity.
func (OutboxMessage) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A message that is to be sent, written together with what it tells of."),
		Internal(),
	}
}
