package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// RateLimitLog tells of attempts that were too many: whose, from where, and
// until when they are blocked. One row stands for all attempts of a block.
type RateLimitLog struct{ ent.Schema }

// Mixin of the entity.
func (RateLimitLog) Mixin() []ent.Mixin { return assignment(ids.RateLimitLog) }

// Fields of the entity.
func (RateLimitLog) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("scope").NamedValues("Account", "ACCOUNT", "Device", "DEVICE", "Address", "ADDRESS", "Action", "ACTION").Immutable().Annotations(Filterable()).Comment("What is blocked: an account for strangers, a known device, an address, an action."),
		field.String("key").Immutable().Annotations(Filterable(), Personal()).Comment("Which: the address, or a name that stands for the account, device or user."),
		field.String("action").Immutable().Annotations(Filterable()).Comment("What was attempted."),
		optionalKey("user_id").fixed(),
		field.Int32("attempts").Comment("How many attempts there were."),
		field.Time("window_start").SchemaType(timeType()).Immutable().Comment("When the first attempt was."),
		field.Time("window_end").SchemaType(timeType()).Comment("When the last counted attempt was."),
		field.Time("last_attempt_at").SchemaType(timeType()).Comment("When the last attempt was, counted or not."),
		field.Time("blocked_until").SchemaType(timeType()).Annotations(Filterable(), Orderable("BLOCKED_UNTIL")).Comment("Until when further attempts are refused."),
	}
}

// Edges of the entity.
func (RateLimitLog) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("rate_limit_logs").Field("user_id").Unique().Immutable().Comment("The account, where there is one."),
	}
}

// Indexes of the entity.
func (RateLimitLog) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("blocked_until", "id"),
		index.Fields("user_id"),
		index.Fields("scope", "key"),
		index.Fields("created_at"),
	}
}

// Annotations of the entity.
func (RateLimitLog) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Tells of attempts that were too many: whose, from where, and until when they are blocked. One row stands for all attempts of a block."),
		Read("rate_limit:read"),
		List(),
	}
}
