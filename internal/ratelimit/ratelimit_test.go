package ratelimit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a clock that stands still until it is moved.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(1_800_000_000, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

func limiter(t *testing.T) (*Limiter, *clock) {
	t.Helper()
	c := &clock{}
	l := New(Rates{Anonymous: 50, User: 200, Staff: 1000}, nil, c.now)
	t.Cleanup(l.Close)
	return l, c
}

// from is a request without sign-in.
func from(ip string) context.Context {
	ctx := access.WithRequest(context.Background(), access.Request{IP: ip})
	return access.NewContext(ctx, &access.Viewer{})
}

// by is a request of a user who holds the permission at the scope.
func by(id uuid.UUID, scope access.Scope) context.Context {
	ctx := access.WithRequest(context.Background(), access.Request{IP: "192.0.2.1"})
	return access.NewContext(ctx, &access.Viewer{UserID: id, Grants: []access.Grant{{Permission: access.CustomerRead, Scope: scope, Allowed: true}}})
}

// spend charges until it is refused, at most so often, and gives how often it
// was not.
func spend(t *testing.T, l *Limiter, ctx context.Context, cost, most int) (n int) {
	t.Helper()
	for ; n < most; n++ {
		if err := l.Charge(ctx, cost, ""); err != nil {
			if fault.CodeOf(err) != fault.CodeRateLimited {
				t.Fatal(err)
			}
			return n
		}
	}
	return n
}

func TestCharge_takes_what_a_bucket_holds_and_no_more(t *testing.T) {
	for name, c := range map[string]struct {
		ctx  context.Context
		want int
	}{
		"anonymous": {from("192.0.2.7"), 500},
		"user":      {by(uuid.New(), access.ScopeOwn), 2000},
		"staff":     {by(uuid.New(), access.ScopeUnit), 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			l, clock := limiter(t)
			if n := spend(t, l, c.ctx, 10, 5000); n*10 != c.want {
				t.Errorf("%d points, want %d", n*10, c.want)
			}
			clock.advance(time.Second)
			if n := spend(t, l, c.ctx, 10, 5000); n*10 != c.want/10 {
				t.Errorf("%d points after a second, want %d", n*10, c.want/10)
			}
		})
	}
}

