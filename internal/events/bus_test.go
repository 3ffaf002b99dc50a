package events

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/notification"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// heard is what a listener hears, in order.
type heard chan any

type (
	interrupted struct{}
	lost        struct{}
)

// start opens a bus on the database, whose client announces what changes, and
// waits until it hears the other servers.
func start(t *testing.T, s *store.Store) (*Bus, heard) {
	t.Helper()
	b := NewBus(s.DB, s.Client, testdb.Now, slog.New(slog.DiscardHandler))
	s.Client.Use(Hook(b.Publish))
	news := make(heard, 100_000)
	b.Start(Listener{
		Changed:     func(e Event) { news <- e },
		Interrupted: func() { news <- interrupted{} },
		Lost:        func() { news <- lost{} },
	})
	t.Cleanup(func() { b.Close(context.Background()) })
	if s.DB.Notifies() {
		news.up(t)
	}
	// What it told when it looked back, it has told before this.
	probe := Event{Entity: "Booking", ID: ids.New(ids.Booking), Version: 1}
	b.here.put(probe)
	for news.event(t) != probe {
	}
	return b, news
}

// event waits for the next event.
func (h heard) event(t *testing.T) Event {
	t.Helper()
	for {
		select {
		case n := <-h:
			if e, ok := n.(Event); ok {
				return e
			}
		case <-time.After(30 * time.Second):
			t.Fatal("nothing is heard")
		}
	}
}

// person makes a user.
func person(t *testing.T, s *store.Store, name string) *ent.User {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	var u *ent.User
	err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) (err error) {
		u, err = c.User.Create().SetUsername(name).SetUsernameKey(name).SetEmail(name + "@example.org").SetEmailKey(name + "@example.org").Save(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return u.Unwrap()
}

// tell makes a notification for the user, in the body's transaction.
func tell(ctx context.Context, c *ent.Client, u *ent.User) (*ent.Notification, error) {
	return c.Notification.Create().SetUserID(u.ID).SetKind(notification.KindBookingConfirmed).SetSubjectID(ids.New(ids.Booking)).Save(ctx)
}

func TestNewsFollowsTheCommit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		_, news := start(t, s)
		ctx := access.System(t.Context(), "test")
		u := person(t, s, "anna")
		var id uuid.UUID
		err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			n, err := tell(ctx, c, u)
			if err != nil {
				return err
			}
			id = n.ID
			select {
			case early := <-news:
				t.Errorf("%v is told before the commit", early)
			default:
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Event{Entity: "Notification", ID: id, Version: 1, For: u.ID}, news.event(t)); diff != "" {
			t.Errorf("after it was made (-want +got):\n%s", diff)
		}
		err = s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			return c.Notification.UpdateOneID(id).SetReadAt(testdb.Now()).Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Event{Entity: "Notification", ID: id, Version: 2, For: u.ID}, news.event(t)); diff != "" {
			t.Errorf("after it was changed (-want +got):\n%s", diff)
		}
		if err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error { return c.Notification.DeleteOneID(id).Exec(ctx) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Event{Entity: "Notification", ID: id}, news.event(t)); diff != "" {
			t.Errorf("after it was removed (-want +got):\n%s", diff)
		}
	})
}

func TestWhatIsRolledBackIsNoNews(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		_, news := start(t, s)
		ctx := access.System(t.Context(), "test")
		u := person(t, s, "anna")
		undone := errors.New("undone")
		err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			if _, err := tell(ctx, c, u); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		var kept uuid.UUID
		err = s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			n, err := tell(ctx, c, u)
			kept = n.ID
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if e := news.event(t); e.ID != kept {
			t.Errorf("%v is told, which was rolled back", e)
		}
	})
}

func TestWhatCannotBeCommittedIsNoNews(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		_, news := start(t, s)
		u := person(t, s, "anna")
		ctx, cancel := context.WithCancel(access.System(t.Context(), "test"))
		err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			_, err := tell(ctx, c, u)
			cancel() // the commit is refused
			return err
		})
		if err == nil {
			t.Fatal("it was committed")
		}
		var kept uuid.UUID
		ctx = access.System(t.Context(), "test")
		err = s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			n, err := tell(ctx, c, u)
			kept = n.ID
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if e := news.event(t); e.ID != kept {
			t.Errorf("%v is told, which was not committed", e)
		}
	})
}

func TestOnlyTheChangesThatMatterAreNews(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		_, news := start(t, s)
		ctx := access.System(t.Context(), "test")
		u := person(t, s, "anna")
		now := testdb.Now()
		var session *ent.UserSession
		err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) (err error) {
			session, err = c.UserSession.Create().SetUserID(u.ID).SetAuthenticatedAt(now).SetLastActivityAt(now).SetIdleExpiresAt(now).SetExpiresAt(now).Save(ctx)
			if err == nil {
				err = c.UserSession.UpdateOneID(session.ID).SetLastActivityAt(now).Exec(ctx)
			}
			if err == nil {
				err = c.User.UpdateOneID(u.ID).SetLastLoginAt(now).Exec(ctx)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			return c.UserSession.UpdateOneID(session.ID).SetStatus(usersession.StatusRevoked).Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Event{Entity: "UserSession", ID: session.ID}, news.event(t)); diff != "" {
			t.Errorf("the first news (-want +got):\n%s", diff)
		}
		if err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error { return c.User.UpdateOneID(u.ID).AddTokenEpoch(1).Exec(ctx) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Event{Entity: "User", ID: u.ID}, news.event(t)); diff != "" {
			t.Errorf("the second (-want +got):\n%s", diff)
		}
	})
}

