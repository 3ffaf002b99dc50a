package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// AccessReview asks of grants, as they were when it was started, whether each is
// still right.
type AccessReview struct{ ent.Schema }

// Mixin of the entity.
func (AccessReview) Mixin() []ent.Mixin { return business(ids.AccessReview) }

// Fields of the entity.
func (AccessReview) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Immutable().Annotations(Filterable(), Orderable("NAME")).Comment("What it is called."),
		field.Enum("kind").NamedValues("Campaign", "CAMPAIGN", "BreakGlass", "BREAK_GLASS").Default("CAMPAIGN").Immutable().Annotations(Filterable(), Meaning("CAMPAIGN", "Somebody started it."), Meaning("BREAK_GLASS", "Somebody has taken emergency access, which is always reviewed.")).Comment("How it came about."),
		field.Enum("status").NamedValues("Open", "OPEN", "Overdue", "OVERDUE", "Closed", "CLOSED").Default("OPEN").Annotations(Filterable(), Meaning("OPEN", "Items may be waiting for a decision."), Meaning("OVERDUE", "Still open past its time, which those whom it concerns were told."), Meaning("CLOSED", "Every item is decided and somebody has closed it.")).Comment("Where it stands."),
		field.Time("due_at").SchemaType(timeType()).Immutable().Annotations(Filterable(), Orderable("DUE_AT")).Comment("Until when every item is to be decided."),
		field.JSON("criteria", map[string]any{}).Optional().Immutable().Comment("Which grants were asked for; empty: all."),
		optionalKey("reviewer_id").fixed(),
		optionalKey("started_by_id").fixed(),
		field.Time("closed_at").SchemaType(timeType()).Optional().Nillable().Comment("When it was closed."),
		optionalKey("closed_by_id"),
	}
}

// Edges of the entity.
func (AccessReview) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("items", AccessReviewItem.Type).Comment("The grants that it asks about."),
		edge.To("reviewer", User.Type).Field("reviewer_id").Unique().Immutable().Comment("Who is to see that it is done; null: whoever may decide."),
		edge.To("started_by", User.Type).Field("started_by_id").Unique().Immutable().Comment("Who started it, or took the emergency access."),
		edge.To("closed_by", User.Type).Field("closed_by_id").Unique().Comment("Who closed it."),
	}
}

// Indexes of the entity.
func (AccessReview) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name", "id"),
		index.Fields("due_at", "id"),
		index.Fields("status", "due_at"),
		index.Fields("reviewer_id"),
		index.Fields("started_by_id"),
		index.Fields("closed_by_id"),
	}
}

// Annotations of the entity.
func (AccessReview) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Asks of grants, as they were when it was started, whether each is still right."),
		Read("access_review:read"),
		List(),
	}
}
