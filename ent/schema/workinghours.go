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

// WorkingHours is one weekly window in which a practitioner works, in local
// time.
type WorkingHours struct{ ent.Schema }

// Mixin of the entity.
func (WorkingHours) Mixin() []ent.Mixin { return business(ids.WorkingHours) }

// Fields of the entity.
func (WorkingHours) Fields() []ent.Field {
	return []ent.Field{
		key("practitioner_id").fixed(),
		field.Int32("weekday").Range(1, 7).Comment("Day of the week by ISO 8601: 1 is Monday, 7 is Sunday."),
		field.Int32("starts_at").Range(0, 1439).Annotations(Scalar("LocalTime")).Comment("Local time of the start."),
		field.Int32("ends_at").Range(0, 1439).Annotations(Scalar("LocalTime")).Comment("Local time of the end; at or before the start: on the next day."),
		field.String("valid_from").Optional().Nillable().Annotations(Scalar("Date")).Comment("First day on which it holds; null: always."),
		field.String("valid_to").Optional().Nillable().Annotations(Scalar("Date")).Comment("Last day on which it holds; null: for good."),
	}
}

// Edges of the entity.
func (WorkingHours) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("practitioner", PractitionerProfile.Type).Ref("working_hours").Field("practitioner_id").Unique().Required().Immutable().Comment("Whose hours they are."),
	}
}

// Indexes of the entity.
func (WorkingHours) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("practitioner_id", "weekday"),
	}
}

// Annotations of the entity.
func (WorkingHours) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("One weekly window in which a practitioner works, in local time."),
		entsql.Checks(map[string]string{"working_hours_week": "weekday >= 1 AND weekday <= 7", "working_hours_minutes": "starts_at >= 0 AND starts_at < 1440 AND ends_at >= 0 AND ends_at < 1440"}),
		Read("practitioner:read"),
	}
}
