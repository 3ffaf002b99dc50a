package live_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/graph/live"
	"clinicgraph/internal/access"
	"clinicgraph/internal/events"
	"clinicgraph/internal/ids"
)

// audience is a hub with one subscription for each viewer, who sees what is
// theirs, and of other things everything.
type audience struct {
	*live.Hub
	owner map[uuid.UUID]uuid.UUID // of an object; none: everybody sees it
	reads atomic.Int64

	mu   sync.Mutex
	told map[uuid.UUID][]uuid.UUID // by viewer
}

func newAudience(tb testing.TB, viewers []*access.Viewer, owner map[uuid.UUID]uuid.UUID) *audience {
	tb.Helper()
	a := &audience{owner: owner, told: map[uuid.UUID][]uuid.UUID{}}
	a.Hub = live.NewHub(live.Limits{Streams: 1e6, PerUser: 1e6, Buffer: 1000},
		func(_ context.Context, v *access.Viewer) (*access.Viewer, error) { return v, nil }, slog.New(slog.DiscardHandler))
	for _, v := range viewers {
		ctx, cancel := context.WithCancel(context.Background())
		ctx, stream, err := a.Open(ctx, v, func(error) {})
		if err != nil {
			tb.Fatal(err)
		}
		ctx, _ = stream.Operation(ctx)
		_, err = live.Subscribe(ctx, a.Hub, live.Source[uuid.UUID]{
			Entity: "Notification", Key: live.Key(append(v.SessionID[:], v.UserID[:]...)),
			Door: func(context.Context) error { return nil },
			Read: func(ctx context.Context, e events.Event) (uuid.UUID, error) {
				defer a.reads.Add(1)
				me := access.FromContext(ctx)
				if whose, owned := a.owner[e.ID]; owned && whose != me.UserID {
					return uuid.Nil, live.Nothing
				}
				a.mu.Lock()
				defer a.mu.Unlock()
				a.told[me.SessionID] = append(a.told[me.SessionID], e.ID)
				return e.ID, nil
			},
		})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { cancel(); stream.Close() })
	}
	return a
}

// TestNobodyIsKeptFromWhatTheyMaySee tells one hub whom events are for, and
// another one nothing of it: both must tell the same people the same things.
func TestNobodyIsKeptFromWhatTheyMaySee(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			users, viewers := make([]uuid.UUID, 1+random.IntN(5)), []*access.Viewer{}
			for i := range users {
				users[i] = ids.New(ids.User)
				for range 1 + random.IntN(3) {
					viewers = append(viewers, &access.Viewer{UserID: users[i], SessionID: ids.New(ids.UserSession), Until: time.Now().Add(time.Hour)})
				}
			}
			owner := map[uuid.UUID]uuid.UUID{}
			var news []events.Event
			for range 30 {
				e := events.Event{Entity: "Notification", ID: ids.New(ids.Notification), Version: 1}
				switch random.IntN(4) {
				case 0: // is everybody's
				case 1: // is somebody's, and the event does not say so
					owner[e.ID] = users[random.IntN(len(users))]
				default:
					e.For = users[random.IntN(len(users))]
					owner[e.ID] = e.For
				}
				news = append(news, e)
			}
			told, plain := newAudience(t, viewers, owner), newAudience(t, viewers, owner)
			for _, e := range news {
				told.Listener().Changed(e)
				e.For = uuid.Nil
				plain.Listener().Changed(e)
			}
			synctest.Wait()
			if diff := cmp.Diff(plain.told, told.told); diff != "" {
				t.Errorf("seed %d: -asked each time +told whom it is for\n%s", seed, diff)
			}
			if len(users) > 1 && told.reads.Load() >= plain.reads.Load() {
				t.Errorf("seed %d: %d reads instead of %d", seed, told.reads.Load(), plain.reads.Load())
			}
			if n := slices.MaxFunc(viewers, func(a, b *access.Viewer) int { return len(told.told[a.SessionID]) - len(told.told[b.SessionID]) }); len(told.told[n.SessionID]) == 0 {
				t.Errorf("seed %d: nobody is told anything", seed)
			}
		})
	}
}

// BenchmarkNewsForOne is what an event costs that concerns one of 2,000 sessions,
// with reads that cost nothing: see the reads.
func BenchmarkNewsForOne(b *testing.B) {
	for name, says := range map[string]bool{"told whom it is for": true, "asked each time": false} {
		b.Run(name, func(b *testing.B) {
			viewers := make([]*access.Viewer, 2000)
			for i := range viewers {
				viewers[i] = viewer()
			}
			owner := map[uuid.UUID]uuid.UUID{}
			a := newAudience(b, viewers, owner)
			tell := a.Listener()
			n, last := int64(0), int64(1)
			if !says {
				last = int64(len(viewers))
			}
			for b.Loop() {
				e := events.Event{Entity: "Notification", ID: ids.New(ids.Notification), Version: 1}
				owner[e.ID] = viewers[n%int64(len(viewers))].UserID
				if says {
					e.For = owner[e.ID]
				}
				n++
				tell.Changed(e)
				for a.reads.Load() < n*last { // until all of it is read
				}
			}
			b.ReportMetric(float64(a.reads.Load())/float64(n), "reads/op")
		})
	}
}
