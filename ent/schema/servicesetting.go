package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"clinicgraph/internal/ids"
)

// ServiceSetting says how a service is scheduled.
type ServiceSetting struct{ ent.Schema }

// Mixin of the entity.
func (ServiceSetting) Mixin() []ent.Mixin { return business(ids.ServiceSetting) }

// Fields of the entity.
func (ServiceSetting) Fields() []ent.Field {
	return []ent.Field{
		key("product_id").fixed(),
		field.Int32("duration_minutes").Range(5, 1440).Comment("Length of an appointment, in minutes."),
		field.Int32("buffer_before_minutes").Default(0).Range(0, 240).Comment("Minutes kept free before."),
		field.Int32("buffer_after_minutes").Default(0).Range(0, 240).Comment("Minutes kept free after."),
		field.Int32("interval_minutes").Default(15).Range(5, 1440).Comment("Minutes between possible starts."),
		field.Int32("notice_minutes").Default(0).NonNegative().Comment("Minutes ahead that a booking must be made."),
		field.Int32("horizon_days").Default(90).Range(1, 730).Comment("Days ahead that a booking may be made."),
		field.Int32("hold_minutes").Default(1440).Range(5, 20160).Comment("Minutes that an unpaid or unconfirmed booking is held."),
		field.Bool("requires_confirmation").Default(false).Comment("Whether a booking waits for payment or confirmation."),
	}
}

// Edges of the entity.
func (ServiceSetting) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("product", Product.Type).Ref("service_setting").Field("product_id").Unique().Required().Immutable().Comment("The service."),
	}
}

// Annotations of the entity.
func (ServiceSetting) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Says how a service is scheduled."),
		entsql.Checks(map[string]string{"service_settings_minutes": "duration_minutes > 0 AND interval_minutes > 0 AND hold_minutes > 0 AND buffer_before_minutes >= 0 AND buffer_after_minutes >= 0 AND notice_minutes >= 0 AND horizon_days > 0"}),
		Read("product:read"),
	}
}
