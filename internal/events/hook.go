package events

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/store"
)

// announced says which changes are news: those of what can be subscribed to,
// those of what a viewer's rights rest on, and those of what each server holds in
// memory to know good tokens by. Where fields are listed, only the change of one
// of them is.
var announced = map[string][]string{
	ent.TypeBooking:      nil,
	ent.TypeAppointment:  nil,
	ent.TypeNotification: nil,

	ent.TypeUserSession:    {"status"},
	ent.TypeApiToken:       {"revoked_at"},
	ent.TypeUser:           {"is_active", "is_locked", "locked_until", "must_change_password", "token_epoch", "organizational_unit_id", "deleted_at"},
	ent.TypeUserRole:       nil,
	ent.TypeUserPermission: nil,
	ent.TypeRole:           {"status", "deleted_at"},
	ent.TypeRolePermission: nil,

	ent.TypeBlacklistedToken: nil,
	ent.TypeSigningKey:       nil,
}

// mutation is what the generated mutations have in common beyond ent.Mutation.
type mutation interface {
	ID() (uuid.UUID, bool)
}

// Hook has publish called for each announced change, once its transaction has
// committed; what is rolled back is no news. Where nobody knows whether it
// committed it is told as well: an event claims nothing, and those who read
// again will see.
func Hook(publish func(Event)) ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			value, err := next.Mutate(ctx, m)
			if err != nil || !news(m) {
				return value, err
			}
			id, ok := m.(mutation).ID()
			if !ok {
				return nil, fmt.Errorf("events: %s of %s, whose rows nobody knows", m.Op(), m.Type())
			}
			e := Event{Entity: m.Type(), ID: id, Version: version(value), For: only(value)}
			if err := store.AfterCommit(m, func() { publish(e) }); err != nil {
				return nil, fmt.Errorf("events: %s of %s: %w", m.Op(), m.Type(), err)
			}
			return value, nil
		})
	}
}

func news(m ent.Mutation) bool {
	fields, ok := announced[m.Type()]
	switch {
	case !ok:
		return false
	case m.Type() == ent.TypeBlacklistedToken: // it goes when nobody needs it any more
		return m.Op().Is(ent.OpCreate)
	case fields == nil:
		return true
	case m.Op().Is(ent.OpCreate): // of an account, a role or a session: nobody rests on it yet
		return false
	}
	changed := append(append(m.Fields(), m.AddedFields()...), m.ClearedFields()...)
	return slices.ContainsFunc(fields, func(f string) bool { return slices.Contains(changed, f) })
}

// version is that of the row which a mutation has given.
func version(value ent.Value) int32 {
	switch row := value.(type) {
	case *ent.Booking:
		return row.Version
	case *ent.Appointment:
		return row.Version
	case *ent.Notification:
		return row.Version
	default:
		return 0
	}
}

// only is the one user who may see the row that a mutation has given: guard's rule
// for it knows no permission, and whose it is never changes. Zero otherwise, as
// after a deletion.
func only(value ent.Value) uuid.UUID {
	if row, ok := value.(*ent.Notification); ok {
		return row.UserID
	}
	return uuid.Nil
}
