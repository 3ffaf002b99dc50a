package jobs

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"go.uber.org/goleak"

	"clinicgraph/ent"
	"clinicgraph/ent/product"
	"clinicgraph/internal/access"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/money"
	"clinicgraph/internal/scheduling"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opening is a Monday morning.
var opening = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

// clock is a clock that the test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// clinic is the smallest place at which a booking waits for confirmation, for 30
// minutes.
type clinic struct {
	*clock
	store      *store.Store
	scheduling *scheduling.Service
	request    scheduling.Request
	user       *ent.User
}

func each(t *testing.T, test func(t *testing.T, ctx context.Context, c *clinic)) {
	t.Helper()
	testdb.EachAt(t, func() time.Time { return opening }, func(t *testing.T, s *store.Store) {
		ctx := access.System(t.Context(), "test")
		c := &clinic{clock: &clock{now: opening}, store: s}
		c.scheduling = &scheduling.Service{Store: s, Now: c.Now}
		c.furnish(t, ctx)
		test(t, ctx, c)
	})
}

func (c *clinic) furnish(t *testing.T, ctx context.Context) {
	t.Helper()
	err := c.store.InTx(ctx, func(tx *ent.Client, _ *sql.Tx) (err error) {
		c.user, err = tx.User.Create().SetUsername("doctor").SetUsernameKey("doctor").
			SetEmail("doctor@example.test").SetEmailKey("doctor@example.test").Save(ctx)
		return err
	})
	check(t, err)
	service, err := (&catalog.Service{Store: c.store}).CreateProduct(ctx, catalog.NewProduct{
		SKU: "CHECKUP", Name: "Check-up", Kind: product.KindService, Price: money.Amount{Minor: 5000, Currency: "EUR"},
		Scheduling: &catalog.Scheduling{DurationMinutes: 30, IntervalMinutes: 30, HorizonDays: 30, HoldMinutes: 30, RequiresConfirmation: true},
	})
	check(t, err)
	p, err := c.scheduling.CreatePractitioner(ctx, scheduling.NewPractitioner{UserID: c.user.ID, DisplayName: "The doctor", Timezone: "UTC"})
	check(t, err)
	check(t, c.scheduling.SetWorkingHours(ctx, p.ID, []scheduling.WeeklyHours{{Weekday: time.Monday, Start: 9 * 60, End: 17 * 60}}))
	check(t, (&catalog.Service{Store: c.store}).OfferService(ctx, p.ID, service.ID))
	patient, err := (&customers.Service{Store: c.store, Now: c.Now}).Create(ctx, customers.Profile{GivenName: "Test", Surname: "Patient"})
	check(t, err)
	c.request = scheduling.Request{CustomerID: &patient.ID, ServiceID: service.ID, PractitionerID: p.ID, StartsAt: opening.Add(4 * time.Hour)}
}

// server starts the jobs of one server and gives the ends of all of them.
func (c *clinic) server(t *testing.T, change func(*Verbs)) (*Jobs, <-chan *river.Event) {
	t.Helper()
	verbs := Verbs{ExpireBookings: c.scheduling.Expire, Store: c.store, Now: c.Now}
	if change != nil {
		change(&verbs)
	}
	config := configure(verbs, slog.New(slog.NewTextHandler(t.Output(), nil)))
	config.TestOnly = true // no random wait at the start
	config.FetchPollInterval, config.FetchCooldown = 20*time.Millisecond, 10*time.Millisecond
	j, err := prepare(c.store.DB, config)
	check(t, err)
	events, cancel := j.client.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed)
	t.Cleanup(cancel)
	check(t, j.Start(t.Context()))
	// The test's own context ends before its cleanup.
	t.Cleanup(func() { check(t, j.Stop(context.Background())) })
	return j, events
}

// ended waits for the next end of a job of the kind.
func ended(t *testing.T, events <-chan *river.Event, kind string) *river.Event {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case e := <-events:
			if e.Job.Kind == kind {
				return e
			}
		case <-limit:
			t.Fatalf("no %s ended within a minute", kind)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
