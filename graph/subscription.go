package graph

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/notification"
	"clinicgraph/graph/generated"
	"clinicgraph/graph/live"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/events"
)

// Subscription gives the resolvers of the root type Subscription.
func (r *Resolver) Subscription() generated.SubscriptionResolver { return &subscriptionResolver{r} }

type subscriptionResolver struct{ *Resolver }

func (r *subscriptionResolver) BookingChanged(ctx context.Context, id *uuid.UUID, where *ent.BookingWhereInput) (<-chan *ent.Booking, error) {
	if _, err := where.Filter(r.Client.Booking.Query()); err != nil {
		return nil, err
	}
	if id != nil {
		if _, err := one(r.Client.Booking.Query().Where(booking.ID(*id)).Only(ctx)); err != nil {
			return nil, err
		}
	}
	return subscribe(ctx, r.Live, ent.TypeBooking, id, func(ctx context.Context, e events.Event) (*ent.Booking, error) {
		q, err := r.Client.Booking.Query().Where(booking.ID(e.ID)).CollectFields(ctx)
		if err != nil {
			return nil, err
		}
		if q, err = where.Filter(q); err != nil {
			return nil, err
		}
		return q.Only(ctx)
	})
}

func (r *subscriptionResolver) AppointmentChanged(ctx context.Context, id *uuid.UUID, where *ent.AppointmentWhereInput) (<-chan *ent.Appointment, error) {
	if _, err := where.Filter(r.Client.Appointment.Query()); err != nil {
		return nil, err
	}
	if id != nil {
		if _, err := one(r.Client.Appointment.Query().Where(appointment.ID(*id)).Only(ctx)); err != nil {
			return nil, err
		}
	}
	return subscribe(ctx, r.Live, ent.TypeAppointment, id, func(ctx context.Context, e events.Event) (*ent.Appointment, error) {
		q, err := r.Client.Appointment.Query().Where(appointment.ID(e.ID)).CollectFields(ctx)
		if err != nil {
			return nil, err
		}
		if q, err = where.Filter(q); err != nil {
			return nil, err
		}
		return q.Only(ctx)
	})
}

func (r *subscriptionResolver) SlotReleased(ctx context.Context, service uuid.UUID, practitioners []uuid.UUID) (<-chan []*model.Slot, error) {
	if err := r.Scheduling.Watch(ctx, service, practitioners); err != nil {
		return nil, err
	}
	return subscribe(ctx, r.Live, ent.TypeAppointment, nil, func(ctx context.Context, e events.Event) ([]*model.Slot, error) {
		free, err := r.Scheduling.Released(ctx, service, practitioners, e.ID)
		if err == nil && len(free) == 0 {
			err = live.Nothing
		}
		return slots(free), err
	})
}

func (r *subscriptionResolver) NotificationReceived(ctx context.Context) (<-chan *ent.Notification, error) {
	return subscribe(ctx, r.Live, ent.TypeNotification, nil, func(ctx context.Context, e events.Event) (*ent.Notification, error) {
		q, err := r.Client.Notification.Query().
			Where(notification.ID(e.ID), notification.Version(1)). // later ones say that it was read
			CollectFields(ctx)
		if err != nil {
			return nil, err
		}
		return q.Only(ctx)
	})
}

// subscribe opens a stream of what read finds after each event. What it does not
// find, since it is gone or not the caller's to see, is not spoken of. Equal
// operations of one session share what is read.
func subscribe[T any](ctx context.Context, hub *live.Hub, entity string, id *uuid.UUID, read func(context.Context, events.Event) (T, error)) (<-chan T, error) {
	field, operation := graphql.GetFieldContext(ctx).Field, graphql.GetOperationContext(ctx)
	door, ok := doorOf(field.Definition.Directives)
	if !ok {
		return nil, fmt.Errorf("graph: Subscription.%s declares nobody who may call it", field.Name)
	}
	variables, err := json.Marshal(operation.Variables)
	if err != nil {
		return nil, fmt.Errorf("graph: variables of a subscription: %w", err)
	}
	source := live.Source[T]{
		Entity: entity,
		Key: live.Key(sha256.Sum256(fmt.Appendf(nil, "%s\n%q\n%s\n%s",
			access.FromContext(ctx).Anchor(), operation.OperationName, variables, operation.RawQuery))),
		Door: func(ctx context.Context) error { return enter(ctx, door) },
		Read: func(ctx context.Context, e events.Event) (T, error) {
			found, err := read(ctx, e)
			if ent.IsNotFound(err) {
				err = live.Nothing
			}
			return found, err
		},
	}
	if id != nil {
		source.ID = *id
	}
	return live.Subscribe(ctx, hub, source)
}
