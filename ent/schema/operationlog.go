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

// OperationLog records who changed what, with the old and the new values.
type OperationLog struct{ ent.Schema }

// Mixin of the entity.
func (OperationLog) Mixin() []ent.Mixin { return journal(ids.OperationLog) }

// Fields of the entity.
func (OperationLog) Fields() []ent.Field {
	return []ent.Field{
		optionalKey("user_id").fixed(),
		field.String("actor").Immutable().Annotations(Filterable()).Comment("Who acted, by name."),
		field.String("action").Immutable().Annotations(Filterable()).Comment("CREATE, UPDATE or DELETE."),
		field.String("action_details").Default("").Immutable().SchemaType(textType()).Comment("What was done, in words."),
		field.JSON("old_values", map[string]any{}).Optional().Immutable().SchemaType(jsonAsWritten()).Annotations(Hidden()).Comment("The changed fields as they were; secrets left out, personal values sealed."),
		field.JSON("new_values", map[string]any{}).Optional().Immutable().SchemaType(jsonAsWritten()).Annotations(Hidden()).Comment("The changed fields as they are; secrets left out, personal values sealed."),
		field.String("entity_type").Immutable().Annotations(Filterable()).Comment("The type of what was changed."),
		field.UUID("entity_id", uuid.UUID{}).Immutable().Annotations(Filterable()).Comment("The id of what was changed."),
	}
}

// Edges of the entity.
func (OperationLog) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("operation_logs").Field("user_id").Unique().Immutable().Annotations(FilterableEdge()).Comment("Who acted."),
	}
}

// Indexes of the entity.
func (OperationLog) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "id"),
		index.Fields("entity_id", "id"),
		index.Fields("entity_type", "id"),
		index.Fields("request_id"),
	}
}

// Annotations of the entity.
func (OperationLog) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Records who changed what, with the old and the new values."),
		Read("operation_log:read"),
		List(),
		AppendOnly(),
		LogEntry(),
	}
}