func TestWhatDoesNotFitIsToldAsLost(t *testing.T) {
	s := testdb.Open(t, dialect.SQLite)
	b := NewBus(s.DB, s.Client, testdb.Now, slog.New(slog.DiscardHandler))
	for range mailboxSize + 1 {
		b.Publish(Event{Entity: "Booking", ID: ids.New(ids.Booking), Version: 1})
	}
	news := make(heard, 2*mailboxSize)
	b.Start(Listener{Changed: func(e Event) { news <- e }, Interrupted: func() { news <- interrupted{} }, Lost: func() { news <- lost{} }})
	defer b.Close(context.Background())
	events := 0
	for n := range news {
		if _, is := n.(Event); is {
			events++
		}
		if _, is := n.(lost); is {
			break
		}
	}
	if events != mailboxSize {
		t.Errorf("%d events are told, want %d", events, mailboxSize)
	}
}

// second is another server of the same database.
func second(t *testing.T, s *store.Store) *store.Store {
	t.Helper()
	var name string
	if err := s.DB.Write.QueryRowContext(t.Context(), `SELECT current_database()`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	there, err := url.Parse(testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	there.Path = "/" + name
	db, err := store.OpenPostgres(t.Context(), store.Options{URL: there.String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return testdb.Guarded(db, testdb.Now)
}

// up waits until a bus that has just started hears the other servers: then it
// looks back once.
func (h heard) up(t *testing.T) {
	t.Helper()
	select {
	case n := <-h:
		if _, is := n.(interrupted); !is {
			t.Fatalf("%v before the other servers are heard", n)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the other servers are never heard")
	}
}

func TestNewsReachesTheOtherServersAndOnesOwnOnce(t *testing.T) {
	here := testdb.Open(t, dialect.Postgres)
	there := second(t, here)
	_, near := start(t, here)
	_, far := start(t, there)
	ctx := access.System(t.Context(), "test")
	u := person(t, here, "anna")
	made := map[uuid.UUID]bool{}
	for range 3 {
		err := here.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			n, err := tell(ctx, c, u)
			made[n.ID] = true
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// The way back: what is heard of it here comes after all echoes.
	var back uuid.UUID
	err := there.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		n, err := tell(ctx, c, u)
		back = n.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uuid.UUID]bool{}
	for range 3 {
		seen[far.other(t, back).ID] = true
	}
	if diff := cmp.Diff(made, seen); diff != "" {
		t.Errorf("the other server hears (-want +got):\n%s", diff)
	}
	var order []uuid.UUID
	for len(order) < 4 {
		order = append(order, near.event(t).ID)
	}
	if order[3] != back {
		t.Errorf("its own news reaches the server twice: %v", order)
	}
}

// other is the next event about something else.
func (h heard) other(t *testing.T, than uuid.UUID) Event {
	t.Helper()
	for {
		if e := h.event(t); e.ID != than {
			return e
		}
	}
}

func TestAfterAnOutageWhatWasMissedIsTold(t *testing.T) {
	here := testdb.Open(t, dialect.Postgres)
	there := second(t, here)
	_, near := start(t, here)
	ctx := access.System(t.Context(), "test")
	u := person(t, here, "anna")
	// The other server writes and tells nobody, as if the message were lost.
	var missed uuid.UUID
	err := there.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		n, err := tell(ctx, c, u)
		missed = n.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var ended int
	err = there.DB.Write.QueryRowContext(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'clinicgraph-events'`).Scan(&ended)
	if err != nil || ended != 1 {
		t.Fatalf("%d listening connections ended, %v", ended, err)
	}
	near.up(t) // it looks back
	if e := near.event(t); e.ID != missed {
		t.Errorf("%v is told after the outage, want %s", e, missed)
	}
	// And it listens again.
	_, _ = start(t, there)
	var next uuid.UUID
	err = there.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		n, err := tell(ctx, c, u)
		next = n.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if e := near.event(t); e.ID != next {
		t.Errorf("%v is told next, want %s", e, next)
	}
}

func TestAServerThatHasDroppedNewsSaysSo(t *testing.T) {
	here := testdb.Open(t, dialect.Postgres)
	there := second(t, here)
	_, near := start(t, here)
	if err := there.DB.Notify(t.Context(), channel, []string{message{instance: "0123456789abcdef"}.encode(), "nonsense \n"}); err != nil {
		t.Fatal(err)
	}
	near.up(t) // it looks back
}
