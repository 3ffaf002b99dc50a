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

// AuditLog records who tried what and whether it was allowed: sign-ins,
// refusals, changes of permissions, and who was shown personal data.
type AuditLog struct{ ent.Schema }

// Mixin of the entity.
func (AuditLog) Mixin() []ent.Mixin { return journal(ids.AuditLog) }

// Fields of the entity.
func (AuditLog) Fields() []ent.Field {
	return []ent.Field{
		field.String("event").Immutable().Annotations(Filterable()).Comment("What happened, such as LOGIN or ACCESS_DENIED."),
		optionalKey("user_id").fixed(),
		field.String("actor").Immutable().Annotations(Filterable()).Comment("Who acted, by name."),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filterable()).Comment("Whom or what it was about."),
		field.String("resource").Default("").Immutable().Comment("What was asked for."),
		field.String("permission_checked").Default("").Immutable().Annotations(Filterable()).Comment("The permission that was asked."),
		field.String("decision").Default("").Immutable().Annotations(Filterable()).Comment("ALLOW or DENY, where a permission was asked."),
		field.Bool("success").Immutable().Annotations(Filterable()).Comment("Whether it went through."),
		field.String("error_code").Default("").Immutable().Comment("The code of the error, if any."),
		field.String("details").Default("").Immutable().SchemaType(textType()).Comment("What else there is to say."),
		field.String("fields_shown").Optional().Nillable().Immutable().SchemaType(textType()).Comment("Which personal data were shown, by the names of their fields: Customer.notes, Customer.phone."),
		field.String("purpose").Optional().Nillable().Immutable().Annotations(Filterable()).Comment("What the client said that it was for, as a code of HL7's GeneralPurposeOfUse such as TREAT."),
	}
}

// Edges of the entity.
func (AuditLog) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("audit_logs").Field("user_id").Unique().Immutable().Annotations(FilterableEdge()).Comment("Who acted."),
	}
}

// Indexes of the entity.
func (AuditLog) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "id"),
		index.Fields("event", "id"),
		index.Fields("subject_id", "id"),
		index.Fields("request_id"),
	}
}

// Annotations of the entity.
func (AuditLog) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Records who tried what and whether it was allowed: sign-ins, refusals, changes of permissions, and who was shown personal data."),
		Read("audit_log:read"),
		List(),
		AppendOnly(),
		LogEntry(),
	}
}