func TestCharge_says_when_there_will_be_enough(t *testing.T) {
	l, clock := limiter(t)
	ctx := from("192.0.2.7")
	spend(t, l, ctx, 500, 1)
	f, ok := fault.As(l.Charge(ctx, 120, ""))
	if !ok || f.Code != fault.CodeRateLimited || f.RetryAfter != 3*time.Second {
		t.Fatalf("%v, want to be told to wait 3 s", f)
	}
	clock.advance(f.RetryAfter)
	if err := l.Charge(ctx, 120, ""); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func TestCharge_of_a_document_dearer_than_a_bucket_empties_a_full_one(t *testing.T) {
	l, clock := limiter(t)
	ctx := from("192.0.2.7")
	if err := l.Charge(ctx, 700, ""); err != nil {
		t.Fatal(err)
	}
	clock.advance(9 * time.Second)
	if l.Charge(ctx, 700, "") == nil {
		t.Error("it went through again before the bucket was full")
	}
	clock.advance(time.Second)
	if err := l.Charge(ctx, 700, ""); err != nil {
		t.Error(err)
	}
}

func TestBuckets_are_apart(t *testing.T) {
	l, _ := limiter(t)
	one, other := by(uuid.New(), access.ScopeOwn), by(uuid.New(), access.ScopeOwn)
	spend(t, l, one, 100, 100)
	spend(t, l, from("192.0.2.1"), 100, 100)
	if n := spend(t, l, other, 100, 100); n != 20 {
		t.Errorf("another user at the same address has %d hundreds", n)
	}
	if n := spend(t, l, from("192.0.2.2"), 100, 100); n != 5 {
		t.Errorf("another address has %d hundreds", n)
	}
}

func TestAnAddressOfIPv6CountsByIts64(t *testing.T) {
	l, _ := limiter(t)
	for i := range 50 {
		if err := l.Charge(from(fmt.Sprintf("2001:db8:1:2::%x", i+1)), 10, ""); err != nil {
			t.Fatal(err)
		}
	}
	if l.Charge(from("2001:db8:1:2:ffff::1"), 10, "") == nil {
		t.Error("another address of the same /64 has points left")
	}
	if err := l.Charge(from("2001:db8:1:3::1"), 10, ""); err != nil {
		t.Errorf("the next /64: %v", err)
	}
	got := []netip.Prefix{Network("192.0.2.1"), Network("::ffff:192.0.2.1"), Network("fe80::1%eth0"), Network("no address")}
	want := []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("fe80::/64"), {}}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestEnter_refuses_who_has_nothing_left_and_takes_nothing(t *testing.T) {
	l, clock := limiter(t)
	ctx := from("192.0.2.7")
	for range 1000 {
		if _, _, err := l.Enter(ctx); err != nil {
			t.Fatal(err)
		}
	}
	spend(t, l, ctx, 500, 1)
	_, tally, err := l.Enter(ctx)
	if fault.CodeOf(err) != fault.CodeRateLimited {
		t.Fatalf("an empty bucket lets in: %v", err)
	}
	want := []State{{Policy: "anonymous", Quota: 500, Window: 10 * time.Second, Remaining: 0, Reset: 10 * time.Second}}
	if diff := cmp.Diff(want, tally.States()); diff != "" {
		t.Error(diff)
	}
	clock.advance(20 * time.Millisecond) // a point
	if _, _, err := l.Enter(ctx); err != nil {
		t.Error(err)
	}
}

func TestSettle_charges_what_was_refused_unread(t *testing.T) {
	l, _ := limiter(t)
	ctx := from("192.0.2.7")
	left := func() int {
		t.Helper()
		_, tally, err := l.Enter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return tally.States()[0].Remaining
	}
	_, refused, err := l.Enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	refused.Settle()
	refused.Settle()
	if n := left(); n != 490 {
		t.Errorf("%d left, want that it cost 10 once", n)
	}
	inside, read, err := l.Enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Charge(inside, 3, ""); err != nil {
		t.Fatal(err)
	}
	read.Settle()
	if n := left(); n != 487 {
		t.Errorf("%d left, want that it cost its cost alone", n)
	}
}

func TestNoRateIsNoLimit(t *testing.T) {
	l := New(Rates{}, nil, time.Now)
	t.Cleanup(l.Close)
	for _, ctx := range []context.Context{from("192.0.2.7"), by(uuid.New(), access.ScopeAny), access.System(context.Background(), "job")} {
		if n := spend(t, l, ctx, 1_000_000, 100); n != 100 {
			t.Errorf("%d of 100", n)
		}
		if _, tally, err := l.Enter(ctx); err != nil || len(tally.States()) != 0 {
			t.Errorf("%v, %v", tally.States(), err)
		}
	}
}

func TestCharges_at_once_admit_no_more_than_one_after_the_other(t *testing.T) {
	l, _ := limiter(t)
	ctx := from("192.0.2.7")
	var admitted atomic.Int64
	var running sync.WaitGroup
	for range 50 {
		running.Go(func() {
			for range 20 {
				if l.Charge(ctx, 1, "") == nil {
					admitted.Add(1)
				}
			}
		})
	}
	running.Wait()
	if n := admitted.Load(); n != 500 {
		t.Errorf("%d admitted, want 500", n)
	}
}

func TestRandomAddressesDoNotGrowTheMemory(t *testing.T) {
	l, _ := limiter(t)
	for range maxBuckets + maxBuckets/2 {
		l.bucketOf(from(netip.AddrFrom4([4]byte{10, byte(rand.N(256)), byte(rand.N(256)), byte(rand.N(256))}).String()))
	}
	l.buckets.CleanUp()
	if n := l.buckets.EstimatedSize(); n > maxBuckets {
		t.Errorf("%d buckets", n)
	}
}
