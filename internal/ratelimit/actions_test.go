package ratelimit_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ratelimit"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

var noon = time.Date(2030, 1, 7, 12, 0, 0, 0, time.UTC)

// servers are as many limiters on one database as there are servers, with ten of
// each action in five minutes.
func servers(t *testing.T, db *store.Store, n int, now func() time.Time) (all []*ratelimit.Limiter) {
	t.Helper()
	for range n {
		l := ratelimit.New(ratelimit.Rates{}, &ratelimit.Actions{Store: db, Quota: 10, Now: now}, now)
		t.Cleanup(l.Close)
		all = append(all, l)
	}
	return all
}

func at(ip string) context.Context {
	ctx := access.WithRequest(context.Background(), access.Request{IP: ip})
	return access.NewContext(ctx, &access.Viewer{})
}

func TestActions_at_once_on_three_servers_are_exactly_as_many_as_allowed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.Store) {
		all := servers(t, db, 3, func() time.Time { return noon })
		var admitted, refused atomic.Int64
		var running sync.WaitGroup
		for i := range 45 {
			running.Go(func() {
				switch err := all[i%3].Charge(at("192.0.2.1"), 1, "login"); fault.CodeOf(err) {
				case "":
					admitted.Add(1)
				case fault.CodeRateLimited:
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		running.Wait()
		if admitted.Load() != 10 || refused.Load() != 35 {
			t.Errorf("%d admitted, %d refused", admitted.Load(), refused.Load())
		}
	})
}

func TestActions_come_back_one_by_one(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.Store) {
		now := noon
		l := servers(t, db, 1, func() time.Time { return now })[0]
		ctx := at("192.0.2.1")
		for i := range 10 {
			if err := l.Charge(ctx, 1, "login"); err != nil {
				t.Fatalf("attempt %d: %v", i+1, err)
			}
		}
		ctx, tally, err := l.Enter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		f, ok := fault.As(l.Charge(ctx, 1, "login"))
		if !ok || f.Code != fault.CodeRateLimited || f.RetryAfter != 30*time.Second {
			t.Fatalf("%v, want to be told to wait 30 s", f)
		}
		want := []ratelimit.State{{Policy: "login", Quota: 10, Window: 5 * time.Minute, Reset: 5 * time.Minute}}
		if diff := cmp.Diff(want, tally.States()); diff != "" {
			t.Error(diff)
		}
		now = now.Add(30*time.Second - time.Microsecond)
		if l.Charge(ctx, 1, "login") == nil {
			t.Error("a moment too early")
		}
		now = now.Add(time.Microsecond)
		if err := l.Charge(ctx, 1, "login"); err != nil {
			t.Error(err)
		}
		if l.Charge(ctx, 1, "login") == nil {
			t.Error("two came back")
		}
		for name, other := range map[string]context.Context{
			"another address": at("192.0.2.2"),
			"a user there":    access.NewContext(ctx, &access.Viewer{UserID: uuid.New()}),
		} {
			if err := l.Charge(other, 1, "login"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := l.Charge(ctx, 1, "register"); err != nil {
			t.Errorf("another action: %v", err)
		}
	})
}

func TestPurge_forgets_only_who_may_do_everything_again(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.Store) {
		now := noon
		l := servers(t, db, 1, func() time.Time { return now })[0]
		for i := range 3 {
			if err := l.Charge(at(fmt.Sprintf("192.0.2.%d", i)), 1, "login"); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(29 * time.Second)
		if err := l.Charge(at("192.0.2.0"), 1, "login"); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
		n, err := ratelimit.Purge(t.Context(), db, now)
		if err != nil || n != 2 {
			t.Errorf("forgot %d, %v", n, err)
		}
	})
}

func TestActions_that_cannot_be_counted_are_not_done(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.Store) {
		l := servers(t, db, 1, func() time.Time { return noon })[0]
		if err := db.DB.Close(); err != nil {
			t.Fatal(err)
		}
		if l.Charge(at("192.0.2.1"), 1, "login") == nil {
			t.Error("it goes through without a database")
		}
		if err := l.Charge(at("192.0.2.1"), 1, ""); err != nil {
			t.Errorf("and everything else does not: %v", err)
		}
	})
}
