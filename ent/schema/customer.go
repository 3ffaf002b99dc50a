package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// Customer is a profile of a person who is treated: the one who comes, who need
// not be the one who signs in.
type Customer struct{ ent.Schema }

// Mixin of the entity.
func (Customer) Mixin() []ent.Mixin { return business(ids.Customer) }

// Fields of the entity.
func (Customer) Fields() []ent.Field {
	return []ent.Field{
		field.String("number").Immutable().Unique().Annotations(Filterable(), Orderable("NUMBER")).Comment("The number that people quote."),
		optionalKey("account_id"),
		optionalKey("given_name_id"),
		optionalKey("surname_id"),
		optionalKey("sex_id"),
		optionalKey("unit_id"),
		field.String("birth_date").Optional().Nillable().Annotations(Scalar("Date"), Personal(), ReadField("customer:read_personal")).Comment("Date of birth."),
		field.String("email").Optional().Nillable().Annotations(Personal(), ReadField("customer:read_personal")).Comment("E-mail address."),
		field.String("phone").Optional().Nillable().Annotations(Personal(), ReadField("customer:read_personal")).Comment("Telephone number in E.164."),
		field.String("address").Optional().Nillable().SchemaType(textType()).Annotations(Personal(), ReadField("customer:read_personal")).Comment("Postal address."),
		field.String("notes").Optional().Nillable().SchemaType(textType()).Annotations(Personal(), ReadField("customer:read_notes")).Comment("Notes of the clinic."),
		field.Bytes("document_sealed").Optional().Sensitive().Annotations(Personal()).Comment("The number of the person's identity document, sealed."),
		field.Time("anonymized_at").SchemaType(timeType()).Optional().Nillable().Comment("When the person's data were erased."),
		field.Bool("legal_hold").Default(false).Annotations(Hidden()).Comment("Whether nothing may be erased for now."),
	}
}

// Edges of the entity.
func (Customer) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("account", User.Type).Ref("customers").Field("account_id").Unique().Annotations(FilterableEdge()).Comment("The account that owns the profile."),
		edge.From("given_name", GivenName.Type).Ref("customers").Field("given_name_id").Unique().Comment("The given name."),
		edge.From("surname", Surname.Type).Ref("customers").Field("surname_id").Unique().Comment("The family name."),
		edge.From("sex", Sex.Type).Ref("customers").Field("sex_id").Unique().Comment("The sex on record."),
		edge.From("unit", OrganizationalUnit.Type).Ref("customers").Field("unit_id").Unique().Annotations(FilterableEdge()).Comment("The customer's home unit."),
		edge.To("bookings", Booking.Type).Annotations(FilterableEdge()).Comment("The customer's bookings."),
		edge.To("appointments", Appointment.Type).Annotations(FilterableEdge()).Comment("The customer's appointments."),
		edge.To("orders", Order.Type).Comment("The customer's orders."),
		edge.To("payment_transactions", PaymentTransaction.Type).Comment("The customer's payments."),
		edge.To("points_account", PointsAccount.Type).Unique().Comment("The customer's points."),
		edge.To("reward_redemptions", RewardRedemption.Type).Comment("The rewards the customer has redeemed."),
	}
}

// Indexes of the entity.
func (Customer) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("number", "id"),
		index.Fields("account_id"),
		index.Fields("given_name_id"),
		index.Fields("surname_id"),
		index.Fields("sex_id"),
		index.Fields("unit_id"),
	}
}

// Annotations of the entity.
func (Customer) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A profile of a person who is treated: the one who comes, who need not be the one who signs in."),
		Read("customer:read"),
		List(),
	}
}
