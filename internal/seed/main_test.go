package seed_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/rewards"
	"clinicgraph/internal/scheduling"
	"clinicgraph/internal/seed"
	"clinicgraph/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// system sees and may do everything.
func system(t *testing.T) context.Context { return access.System(t.Context(), "test") }

// deps wires the services as the server does, with cheap passwords.
func deps(s *store.Store, now time.Time) seed.Deps {
	clock := func() time.Time { return now }
	booking := &scheduling.Service{Store: s, Now: clock}
	return seed.Deps{
		Store: s, Now: clock,
		Passwords:  auth.NewPasswords(make([]byte, 32), auth.Params{MemoryKiB: 64, Time: 1}),
		Customers:  &customers.Service{Store: s, Now: clock},
		Catalog:    &catalog.Service{Store: s},
		Scheduling: booking,
		Orders:     &orders.Service{Store: s, Now: clock, Paid: booking.ConfirmPaid},
		Rewards:    &rewards.Service{Store: s, Now: clock},
	}
}

// all reads every row of a query, as the system.
func all[T any](t *testing.T, read func(context.Context) ([]T, error)) []T {
	t.Helper()
	rows, err := read(system(t))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// count counts the rows of a query, as the system.
func count(t *testing.T, read func(context.Context) (int, error)) int {
	t.Helper()
	n, err := read(system(t))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
