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

// Product is what the clinic sells: a good, a service or a treatment.
type Product struct{ ent.Schema }

// Mixin of the entity.
func (Product) Mixin() []ent.Mixin { return business(ids.Product) }

// Fields of the entity.
func (Product) Fields() []ent.Field {
	return []ent.Field{
		field.String("sku").Annotations(Filterable(), Orderable("SKU")).Comment("The article number."),
		field.String("name").Annotations(Filterable(), Orderable("NAME")).Comment("The name."),
		field.String("description").Default("").SchemaType(textType()).Comment("What it is."),
		field.Enum("kind").NamedValues("Good", "GOOD", "Service", "SERVICE", "Treatment", "TREATMENT").Annotations(Filterable(), Meaning("GOOD", "A thing that is sold."), Meaning("SERVICE", "A service that can be booked."), Meaning("TREATMENT", "A medical treatment that can be booked.")).Comment("What sort of product it is."),
		field.Int64("price_amount").NonNegative().Annotations(Hidden()).Comment("Price in minor units."),
		field.String("currency").MinLen(3).MaxLen(3).Annotations(Hidden()).Comment("ISO 4217 code."),
		field.Int32("tax_rate").Default(0).Range(0, 10000).Comment("Tax included in the price, in basis points (2300 is 23 %)."),
		field.Bool("is_available").Default(true).Annotations(Filterable()).Comment("Whether it is sold at present."),
		field.Time("available_from").SchemaType(timeType()).Optional().Nillable().Comment("From when it is sold."),
		field.Time("available_to").SchemaType(timeType()).Optional().Nillable().Comment("Until when it is sold."),
		field.Bool("track_stock").Default(false).Comment("Whether stock is kept of it."),
	}
}

// Edges of the entity.
func (Product) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("service_setting", ServiceSetting.Type).Unique().Comment("How the service is scheduled."),
		edge.From("practitioners", PractitionerProfile.Type).Ref("services").Through("practitioner_services", PractitionerService.Type).Comment("Who offers the service."),
		edge.To("appointments", Appointment.Type).Comment("The appointments for the service."),
		edge.To("order_items", OrderItem.Type).Annotations(Hidden()),
	}
}

// Indexes of the entity.
func (Product) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("sku").Unique().Annotations(entsql.IndexWhere("deleted_at IS NULL")),
		index.Fields("sku", "id"),
		index.Fields("name", "id"),
	}
}

// Annotations of the entity.
func (Product) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("What the clinic sells: a good, a service or a treatment."),
		entsql.Checks(map[string]string{"products_price": "price_amount >= 0", "products_tax_rate": "tax_rate >= 0 AND tax_rate <= 10000"}),
		Read("product:read"),
		List(),
		Money("price", "price_amount", "currency"),
	}
}
