package scheduling

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/order"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// expireBatch bounds one run: what is left over is found by the next.
const expireBatch = 500

// Expire ends the bookings whose hold has run out before they were paid or
// confirmed, and frees their time. Each is a transaction of its own, so that one
// failure does not keep the others; it gives how many it ended and all errors. A
// booking that was paid or cancelled in the meantime is left as it is.
func (s *Service) Expire(ctx context.Context) (expired int, err error) {
	ctx = access.System(ctx, "booking-expiry")
	due, err := s.Store.Client.Booking.Query().
		Where(booking.StatusIn(booking.StatusHeld, booking.StatusPending), booking.HoldExpiresAtLTE(s.Now())).
		Order(booking.ByHoldExpiresAt()).Limit(expireBatch).All(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for lapsed bookings: %w", err)
	}
	var errs []error
	for _, b := range due {
		if ctx.Err() != nil {
			return expired, errors.Join(append(errs, ctx.Err())...)
		}
		err := s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			whole, err := s.whole(ctx, c, b)
			if err != nil {
				return err
			}
			_, err = s.end(ctx, c, whole, ending{
				booking: booking.StatusExpired, appointment: appointment.StatusExpired, order: order.StatusExpired, reason: "not paid or confirmed in time",
			})
			return err
		})
		switch fault.CodeOf(err) {
		case "":
			expired++
		case fault.CodeInvalidTransition, fault.CodeConflict: // somebody was quicker
		default:
			errs = append(errs, fmt.Errorf("expire booking %s: %w", b.ID, err))
		}
	}
	return expired, errors.Join(errs...)
}
