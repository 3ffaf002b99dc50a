package live_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"clinicgraph/graph/live"
	"clinicgraph/internal/access"
	"clinicgraph/internal/events"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clinic is a hub with what it asks for.
type clinic struct {
	*live.Hub
	t     *testing.T
	tell  events.Listener
	renew atomic.Pointer[func(*access.Viewer) (*access.Viewer, error)]
}

func newClinic(t *testing.T, limits live.Limits) *clinic {
	c := &clinic{t: t}
	c.Hub = live.NewHub(limits, func(_ context.Context, v *access.Viewer) (*access.Viewer, error) {
		if renew := c.renew.Load(); renew != nil {
			return (*renew)(v)
		}
		return v, nil
	}, slog.New(slog.DiscardHandler))
	c.tell = c.Listener()
	return c
}

func (c *clinic) renewing(with func(*access.Viewer) (*access.Viewer, error)) { c.renew.Store(&with) }

var someLimits = live.Limits{Streams: 100, PerUser: 10, Buffer: 4}

func viewer() *access.Viewer {
	return &access.Viewer{UserID: ids.New(ids.User), SessionID: ids.New(ids.UserSession), Until: time.Now().Add(time.Hour)}
}

// stream is an open stream and why it was ended.
type stream struct {
	*live.Stream
	ctx   context.Context
	ended chan error
}

func (c *clinic) open(v *access.Viewer) *stream {
	c.t.Helper()
	s := &stream{ended: make(chan error, 100)}
	var err error
	ctx, cancel := context.WithCancel(context.Background())
	s.ctx, s.Stream, err = c.Open(ctx, v, func(err error) { s.ended <- err })
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { cancel(); s.Close() })
	return s
}

// subscription is one of a stream.
type subscription struct {
	values <-chan string
	ctx    context.Context
	stop   context.CancelCauseFunc
}

func (c *clinic) subscribe(s *stream, source live.Source[string]) *subscription {
	c.t.Helper()
	ctx, stop := s.Operation(s.ctx)
	if source.Door == nil {
		source.Door = func(context.Context) error { return nil }
	}
	source.Entity = "Booking"
	values, err := live.Subscribe(ctx, c.Hub, source)
	if err != nil {
		c.t.Fatal(err)
	}
	return &subscription{values, ctx, stop}
}

func (s *subscription) value(t *testing.T) string {
	t.Helper()
	select {
	case v := <-s.values:
		return v
	case <-s.ctx.Done():
		t.Fatalf("ended: %v", context.Cause(s.ctx))
	case <-time.After(30 * time.Second):
		t.Fatal("nothing arrives")
	}
	return ""
}

// cause waits for the end of a subscription.
func (s *subscription) cause(t *testing.T) fault.Code {
	t.Helper()
	select {
	case <-s.ctx.Done():
		return fault.CodeOf(context.Cause(s.ctx))
	case <-time.After(30 * time.Second):
		t.Fatal("it does not end")
		return ""
	}
}

func booking() events.Event {
	return events.Event{Entity: "Booking", ID: ids.New(ids.Booking), Version: 1}
}

func TestEqualSubscriptionsOfASessionReadAChangeOnce(t *testing.T) {
	c := newClinic(t, someLimits)
	v := viewer()
	a, b, other := c.open(v), c.open(v), c.open(viewer())
	var reads atomic.Int32
	read := func(_ context.Context, e events.Event) (string, error) {
		reads.Add(1)
		return e.ID.String(), nil
	}
	all := []*subscription{
		c.subscribe(a, live.Source[string]{Key: live.Key{1}, Read: read}),
		c.subscribe(b, live.Source[string]{Key: live.Key{1}, Read: read}),
		c.subscribe(other, live.Source[string]{Key: live.Key{2}, Read: read}),
	}
	e := booking()
	c.tell.Changed(e)
	for _, s := range all {
		if got := s.value(t); got != e.ID.String() {
			t.Errorf("got %s", got)
		}
	}
	if n := reads.Load(); n != 2 {
		t.Errorf("the change was read %d times, want twice: once for each session", n)
	}
	// The first of a group may go: the others are told on.
	all[0].stop(nil)
	c.tell.Changed(e)
	if got := all[1].value(t); got != e.ID.String() {
		t.Errorf("got %s", got)
	}
}

func TestASubscriptionToOneObjectHearsOfNoOther(t *testing.T) {
	c := newClinic(t, someLimits)
	mine, other := booking(), booking()
	var read []uuid.UUID
	s := c.subscribe(c.open(viewer()), live.Source[string]{ID: mine.ID, Read: func(_ context.Context, e events.Event) (string, error) {
		read = append(read, e.ID) // one after the other
		return e.ID.String(), nil
	}})
	c.tell.Changed(other)
	c.tell.Changed(mine)
	if got := s.value(t); got != mine.ID.String() || len(read) != 1 {
		t.Errorf("got %s after reading %v", got, read)
	}
}

