package auth

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/fault"
)

// occupied is slots of which none is free, and what frees one.
func occupied(t *testing.T, n int) (*slots, func()) {
	t.Helper()
	s := newSlots(n)
	for range n {
		if err := s.acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return s, func() { s.free.Release(1) }
}

func wantOverloaded(t *testing.T, err error) {
	t.Helper()
	e, ok := fault.As(err)
	if !ok {
		t.Fatalf("got %v, want OVERLOADED", err)
	}
	want := &fault.Error{Code: fault.CodeOverloaded, Message: "The server is busy. Please try again in a moment.", RetryAfter: time.Second}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}
}

func TestNoMoreThanTheSlotsRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3
		s := newSlots(n)
		var running, most, done atomic.Int64
		release := make(chan struct{})
		var wg sync.WaitGroup
		for range n + n*queuePerSlot {
			wg.Go(func() {
				err := s.do(t.Context(), func() {
					now := running.Add(1)
					for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
					}
					<-release
					running.Add(-1)
					done.Add(1)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if got := running.Load(); got != n {
			t.Errorf("%d run, want %d", got, n)
		}
		close(release)
		wg.Wait()
		if most.Load() != n || done.Load() != n+n*queuePerSlot || s.waiting.Load() != 0 {
			t.Errorf("most %d, done %d, still waiting %d", most.Load(), done.Load(), s.waiting.Load())
		}
	})
}

func TestAFullQueueIsOverloadedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := occupied(t, 2)
		var wg sync.WaitGroup
		for range 2 * queuePerSlot {
			wg.Go(func() {
				if err := s.do(t.Context(), func() {}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		begin := time.Now()
		wantOverloaded(t, s.do(t.Context(), func() { t.Error("worked") }))
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("waited %s", waited)
		}
		release()
		wg.Wait()
		// The refused one has left no trace.
		if err := s.do(t.Context(), func() {}); err != nil {
			t.Error(err)
		}
	})
}

func TestWaitingEndsAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := occupied(t, 1)
		begin := time.Now()
		wantOverloaded(t, s.do(t.Context(), func() { t.Error("worked") }))
		if waited := time.Since(begin); waited != time.Second {
			t.Errorf("waited %s", waited)
		}
		release()
		if err := s.do(t.Context(), func() {}); err != nil {
			t.Errorf("after the slot is free: %v", err)
		}
	})
}

func TestWhoComesFirstIsServedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := occupied(t, 1)
		var order []int // guarded by the one slot
		var wg sync.WaitGroup
		for i := range queuePerSlot {
			wg.Go(func() {
				if err := s.do(t.Context(), func() { order = append(order, i) }); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait() // i is in the queue before i+1 comes
		}
		release()
		wg.Wait()
		if !slices.Equal(order, []int{0, 1, 2, 3}) {
			t.Errorf("served in order %v", order)
		}
	})
}

func TestACallerThatGoesAwayFreesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := occupied(t, 1)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range queuePerSlot {
			wg.Go(func() {
				if err := s.do(ctx, func() { t.Error("worked") }); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want the context's error", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		if n := s.waiting.Load(); n != 0 {
			t.Errorf("%d places are still taken", n)
		}
		release()
		if err := s.do(t.Context(), func() {}); err != nil {
			t.Error(err)
		}
	})
}

func TestADeadlineOfTheCallerIsItsOwnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := occupied(t, 1)
		defer release()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		begin := time.Now()
		err := s.do(ctx, func() { t.Error("worked") })
		if !errors.Is(err, context.DeadlineExceeded) || fault.CodeOf(err) == fault.CodeOverloaded || time.Since(begin) != 300*time.Millisecond {
			t.Errorf("got %v after %s", err, time.Since(begin))
		}
	})
}

func TestACallerThatIsGoneCostsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newSlots(1).do(ctx, func() { t.Error("worked") }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAPanicGivesTheSlotBack(t *testing.T) {
	s := newSlots(1)
	func() {
		defer func() { _ = recover() }()
		_ = s.do(t.Context(), func() { panic("boom") })
	}()
	if err := s.do(t.Context(), func() {}); err != nil {
		t.Error(err)
	}
}

// Whatever asks for a hash takes a slot: known, unknown and unusable alike.
func TestAllWorkTakesASlot(t *testing.T) {
	w := NewPasswords(testPepper(), Params{MemoryKiB: 8, Time: 1, Slots: 1})
	stored := mustHash(t, w, goodPassword)
	for name, call := range map[string]func(context.Context) error{
		"hash":     func(ctx context.Context) error { _, err := w.Hash(ctx, goodPassword); return err },
		"known":    func(ctx context.Context) error { _, _, err := w.Verify(ctx, stored, goodPassword); return err },
		"none":     func(ctx context.Context) error { _, _, err := w.Verify(ctx, "", goodPassword); return err },
		"unusable": func(ctx context.Context) error { _, _, err := w.Verify(ctx, "$1$x", goodPassword); return err },
		"dummy":    func(ctx context.Context) error { return w.VerifyDummy(ctx, goodPassword) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w.slots, _ = occupied(t, 1)
				wantOverloaded(t, call(t.Context()))
			})
		})
	}
}

func TestSlotCount(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		procs  int
		memory int64
		kib    uint32
		want   int
	}{
		{2, math.MaxInt64, 19456, 2},
		{64, math.MaxInt64, 19456, 16},
		{1, math.MaxInt64, 19456, 1},
		{8, 512 * mib, 19456, 6}, // a quarter is 128 MiB, 19 MiB each
		{8, 64 * mib, 19456, 1},  // less than one, and yet one must be
		{8, 0, 19456, 1},
	} {
		if got := slotCount(c.procs, c.memory, c.kib); got != c.want {
			t.Errorf("slotCount(%d, %d, %d) = %d, want %d", c.procs, c.memory, c.kib, got, c.want)
		}
	}
}
