package seed_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"clinicgraph/ent"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/guard"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/rewards"
	"clinicgraph/internal/scheduling"
	"clinicgraph/internal/seed"
	"clinicgraph/internal/store"
	"clinicgraph/migrate"
)

func openTmp(t *testing.T) *store.Store {
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "c.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := migrate.Apply(context.Background(), db); err != nil {
		t.Fatal(err)
	}
	client := ent.NewClient(ent.Driver(db.Driver))
	guard.Install(client, func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) })
	return &store.Store{Client: client, DB: db}
}

func depsOf(s *store.Store, now func() time.Time) seed.Deps {
	sched := &scheduling.Service{Store: s, Now: now}
	return seed.Deps{
		Store: s, Now: now,
		Passwords:  auth.NewPasswords(make([]byte, 32), auth.Params{}),
		Customers:  &customers.Service{Store: s, Now: now},
		Catalog:    &catalog.Service{Store: s},
		Scheduling: sched,
		Orders:     &orders.Service{Store: s, Now: now, Paid: sched.ConfirmPaid},
		Rewards:    &rewards.Service{Store: s, Now: now},
	}
}

func TestTmp(t *testing.T) {
	s := openTmp(t)
	now := func() time.Time { return time.Date(2026, 3, 18, 10, 30, 0, 0, time.UTC) }
	start := time.Now()
	accounts, err := seed.Demo(t.Context(), depsOf(s, now), seed.Options{Folder: t.TempDir(), Currency: "EUR", Timezone: "UTC"})
	t.Logf("%v %+v", time.Since(start), accounts)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.DB.Read.Query(`select 'b '||status, count(*) from bookings group by 1 union all select 'c '||charge_status||status, count(*) from orders group by 1 union all select 'redemp', count(*) from reward_redemptions union all select 'oplog', count(*) from operation_logs union all select 'today', count(*) from bookings where starts_at like '2026-03-18%' union all select 'pay', count(*) from payment_transactions union all select source, count(*) from bookings group by 1`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var k string
		var n int
		rows.Scan(&k, &n)
		t.Log(k, n)
	}
}
