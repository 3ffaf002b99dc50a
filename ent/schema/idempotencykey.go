package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// IdempotencyKey remembers the outcome of a request, so that it has its effect
// once.
type IdempotencyKey struct{ ent.Schema }

// Mixin of the entity.
func (IdempotencyKey) Mixin() []ent.Mixin { return assignment(ids.IdempotencyKey) }

// Fields of the entity.
func (IdempotencyKey) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		field.String("operation").Immutable(),
		field.String("key").Immutable().MaxLen(255),
		field.Bytes("request_hash").Immutable().Comment("SHA-256 of the canonical input."),
		field.JSON("result", map[string]any{}).Immutable().Comment("Ids of what came of it."),
		field.Time("expires_at").SchemaType(timeType()).Immutable(),
	}
}

// Edges of the entity.
func (IdempotencyKey) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
	}
}

// Indexes of the entity.
func (IdempotencyKey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "operation", "key").Unique(),
		index.Fields("expires_at"),
	}
}

// Annotations of the entity.
func (IdempotencyKey) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Remembers the outcome of a request, so that it has its effect once."),
		Internal(),
	}
}
