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

// Notification tells one user that something happened to an object of theirs. It
// names the object and says nothing of what is in it.
type Notification struct{ ent.Schema }

// Mixin of the entity.
func (Notification) Mixin() []ent.Mixin { return assignment(ids.Notification) }

// Fields of the entity.
func (Notification) Fields() []ent.Field {
	return []ent.Field{
		key("user_id").fixed(),
		field.Enum("kind").NamedValues(
			"BookingConfirmed", "BOOKING_CONFIRMED", "BookingCancelled", "BOOKING_CANCELLED", "BookingExpired", "BOOKING_EXPIRED",
			"AppointmentBooked", "APPOINTMENT_BOOKED", "AppointmentCancelled", "APPOINTMENT_CANCELLED",
			"SessionCompromised", "SESSION_COMPROMISED",
			"Impersonated", "IMPERSONATED",
			"EmergencyAccess", "EMERGENCY_ACCESS", "AccessReviewStarted", "ACCESS_REVIEW_STARTED", "AccessReviewOverdue", "ACCESS_REVIEW_OVERDUE").
			Immutable().Annotations(Filterable(),
			Meaning("BOOKING_CONFIRMED", "Your booking is confirmed."), Meaning("BOOKING_CANCELLED", "Your booking was cancelled."),
			Meaning("BOOKING_EXPIRED", "Your booking lapsed: it was not paid or confirmed in time."),
			Meaning("APPOINTMENT_BOOKED", "An appointment with you was booked."),
			Meaning("APPOINTMENT_CANCELLED", "An appointment with you was cancelled, or lapsed."),
			Meaning("SESSION_COMPROMISED", "A session of yours was ended, because somebody may have a copy of its tokens."),
			Meaning("IMPERSONATED", "Somebody of the clinic has begun to act in your name; your sessions say who, and why."),
			Meaning("EMERGENCY_ACCESS", "Somebody has taken emergency access, and you may review it; the review says who, and why."),
			Meaning("ACCESS_REVIEW_STARTED", "A review of grants was started, and you are to decide about its items."),
			Meaning("ACCESS_REVIEW_OVERDUE", "A review of grants is past its time and still open.")).
			Comment("What happened."),
		field.UUID("subject_id", uuid.UUID{}).Immutable().Comment("The booking, appointment, session or review it is about; `node` gives it."),
		field.Time("read_at").SchemaType(timeType()).Optional().Nillable().Annotations(Filterable()).Comment("When it was marked as read; null: not yet."),
	}
}

// Edges of the entity.
func (Notification) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable().Annotations(Hidden()).Comment("Whom it is for."),
	}
}

// Indexes of the entity.
func (Notification) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "id"),
		index.Fields("created_at"),
	}
}

// Annotations of the entity.
func (Notification) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("Tells the caller that something happened to an object of theirs. It names the object and says nothing of what is in it."),
		Authenticated(),
		List(),
	}
}
