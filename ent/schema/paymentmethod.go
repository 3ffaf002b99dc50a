package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// PaymentMethod is a way to pay: one of the clinic's, or one that a customer has
// stored. Never a card number.
type PaymentMethod struct{ ent.Schema }

// Mixin of the entity.
func (PaymentMethod) Mixin() []ent.Mixin { return business(ids.PaymentMethod) }

// Fields of the entity.
func (PaymentMethod) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").NamedValues("Cash", "CASH", "Test", "TEST").Immutable().Annotations(Meaning("CASH", "Paid at the desk."), Meaning("TEST", "The test provider: it always succeeds and moves no money.")).Comment("What sort of method it is."),
		field.String("label").Comment("What people call it."),
		optionalKey("customer_id").fixed(),
		field.String("provider_token").Optional().Sensitive().Comment("What the provider calls it."),
		field.String("last4").Optional().Nillable().Comment("The last four digits."),
		field.Bool("is_active").Default(true).Comment("Whether it can be used."),
	}
}

// Edges of the entity.
func (PaymentMethod) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("customer", Customer.Type).Field("customer_id").Unique().Immutable().Comment("Whose method it is; null: the clinic's."),
		edge.To("transactions", PaymentTransaction.Type).Annotations(Hidden()),
	}
}

// Indexes of the entity.
func (PaymentMethod) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("customer_id"),
	}
}

// Annotations of the entity.
func (PaymentMethod) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("A way to pay: one of the clinic's, or one that a customer has stored. Never a card number."),
		Read("payment:read"),
	}
}