func TestEachChangeIsReadWithTheRightsOfThatMoment(t *testing.T) {
	c := newClinic(t, someLimits)
	first := viewer()
	s := c.open(first)
	sub := c.subscribe(s, live.Source[string]{Read: func(ctx context.Context, _ events.Event) (string, error) {
		return access.FromContext(ctx).Username, nil
	}})
	var n atomic.Int32
	c.renewing(func(v *access.Viewer) (*access.Viewer, error) {
		return &access.Viewer{UserID: v.UserID, SessionID: v.SessionID, Username: string('a' + n.Add(1) - 1)}, nil
	})
	for _, want := range []string{"a", "b", "c"} {
		c.tell.Changed(booking())
		if got := sub.value(t); got != want {
			t.Errorf("read as %q, want %q", got, want)
		}
		if got := access.FromContext(s.ctx).Username; got != want {
			t.Errorf("the fields below are read as %q, want %q", got, want)
		}
	}
}

func TestAClosedDoorEndsTheSubscription(t *testing.T) {
	for name, when := range map[string]func(c *clinic, s *stream){
		"at the next change":            func(c *clinic, _ *stream) { c.tell.Changed(booking()) },
		"when rights have changed":      func(c *clinic, _ *stream) { c.tell.Changed(events.Event{Entity: "UserPermission"}) },
		"when nobody knows what has":    func(c *clinic, _ *stream) { c.tell.Interrupted() },
		"when a role has":               func(c *clinic, _ *stream) { c.tell.Changed(events.Event{Entity: "RolePermission"}) },
		"when the assignment has ended": func(c *clinic, _ *stream) { c.tell.Changed(events.Event{Entity: "UserRole"}) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClinic(t, someLimits)
			s := c.open(viewer())
			var shut atomic.Bool
			sub := c.subscribe(s, live.Source[string]{
				Door: func(context.Context) error {
					if shut.Load() {
						return fault.Forbidden("no")
					}
					return nil
				},
				Read: func(context.Context, events.Event) (string, error) {
					if shut.Load() {
						t.Error("read behind a closed door")
					}
					return "open", nil
				},
			})
			c.tell.Changed(booking())
			if got := sub.value(t); got != "open" {
				t.Errorf("got %q", got)
			}
			shut.Store(true)
			when(c, s)
			if code := sub.cause(t); code != fault.CodeForbidden {
				t.Errorf("ended with %s", code)
			}
			if len(s.ended) != 0 {
				t.Error("the connection ends, too")
			}
		})
	}
}

func TestTheEndOfTheSessionEndsItsStreams(t *testing.T) {
	v := viewer()
	for name, e := range map[string]events.Event{
		"the session": {Entity: "UserSession", ID: v.SessionID},
		"the account": {Entity: "User", ID: v.UserID},
		"at a change": booking(),
	} {
		t.Run(name, func(t *testing.T) {
			c := newClinic(t, someLimits)
			a, b, other := c.open(v), c.open(v), c.open(viewer())
			c.subscribe(a, live.Source[string]{Read: func(context.Context, events.Event) (string, error) { return "", live.Nothing }})
			c.renewing(func(asked *access.Viewer) (*access.Viewer, error) {
				if asked.SessionID == v.SessionID {
					return nil, fault.New(fault.CodeUnauthenticated, "gone")
				}
				return asked, nil
			})
			c.tell.Changed(e)
			for _, s := range []*stream{a, b} {
				select {
				case err := <-s.ended:
					if fault.CodeOf(err) != fault.CodeUnauthenticated {
						t.Errorf("ended with %v", err)
					}
				case <-time.After(30 * time.Second):
					t.Fatal("the stream goes on")
				}
			}
			if len(other.ended) != 0 {
				t.Error("somebody else's stream ends, too")
			}
		})
	}
}

