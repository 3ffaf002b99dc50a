package events

import (
	"context"
	"fmt"
	"sync"
	"time"

	"clinicgraph/ent/appointment"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/notification"
	"clinicgraph/internal/access"
)

const (
	// catchUpLimit is how many changes of an entity are told after an outage.
	catchUpLimit = 1000
	// catchUpMargin is how much further back than the outage one looks: clocks of
	// servers differ, and a change carries the time of its making, not that of its
	// commit.
	catchUpMargin = time.Minute
	// catchUpTimeout bounds the look back.
	catchUpTimeout = 10 * time.Second
)

// gap remembers since when other servers may have gone unheard.
type gap struct {
	mu   sync.Mutex
	last time.Time // when the other servers were surely heard
	open bool
}

func (g *gap) heard(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.open {
		g.last = now
	}
}

func (g *gap) opened() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = true
}

// take gives the beginning of a gap and closes it.
func (g *gap) take() (since time.Time, open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	open, g.open = g.open, false
	return g.last, open
}

// catchUp tells the listener what has changed since the other servers were last
// heard. What was told already is told again, which does no harm. When it cannot
// be found out, or is too much, the events are lost.
func (b *Bus) catchUp(ctx context.Context, since time.Time) {
	b.to.Interrupted()
	now := b.Now()
	missed, err := b.recent(ctx, since.Add(-catchUpMargin))
	if err != nil {
		b.Log.WarnContext(ctx, "events lost", "error", err)
		b.to.Lost()
	}
	for _, e := range missed {
		b.to.Changed(e)
	}
	b.gap.heard(now)
}

// recent lists what can be subscribed to and has changed since then.
func (b *Bus) recent(ctx context.Context, since time.Time) (all []Event, err error) {
	ctx, cancel := context.WithTimeout(access.System(ctx, "live-updates"), catchUpTimeout)
	defer cancel()
	bookings, err := b.Client.Booking.Query().Where(booking.UpdatedAtGTE(since)).
		Order(booking.ByUpdatedAt()).Limit(catchUpLimit).Select(booking.FieldID, booking.FieldVersion).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for changed bookings: %w", err)
	}
	for _, row := range bookings {
		all = append(all, Event{Entity: "Booking", ID: row.ID, Version: row.Version})
	}
	appointments, err := b.Client.Appointment.Query().Where(appointment.UpdatedAtGTE(since)).
		Order(appointment.ByUpdatedAt()).Limit(catchUpLimit).Select(appointment.FieldID, appointment.FieldVersion).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for changed appointments: %w", err)
	}
	for _, row := range appointments {
		all = append(all, Event{Entity: "Appointment", ID: row.ID, Version: row.Version})
	}
	notifications, err := b.Client.Notification.Query().Where(notification.UpdatedAtGTE(since)).
		Order(notification.ByUpdatedAt()).Limit(catchUpLimit).Select(notification.FieldID, notification.FieldVersion, notification.FieldUserID).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for changed notifications: %w", err)
	}
	for _, row := range notifications {
		all = append(all, Event{Entity: "Notification", ID: row.ID, Version: row.Version, For: row.UserID})
	}
	if len(bookings) == catchUpLimit || len(appointments) == catchUpLimit || len(notifications) == catchUpLimit {
		return nil, fmt.Errorf("more than %d changes of one kind", catchUpLimit)
	}
	return all, nil
}
