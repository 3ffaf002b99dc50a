package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/booking"
	"clinicgraph/graph/model"
	"clinicgraph/internal/paging"
	"clinicgraph/internal/scheduling"
)

func (r *queryResolver) Bookings(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.BookingOrder, where *ent.BookingWhereInput) (*ent.BookingConnection, error) {
	return r.Client.Booking.Query().Paginate(ctx, after, first, before, last, ent.WithBookingOrder(orderBy), ent.WithBookingFilter(where.Filter))
}

func (r *queryResolver) Appointments(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.AppointmentOrder, where *ent.AppointmentWhereInput) (*ent.AppointmentConnection, error) {
	return r.Client.Appointment.Query().Paginate(ctx, after, first, before, last, ent.WithAppointmentOrder(orderBy), ent.WithAppointmentFilter(where.Filter))
}

func (r *queryResolver) Booking(ctx context.Context, id uuid.UUID) (*ent.Booking, error) {
	q, err := r.Client.Booking.Query().Where(booking.ID(id)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return one(q.Only(ctx))
}

func (r *queryResolver) Appointment(ctx context.Context, id uuid.UUID) (*ent.Appointment, error) {
	q, err := r.Client.Appointment.Query().Where(appointment.ID(id)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return one(q.Only(ctx))
}

func (r *queryResolver) AvailableSlots(ctx context.Context, service uuid.UUID, practitioners []uuid.UUID, from, to time.Time) ([]*model.Slot, error) {
	free, err := r.Scheduling.AvailableSlots(ctx, service, practitioners, from, to)
	if err != nil {
		return nil, err
	}
	return slots(free), nil
}

func slots(free []scheduling.FreeSlot) []*model.Slot {
	slots := make([]*model.Slot, len(free))
	for i, s := range free {
		slots[i] = &model.Slot{StartsAt: s.StartsAt, EndsAt: s.EndsAt, Practitioner: s.Practitioner}
	}
	return slots
}

func (r *mutationResolver) BookAppointment(ctx context.Context, in model.BookAppointmentInput) (*model.BookAppointmentPayload, error) {
	booked, err := r.Scheduling.Book(ctx, scheduling.Request{
		CustomerID: in.CustomerID, ServiceID: in.ServiceID, PractitionerID: in.PractitionerID,
		StartsAt: in.StartsAt, Notes: in.Notes, IdempotencyKey: in.IdempotencyKey,
	})
	if err != nil {
		return nil, err
	}
	return &model.BookAppointmentPayload{Booking: booked.Booking, Appointment: booked.Appointment, Order: booked.Order}, nil
}

func (r *mutationResolver) CancelBooking(ctx context.Context, in model.CancelBookingInput) (*model.CancelBookingPayload, error) {
	b, err := r.Scheduling.Cancel(ctx, scheduling.Cancellation{BookingID: in.ID, Reason: in.Reason, ExpectedVersion: version(in.ExpectedVersion)})
	if err != nil {
		return nil, err
	}
	return &model.CancelBookingPayload{Booking: b}, nil
}