func TestWhoDoesNotReadIsLetGoAndOthersGoOn(t *testing.T) {
	c := newClinic(t, someLimits)
	v := viewer()
	slow, quick := c.open(v), c.open(v)
	read := func(_ context.Context, e events.Event) (string, error) { return e.ID.String(), nil }
	c.subscribe(slow, live.Source[string]{Read: read})
	sub := c.subscribe(quick, live.Source[string]{Read: read})
	for range someLimits.Buffer + 1 {
		e := booking()
		c.tell.Changed(e)
		if got := sub.value(t); got != e.ID.String() {
			t.Errorf("got %s", got)
		}
	}
	select {
	case err := <-slow.ended:
		if !errors.Is(err, live.ErrSlow) {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("nobody lets it go")
	}
	if len(quick.ended) != 0 {
		t.Error("the other one is let go, too")
	}
}

func TestChangesOfOneObjectThatWaitAreReadOnce(t *testing.T) {
	c := newClinic(t, someLimits)
	gate, reading := make(chan struct{}), make(chan struct{}, 100)
	var versions []int32
	sub := c.subscribe(c.open(viewer()), live.Source[string]{Read: func(_ context.Context, e events.Event) (string, error) {
		reading <- struct{}{}
		<-gate
		versions = append(versions, e.Version)
		return "", nil
	}})
	e := booking()
	c.tell.Changed(e)
	<-reading
	for v := range int32(50) { // all while the first is read
		e.Version = v + 2
		c.tell.Changed(e)
	}
	close(gate)
	sub.value(t)
	sub.value(t)
	if len(versions) != 2 || versions[1] != 51 {
		t.Errorf("read at the versions %v, want 1 and 51", versions)
	}
}

func TestADefectEndsTheSubscriptionAlone(t *testing.T) {
	for name, read := range map[string]func(context.Context, events.Event) (string, error){
		"a panic":  func(context.Context, events.Event) (string, error) { panic("injected") },
		"an error": func(context.Context, events.Event) (string, error) { return "", errors.New("injected") },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClinic(t, someLimits)
			s := c.open(viewer())
			broken := c.subscribe(s, live.Source[string]{Key: live.Key{1}, Read: read})
			whole := c.subscribe(s, live.Source[string]{Key: live.Key{2}, Read: func(context.Context, events.Event) (string, error) { return "whole", nil }})
			c.tell.Changed(booking())
			if got := whole.value(t); got != "whole" {
				t.Errorf("got %q", got)
			}
			if code := broken.cause(t); code != fault.CodeInternal {
				t.Errorf("ended with %s", code)
			}
		})
	}
}

func TestADefectInLookingAtRightsEndsTheSubscription(t *testing.T) {
	c := newClinic(t, someLimits)
	s := c.open(viewer())
	sub := c.subscribe(s, live.Source[string]{Read: func(context.Context, events.Event) (string, error) { return "", nil }})
	c.renewing(func(*access.Viewer) (*access.Viewer, error) { panic("injected") })
	c.tell.Changed(booking())
	if code := sub.cause(t); code != fault.CodeInternal {
		t.Errorf("ended with %s", code)
	}
}

func TestWhatMayHaveBeenMissedEndsEverySubscription(t *testing.T) {
	c := newClinic(t, someLimits)
	sub := c.subscribe(c.open(viewer()), live.Source[string]{Read: func(context.Context, events.Event) (string, error) { return "", nil }})
	c.tell.Lost()
	if code := sub.cause(t); code != fault.CodeUnavailable {
		t.Errorf("ended with %s", code)
	}
}

func TestStreamsAreCounted(t *testing.T) {
	c := newClinic(t, live.Limits{Streams: 5, PerUser: 3, Buffer: 4})
	v := viewer()
	var open []*stream
	for range 3 {
		open = append(open, c.open(v))
	}
	refused := func(v *access.Viewer) fault.Code {
		_, _, err := c.Open(context.Background(), v, func(error) {})
		return fault.CodeOf(err)
	}
	if code := refused(v); code != fault.CodeRateLimited {
		t.Errorf("the fourth of a user: %q", code)
	}
	c.open(viewer())
	c.open(viewer())
	if code := refused(viewer()); code != fault.CodeOverloaded {
		t.Errorf("the sixth of the server: %q", code)
	}
	open[0].Close()
	open[0].Close() // once more does nothing
	c.open(v)
	if n := c.Streams(); n != 5 {
		t.Errorf("%d streams are counted", n)
	}
}

func TestStreamsComeAndGoWhileChangesArrive(t *testing.T) {
	c := newClinic(t, live.Limits{Streams: 1000, PerUser: 1000, Buffer: 1000})
	v := viewer()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				ctx, cancel := context.WithCancel(context.Background())
				ctx, s, err := c.Open(ctx, v, func(error) {})
				if err != nil {
					t.Error(err)
				} else {
					ctx, _ := s.Operation(ctx)
					_, err = live.Subscribe(ctx, c.Hub, live.Source[int]{
						Entity: "Booking", Key: live.Key{byte(i % 2)},
						Door: func(context.Context) error { return nil },
						Read: func(context.Context, events.Event) (int, error) { return 1, nil },
					})
					if err != nil {
						t.Error(err)
					}
					c.tell.Changed(booking())
					s.Close()
				}
				cancel()
			}
		})
	}
	all.Wait()
	if n := c.Streams(); n != 0 {
		t.Errorf("%d streams are left", n)
	}
}
