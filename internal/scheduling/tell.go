package scheduling

import (
	"context"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/notification"
	"clinicgraph/internal/notifications"
)

// tellBooked tells the practitioner of a new appointment, and the customer when
// it needs nothing more.
func tellBooked(ctx context.Context, c *ent.Client, p plan, b *ent.Booking, a *ent.Appointment) error {
	news := []notifications.News{{To: a.PractitionerUserID, Kind: notification.KindAppointmentBooked, About: a.ID}}
	if !p.waits {
		news = append(news, notifications.News{To: account(p.customer), Kind: notification.KindBookingConfirmed, About: b.ID})
	}
	return notifications.Tell(ctx, c, news...)
}

// tellConfirmed tells the customer that a booking waits no more.
func tellConfirmed(ctx context.Context, c *ent.Client, b *ent.Booking) error {
	return notifications.Tell(ctx, c, notifications.News{To: account(b.Edges.Customer), Kind: notification.KindBookingConfirmed, About: b.ID})
}

// tellEnded tells the customer and the practitioners that a booking has ended
// before it took place.
func tellEnded(ctx context.Context, c *ent.Client, b *ent.Booking, e ending) error {
	kind := notification.KindBookingCancelled
	if e.booking == booking.StatusExpired {
		kind = notification.KindBookingExpired
	}
	news := []notifications.News{{To: account(b.Edges.Customer), Kind: kind, About: b.ID}}
	for _, a := range b.Edges.Appointments {
		news = append(news, notifications.News{To: a.PractitionerUserID, Kind: notification.KindAppointmentCancelled, About: a.ID})
	}
	return notifications.Tell(ctx, c, news...)
}

// account is the account of a customer; none for one who walks in.
func account(c *ent.Customer) uuid.UUID {
	if c == nil || c.AccountID == nil {
		return uuid.Nil
	}
	return *c.AccountID
}
