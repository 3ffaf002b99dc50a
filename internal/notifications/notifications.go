// Package notifications owns what users are told about their own objects: that a
// booking was confirmed, cancelled or has lapsed, that an appointment was booked
// with them. A notification names the object and never says what is in it. The
// package sends nothing out of the clinic, and decides nothing about the objects.
package notifications

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/notification"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// kept is how long a notification stays.
const kept = 90 * 24 * time.Hour

// Service has the verbs of notifications.
type Service struct {
	Store *store.Store
	Now   func() time.Time
}

// News is what to tell somebody.
type News struct {
	To    uuid.UUID // the user; nobody is told what they did themselves
	Kind  notification.Kind
	About uuid.UUID // the object
}

// Tell writes the news inside the transaction of what it is about, with the
// elevated context of the verb.
func Tell(ctx context.Context, c *ent.Client, news ...News) error {
	actor := access.FromContext(ctx).Who()
	for _, n := range news {
		if n.To == actor || n.To == uuid.Nil {
			continue
		}
		if err := c.Notification.Create().SetUserID(n.To).SetKind(n.Kind).SetSubjectID(n.About).Exec(ctx); err != nil {
			return fmt.Errorf("tell of %s: %w", n.Kind, err)
		}
	}
	return nil
}

// MarkRead marks one of the caller's notifications as read. One that was read
// stays as it is. Errors: NOT_FOUND.
func (s *Service) MarkRead(ctx context.Context, id uuid.UUID) (read *ent.Notification, err error) {
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		n, err := c.Notification.Query().Where(notification.ID(id)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.Missing()
		}
		if err != nil {
			return fmt.Errorf("load notification: %w", err)
		}
		if read = n; n.ReadAt != nil {
			return nil
		}
		if read, err = n.Update().SetReadAt(s.Now()).Save(access.Elevated(ctx, "markNotificationRead")); err != nil {
			return fmt.Errorf("mark notification: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return read.Unwrap(), nil
}

// purgeBatch bounds a transaction, so that nobody waits long behind it.
const purgeBatch = 100

// Purge removes the notifications that are older than 90 days, read or not, and
// gives how many it removed.
func (s *Service) Purge(ctx context.Context) (removed int, err error) {
	ctx = access.System(ctx, "notification-purge")
	for {
		n := 0
		err := s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			old, err := c.Notification.Query().Where(notification.CreatedAtLTE(s.Now().Add(-kept))).
				Order(notification.ByCreatedAt()).Limit(purgeBatch).All(ctx)
			if err != nil {
				return err
			}
			for n = 0; n < len(old); n++ {
				// Two servers may be at it: what is gone is gone.
				if err := c.Notification.DeleteOne(old[n]).Exec(ctx); err != nil && !ent.IsNotFound(err) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return removed, fmt.Errorf("remove old notifications: %w", err)
		}
		removed += n
		if n < purgeBatch {
			return removed, nil
		}
	}
}
