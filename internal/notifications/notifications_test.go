package notifications_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/notification"
	"clinicgraph/internal/access"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/notifications"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// told makes a user who has been told something so long ago.
func told(t *testing.T, s *store.Store, now *time.Time, name string, ago time.Duration) (user uuid.UUID) {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	today := *now
	*now = today.Add(-ago)
	defer func() { *now = today }()
	err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		u, err := c.User.Create().SetUsername(name).SetUsernameKey(name).SetEmail(name + "@example.org").SetEmailKey(name + "@example.org").Save(ctx)
		if err != nil {
			return err
		}
		user = u.ID
		return notifications.Tell(ctx, c,
			notifications.News{To: user, Kind: notification.KindBookingConfirmed, About: ids.New(ids.Booking)},
			notifications.News{Kind: notification.KindBookingConfirmed, About: ids.New(ids.Booking)}) // who walks in has no account
	})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// each runs a test on both databases, with a clock of its own.
func each(t *testing.T, test func(t *testing.T, s *store.Store, now *time.Time)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		now := testdb.Now()
		test(t, testdb.Guarded(s.DB, func() time.Time { return now }), &now)
	})
}

func TestOldNotificationsGoAndYoungOnesStay(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, now *time.Time) {
		told(t, s, now, "old", 90*24*time.Hour)
		young := told(t, s, now, "young", 90*24*time.Hour-time.Minute)
		tray := &notifications.Service{Store: s, Now: func() time.Time { return *now }}
		for _, want := range []int{1, 0} {
			if n, err := tray.Purge(context.Background()); n != want || err != nil {
				t.Errorf("removed %d, %v, want %d", n, err, want)
			}
		}
		left := s.Client.Notification.Query().OnlyX(access.System(t.Context(), "test"))
		if left.UserID != young {
			t.Error("the young one is gone")
		}
	})
}

func TestANotificationIsReadOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, now *time.Time) {
		user := told(t, s, now, "anna", 0)
		ctx := access.NewContext(t.Context(), &access.Viewer{UserID: user})
		id := s.Client.Notification.Query().OnlyIDX(ctx)
		tray := &notifications.Service{Store: s, Now: func() time.Time { return *now }}
		first := *now
		for range 2 {
			n, err := tray.MarkRead(ctx, id)
			if err != nil || n.ReadAt == nil || !n.ReadAt.Equal(first) || n.Version != 2 {
				t.Errorf("read: %+v, %v", n, err)
			}
			*now = now.Add(time.Hour)
		}
	})
}
