package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/datakeys"
	"clinicgraph/internal/seal"
)

// subjects say whose personal data the rows of an entity hold: the column with the
// customer or the user. A customer is the subject of the own profile and visits and
// of nothing else that they sign in for: who has an account is a subject of their own,
// who need not be the patient.
var subjects = map[string]string{
	ent.TypeCustomer:         "id",
	ent.TypeBooking:          "customer_id",
	ent.TypeAppointment:      "customer_id",
	ent.TypeUser:             "id",
	ent.TypeUserSession:      "user_id",
	ent.TypeRefreshToken:     "user_id",
	ent.TypeApiToken:         "user_id",
	ent.TypeAccessReviewItem: "user_id",
	ent.TypeRateLimitLog:     "user_id",
	ent.TypeOutboxMessage:    "user_id",
}

// inTheLog are columns that the log must not show in the clear though they are not
// personal by themselves: a name is a row that many share, and which row it was tells
// the name. What somebody writes about a cancelled visit may say anything.
var inTheLog = map[string]map[string]bool{
	ent.TypeCustomer: {"account_id": true, "given_name_id": true, "surname_id": true, "sex_id": true},
	ent.TypeBooking:  {"cancel_reason": true},
}

// personal says whether the log holds the column sealed.
func personal(entity, column string) bool {
	return ent.Meta[entity].Personal[column] || inTheLog[entity][column]
}

// Side is one of the two values of an entry: before and after the change.
type Side string

// The sides.
const (
	Old Side = "old"
	New Side = "new"
)

// place is what a value is sealed for: nothing sealed can be moved to another entry,
// object or column, nor from before to after.
func place(entry uuid.UUID, side Side, entity string, id uuid.UUID, column string) string {
	return fmt.Sprintf("operation log %s %s %s %s %s", entry, side, entity, id, column)
}

// Sealed says of which columns an entry about an entity holds sealed values, and whose
// they are. What a text of another column looks like means nothing: people wrote it.
func Sealed(entity string, values map[string]any) map[string]uuid.UUID {
	var all map[string]uuid.UUID
	for column, v := range values {
		text, _ := v.(string)
		if person, ok := datakeys.Whose(text); ok && personal(entity, column) {
			if all == nil {
				all = map[string]uuid.UUID{}
			}
			all[column] = person
		}
	}
	return all
}

// Unseal gives a sealed value of an entry with the key of its person. What does not
// open there was moved or changed. Who may see it has been decided.
func Unseal(key *seal.Key, l *ent.OperationLog, side Side, column string) (any, error) {
	values := l.NewValues
	if side == Old {
		values = l.OldValues
	}
	text, _ := values[column].(string)
	plain, ok := datakeys.Open(key, text, place(l.ID, side, l.EntityType, l.EntityID, column))
	if !ok {
		return nil, fmt.Errorf("the %s value of %s in entry %s of the operation log was not sealed for this place", side, column, l.ID)
	}
	var value any
	if err := json.Unmarshal(plain, &value); err != nil {
		return nil, fmt.Errorf("the %s value of %s in entry %s of the operation log: %w", side, column, l.ID, err)
	}
	return value, nil
}

// redaction makes the values of one entry fit for the log.
type redaction struct {
	keys   *datakeys.Keys // nil: nothing personal is kept
	m      Mutation
	entry  uuid.UUID
	id     uuid.UUID
	before map[string]any
	key    *seal.Key
	asked  bool
}

// redact replaces secrets by that they were there, and seals what is personal with
// the key of whom it is about.
func (r *redaction) redact(ctx context.Context, side Side, values map[string]any) error {
	entity := r.m.Type()
	for column, v := range values {
		switch {
		case empty(v): // that there was or is nothing may be said
		case ent.Meta[entity].Sensitive[column]:
			values[column] = Redacted
		case personal(entity, column):
			sealed, err := r.seal(ctx, side, column, v)
			if err != nil {
				return err
			}
			values[column] = sealed
		}
	}
	return nil
}

func (r *redaction) seal(ctx context.Context, side Side, column string, v any) (string, error) {
	if r.keys == nil {
		return Personal, nil
	}
	person, err := Subject(ctx, r.m, r.before)
	if err != nil || person == uuid.Nil {
		return Personal, err
	}
	if !r.asked {
		if r.key, err = r.keys.ForWriting(ctx, r.m, person); err != nil && !errors.Is(err, datakeys.ErrDestroyed) {
			return "", err
		}
		r.asked = true
	}
	if r.key == nil { // of somebody who was erased nothing is kept
		return Personal, nil
	}
	// What is sealed in its row the log seals for itself.
	if opened, ok := datakeys.Open(r.key, text(v), datakeys.At(r.m.Type(), r.id, column)); ok {
		v = string(opened)
	}
	plain, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("value of %s: %w", column, err)
	}
	return datakeys.Seal(r.key, person, plain, place(r.entry, side, r.m.Type(), r.id, column)), nil
}

// text is a value that is one, and else none.
func text(v any) string {
	if p, ok := v.(*string); ok && p != nil {
		return *p
	}
	s, _ := v.(string)
	return s
}

// Subject is whom the row of a mutation is about, and nobody where nobody is named.
// Before is what a row was that is being deleted.
func Subject(ctx context.Context, m Mutation, before map[string]any) (uuid.UUID, error) {
	column := subjects[m.Type()]
	if column == "" {
		return uuid.Nil, nil
	}
	if column == "id" {
		id, _ := m.ID()
		return id, nil
	}
	v, known := m.Field(column)
	if !known && m.Op().Is(ent.OpUpdateOne) {
		var err error
		if v, err = m.OldField(ctx, column); err != nil {
			return uuid.Nil, fmt.Errorf("read %s of %s: %w", column, m.Type(), err)
		}
	} else if !known {
		v = before[column]
	}
	switch id := v.(type) {
	case uuid.UUID:
		return id, nil
	case *uuid.UUID:
		if id != nil {
			return *id, nil
		}
	case string:
		return uuid.Parse(id)
	}
	return uuid.Nil, nil
}
