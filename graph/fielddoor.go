package graph

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/customer"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// covered refuses a field of its own permission where that permission does not
// reach the object: somebody sees all customers as one role and the notes of some
// as another. Where it reaches as far as the permission of the type nothing is
// read. Errors: FORBIDDEN.
func (r *Resolver) covered(ctx context.Context, field *declaration, obj any, permission string) error {
	if !field.own || ownAccount(ctx) {
		return nil
	}
	v, wide := access.FromContext(ctx), field.wide
	scope := v.Scope(permission)
	if scope >= v.Scope(wide) {
		return nil
	}
	// The rows that the caller would see, did the permission of the type reach no
	// further than that of the field.
	asked := access.NewContext(ctx, v.With([]access.Grant{{Permission: wide, Scope: scope, Allowed: true}}))
	var id uuid.UUID
	var find func(ids []uuid.UUID) ([]uuid.UUID, error)
	switch o := obj.(type) {
	case *ent.Customer:
		id, find = o.ID, func(ids []uuid.UUID) ([]uuid.UUID, error) {
			return r.Client.Customer.Query().Where(customer.IDIn(ids...)).IDs(asked)
		}
	case *ent.Appointment:
		id, find = o.ID, func(ids []uuid.UUID) ([]uuid.UUID, error) {
			return r.Client.Appointment.Query().Where(appointment.IDIn(ids...)).IDs(asked)
		}
	case *ent.User:
		id, find = o.ID, func(ids []uuid.UUID) ([]uuid.UUID, error) {
			return r.Client.User.Query().Where(user.IDIn(ids...)).IDs(asked)
		}
	default:
		return fault.Forbidden("Your permission %s does not reach this object.", permission)
	}
	shown, err := of(ctx, coverKey(field.object+" "+permission), id, []string{field.object}, func(ids []uuid.UUID) (map[uuid.UUID]bool, error) {
		found, err := find(ids)
		shown := make(map[uuid.UUID]bool, len(ids))
		for _, id := range ids {
			shown[id] = slices.Contains(found, id)
		}
		return shown, err
	})
	if err == nil && !shown {
		err = fault.Forbidden("Your permission %s does not reach this object.", permission)
	}
	return err
}

type coverKey string
