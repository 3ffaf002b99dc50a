package scheduling

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/order"
	"clinicgraph/ent/resourceclaim"
	"clinicgraph/internal/access"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/orders"
)

// Cancellation is a booking to cancel.
type Cancellation struct {
	BookingID       uuid.UUID
	Reason          *string
	ExpectedVersion *int32
}

// Cancel cancels a booking, frees its time and closes its order. Errors:
// NOT_FOUND, FORBIDDEN, CONFLICT for a stale version, INVALID_TRANSITION.
func (s *Service) Cancel(ctx context.Context, in Cancellation) (done *ent.Booking, err error) {
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		b, err := s.load(ctx, c, in.BookingID)
		if err != nil {
			return err
		}
		v := access.FromContext(ctx)
		own := customers.Owned(ctx, b.Edges.Customer)
		for _, a := range b.Edges.Appointments {
			own = own || a.PractitionerUserID == v.UserID
		}
		refused := MayCancel(v, b, own)
		if fault.CodeOf(refused) == fault.CodeForbidden {
			return refused
		}
		if in.ExpectedVersion != nil && *in.ExpectedVersion != b.Version {
			return fault.Conflict("The booking has changed since you read it: it is at version %d.", b.Version)
		}
		if refused != nil {
			return refused
		}
		reason := "cancelled"
		if in.Reason != nil {
			reason = *in.Reason
		}
		done, err = s.end(access.Elevated(ctx, "cancelBooking"), c, b, ending{
			booking: booking.StatusCancelled, appointment: appointment.StatusCancelled, order: order.StatusCancelled, reason: reason,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return done.Unwrap(), nil
}

// MayCancel is the rule of who cancels which booking, and when. Own are the
// bookings of the viewer's profiles and, for a practitioner, those with an
// appointment of theirs. Errors: FORBIDDEN, INVALID_TRANSITION.
func MayCancel(v *access.Viewer, b *ent.Booking, own bool) error {
	if !v.Reaches(access.BookingCancel, own, b.UnitID) {
		return fault.Forbidden("You may not cancel this booking.")
	}
	return Bookings.Check(BookingStatus(b.Status), BookingCancelled)
}

// load reads a booking through the caller's rows, with what a decision about it
// needs.
func (s *Service) load(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.Booking, error) {
	b, err := c.Booking.Query().Where(booking.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, fmt.Errorf("load booking: %w", err)
	}
	return s.whole(ctx, c, b)
}

// whole adds customer, appointments and order, whether or not the caller's rows
// show them: the decision needs them all. It locks the order first, as a payment
// does: two verbs that took booking and order in different orders would wait for
// each other until the database gives one of them up.
func (s *Service) whole(ctx context.Context, c *ent.Client, b *ent.Booking) (*ent.Booking, error) {
	if s.Store.DB.LocksRows() {
		if _, err := c.Order.Query().Where(order.BookingID(b.ID)).ForUpdate().IDs(access.Elevated(ctx, "booking")); err != nil {
			return nil, fmt.Errorf("lock the booking's order: %w", err)
		}
	}
	whole, err := c.Booking.Query().Where(booking.ID(b.ID)).WithCustomer().WithAppointments().WithOrder().Only(access.Elevated(ctx, "booking"))
	if err != nil {
		return nil, fmt.Errorf("load the whole booking: %w", err)
	}
	return whole, nil
}

// ending is how a booking ends before it has taken place.
type ending struct {
	booking     booking.Status
	appointment appointment.Status
	order       order.Status
	reason      string
}

// end moves booking, appointments and order, and frees the time. The move is a
// comparison and a swap: of two parallel ones the second finds the version
// changed.
func (s *Service) end(ctx context.Context, c *ent.Client, b *ent.Booking, e ending) (*ent.Booking, error) {
	if err := Bookings.Check(BookingStatus(b.Status), BookingStatus(e.booking)); err != nil {
		return nil, err
	}
	update := b.Update().Where(booking.Version(b.Version)).SetStatus(e.booking).ClearHoldExpiresAt()
	if e.booking == booking.StatusCancelled {
		update.SetCancelledAt(s.Now()).SetCancelReason(e.reason)
	}
	done, err := update.Save(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Conflict("The booking has just changed; read it again.")
	}
	if err != nil {
		return nil, fmt.Errorf("end booking: %w", err)
	}
	for _, a := range b.Edges.Appointments {
		if err := Appointments.Check(AppointmentStatus(a.Status), AppointmentStatus(e.appointment)); err != nil {
			return nil, err
		}
		if err := a.Update().SetStatus(e.appointment).Exec(ctx); err != nil {
			return nil, fmt.Errorf("end appointment: %w", err)
		}
		if err := release(ctx, c, a.ID); err != nil {
			return nil, err
		}
	}
	if b.Edges.Order != nil {
		if err := orders.Close(ctx, c, b.Edges.Order, e.order); err != nil {
			return nil, err
		}
	}
	return done, tellEnded(ctx, c, b, e)
}

// release frees the time of an appointment.
func release(ctx context.Context, c *ent.Client, id uuid.UUID) error {
	if _, err := c.ResourceClaim.Delete().Where(resourceclaim.AppointmentID(id)).Exec(ctx); err != nil {
		return fmt.Errorf("free the time: %w", err)
	}
	return nil
}

// ConfirmPaid confirms a booking whose order is paid, inside the client's
// transaction; a booking that does not wait is left as it is. Errors:
// INVALID_TRANSITION when it has ended meanwhile.
func (s *Service) ConfirmPaid(ctx context.Context, c *ent.Client, id uuid.UUID) error {
	b, err := c.Booking.Query().Where(booking.ID(id)).WithCustomer().WithAppointments().Only(ctx)
	if err != nil {
		return fmt.Errorf("load booking: %w", err)
	}
	switch b.Status {
	case booking.StatusConfirmed, booking.StatusInProgress, booking.StatusCompleted:
		return nil
	}
	if err := Bookings.Check(BookingStatus(b.Status), BookingConfirmed); err != nil {
		return err
	}
	err = b.Update().Where(booking.Version(b.Version)).SetStatus(booking.StatusConfirmed).ClearHoldExpiresAt().Exec(ctx)
	if ent.IsNotFound(err) {
		return fault.Conflict("The booking has just changed; read it again.")
	}
	if err != nil {
		return fmt.Errorf("confirm booking: %w", err)
	}
	for _, a := range b.Edges.Appointments {
		if a.Status != appointment.StatusTentative {
			continue
		}
		if err := a.Update().SetStatus(appointment.StatusScheduled).Exec(ctx); err != nil {
			return fmt.Errorf("confirm appointment: %w", err)
		}
	}
	return tellConfirmed(ctx, c, b)
}
