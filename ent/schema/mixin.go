package schema

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/privacy"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"

	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

// Base gives every entity its tagged id and the floor of the access rules:
// where nobody says who acts, nothing is read and nothing is written.
type Base struct {
	mixin.Schema
	Kind ids.Kind

	// Entries have ids that carry the time of the entry; the hook of guard sees to it.
	Entries bool
}

// Fields of the mixin.
func (b Base) Fields() []ent.Field {
	made := ids.Generator(b.Kind)
	if b.Entries {
		made = ids.Undated(b.Kind)
	}
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(made).Immutable().Comment("The object's id, the same in every query."),
	}
}

// Policy of the mixin.
func (Base) Policy() ent.Policy {
	floor := privacy.ContextQueryMutationRule(func(ctx context.Context) error {
		if access.FromContext(ctx) == nil {
			return fault.New(fault.CodeUnauthenticated, "Nobody is signed in.")
		}
		return privacy.Skip
	})
	return privacy.Policy{
		Query:    privacy.QueryPolicy{floor},
		Mutation: privacy.MutationPolicy{floor},
	}
}

// Tracked gives an entity its times, actors and version. The hook of guard
// fills them, with the server's clock; no verb sets them.
type Tracked struct{ mixin.Schema }

// Fields of the mixin.
func (Tracked) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").SchemaType(timeType()).Immutable().Comment("When it was made."),
		field.Time("updated_at").SchemaType(timeType()).Comment("When it was last changed."),
		field.UUID("created_by", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The user who made it; null for the system."),
		field.UUID("updated_by", uuid.UUID{}).Optional().Nillable().Comment("The user who last changed it; null for the system."),
		field.Int32("version").Default(1).Comment("Goes up by one with each change; what expectedVersion means."),
	}
}

// Kept gives an entity soft deletion and a date until which it must be kept.
type Kept struct{ mixin.Schema }

// Fields of the mixin.
func (Kept) Fields() []ent.Field {
	return []ent.Field{
		field.Time("deleted_at").SchemaType(timeType()).Optional().Nillable().Annotations(Hidden()).Comment("When it was deleted; such rows are hidden everywhere."),
		field.Time("retention_until").SchemaType(timeType()).Optional().Nillable().Annotations(Hidden()).Comment("Until when it must be kept, whatever else is said."),
	}
}

// Logged gives an append-only entity the time of its entry. The hook of guard
// fills it.
type Logged struct{ mixin.Schema }

// Fields of the mixin.
func (Logged) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").SchemaType(timeType()).Immutable().Annotations(Filterable()).Comment("When it was recorded."),
	}
}

// Requested gives a log the facts of the request that an entry came with, and the
// mark of the server that wrote it.
type Requested struct{ mixin.Schema }

// Fields of the mixin.
func (Requested) Fields() []ent.Field {
	return []ent.Field{
		field.String("ip_address").Default("").Immutable().Annotations(Personal()).Comment("The address of the request."),
		field.String("user_agent").Default("").Immutable().SchemaType(textType()).Comment("The program that sent the request."),
		field.String("request_id").Default("").Immutable().Annotations(Filterable()).Comment("The id of the request, job or command."),
		field.String("operation").Default("").Immutable().Comment("The operation's name."),
		field.UUID("acting_for", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filterable()).Comment("The user in whose name it was done, where that is not who did it."),
		field.Bytes("mac").Optional().Immutable().Annotations(Hidden()).Comment("By what the row shows that a server wrote it; see package chain."),
	}
}

// business is the set of mixins of every business entity.
func business(k ids.Kind) []ent.Mixin { return []ent.Mixin{Base{Kind: k}, Tracked{}, Kept{}} }

// ledger is the set of mixins of every entity that is only appended to.
func ledger(k ids.Kind) []ent.Mixin { return []ent.Mixin{Base{Kind: k, Entries: true}, Logged{}} }

// key is a foreign key that is always set.
func key(name string) *keyField { return &keyField{field.UUID(name, uuid.UUID{})} }

// optionalKey is a foreign key that may be null.
func optionalKey(name string) *keyField {
	return &keyField{field.UUID(name, uuid.UUID{}).Optional().Nillable()}
}

// keyField is a foreign key: hidden, since the edge shows it.
type keyField struct{ b uuidBuilder }

type uuidBuilder interface {
	Descriptor() *field.Descriptor
}

// Descriptor implements ent.Field.
func (k *keyField) Descriptor() *field.Descriptor {
	d := k.b.Descriptor()
	d.Annotations = append(d.Annotations, Hidden())
	return d
}

// fixed makes the key immutable.
func (k *keyField) fixed() *keyField {
	k.b.Descriptor().Immutable = true
	return k
}

// assignment is the set of mixins of rows that are removed for good when they
// end; the operation log keeps what they were.
func assignment(k ids.Kind) []ent.Mixin { return []ent.Mixin{Base{Kind: k}, Tracked{}} }

// journal is the set of mixins of the logs of requests.
func journal(k ids.Kind) []ent.Mixin { return append(ledger(k), Requested{}) }
