package admission

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clinicgraph/internal/fault"
)

func enter(t *testing.T, g *Gate, p Priority, kind uint32) *Pass {
	t.Helper()
	pass, err := g.Enter(context.Background(), p, kind)
	if err != nil {
		t.Fatal(err)
	}
	return pass
}

func TestGate_lets_in_up_to_its_limit_and_refuses_the_next_within_50ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(3, time.Now)
		var passes []*Pass
		for range 3 {
			passes = append(passes, enter(t, g, Read, 1))
		}
		began := time.Now()
		_, err := g.Enter(context.Background(), Mutation, 1)
		f, ok := fault.As(err)
		if !ok || f.Code != fault.CodeOverloaded || f.RetryAfter < time.Second || f.RetryAfter > 3*time.Second {
			t.Errorf("a fourth: %v", err)
		}
		if took := time.Since(began); took > 50*time.Millisecond {
			t.Errorf("refused after %s", took)
		}
		passes[0].Leave()
		passes[0].Leave() // does nothing
		enter(t, g, Read, 1)
		if load := g.Load(); load != (Load{Limit: 3, AtWork: 3}) {
			t.Errorf("%+v", load)
		}
	})
}

func TestGate_lets_the_most_urgent_in_first_and_of_these_the_newest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(1, time.Now)
		pass := enter(t, g, Read, 1)
		var mu sync.Mutex
		var order []int
		var running sync.WaitGroup
		for i, p := range []Priority{Report, Read, Mutation, Read, Refresh, Mutation} {
			running.Go(func() {
				mine, err := g.Enter(context.Background(), p, 1)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				mine.Leave()
			})
			synctest.Wait() // it stands in its queue
		}
		pass.Leave()
		running.Wait()
		if want := []int{4, 5, 2, 3, 1, 0}; !slices.Equal(order, want) {
			t.Errorf("%v, want %v", order, want)
		}
	})
}

func TestGate_in_a_lasting_queue_refuses_nearly_at_once_but_for_a_refresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(1, time.Now)
		pass := enter(t, g, Read, 1)
		// Somebody always waits, in turns that overlap.
		var running sync.WaitGroup
		for i := range 100 {
			running.Go(func() {
				time.Sleep(time.Duration(i) * 2 * time.Millisecond) // synctest's clock
				_, _ = g.Enter(context.Background(), Read, 1)
			})
		}
		time.Sleep(150 * time.Millisecond)
		for p, want := range map[Priority]time.Duration{Read: crowdPatience, Mutation: crowdPatience, Refresh: patience} {
			began := time.Now()
			if _, err := g.Enter(context.Background(), p, 1); fault.CodeOf(err) != fault.CodeOverloaded || time.Since(began) > want {
				t.Errorf("priority %d: %v after %s", p, err, time.Since(began))
			}
		}
		running.Wait()
		pass.Leave()
	})
}

func TestGate_forgets_who_has_gone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(1, time.Now)
		pass := enter(t, g, Read, 1)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := g.Enter(ctx, Read, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		pass.Leave()
		if load := g.Load(); load != (Load{Limit: 1}) {
			t.Errorf("%+v", load)
		}
	})
}

func TestGate_loses_no_place_however_many_come_at_once(t *testing.T) {
	g := New(8, time.Now)
	var atWork, most, refused atomic.Int64
	var running sync.WaitGroup
	for range 400 {
		running.Go(func() {
			pass, err := g.Enter(context.Background(), Read, 7)
			if err != nil {
				refused.Add(1)
				return
			}
			n := atWork.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			atWork.Add(-1)
			pass.Leave()
		})
	}
	running.Wait()
	if load := g.Load(); load.AtWork != 0 || load.Waiting != 0 || most.Load() > 8 {
		t.Errorf("%+v, %d at once, %d refused", load, most.Load(), refused.Load())
	}
}

// machine is a server whose requests take the time of their work when there is
// a processor for each, and share the processors otherwise. It works off n
// requests that come at the rate, and gives how long the admitted took and how
// many they were.
func machine(t *testing.T, g *Gate, every, work time.Duration, procs int, lasts time.Duration) (took []time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var running sync.WaitGroup
	atWork := 0
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(every) {
		running.Go(func() {
			began := time.Now()
			pass, err := g.Enter(context.Background(), Read, 1)
			if err != nil {
				return
			}
			defer pass.Leave()
			mu.Lock()
			atWork++
			mu.Unlock()
			// In small steps, each as long as the company makes it.
			const step = time.Millisecond
			for done := time.Duration(0); done < work; done += step {
				mu.Lock()
				shared := max(1, float64(atWork)/float64(procs))
				mu.Unlock()
				time.Sleep(time.Duration(float64(step) * shared))
			}
			mu.Lock()
			atWork--
			took = append(took, time.Since(began))
			mu.Unlock()
		})
	}
	running.Wait()
	slices.Sort(took)
	return took
}

func TestLimit_falls_under_load_until_requests_are_quick_and_comes_back(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(64, 2, time.Now)
		// Two processors and 10 ms of work make 200 a second.
		calm := machine(t, g, 20*time.Millisecond, 10*time.Millisecond, 2, 5*time.Second)
		if len(calm) != 250 || g.Load().Limit != 16 {
			t.Fatalf("a quarter of the load: %d of 250, limit %d", len(calm), g.Load().Limit)
		}
		unloaded := calm[len(calm)*99/100]
		first := machine(t, g, 500*time.Microsecond, 10*time.Millisecond, 2, 500*time.Millisecond)
		t.Logf("in the first half second of a rush: %d of 100, p50 %s, p90 %s", len(first), first[len(first)/2], first[len(first)*90/100])
		if len(first) < 80 || first[len(first)*90/100] > 10*unloaded {
			t.Errorf("the first half second: %d of 100 were done, p90 %s, unloaded %s", len(first), first[len(first)*90/100], unloaded)
		}
		busy := machine(t, g, 500*time.Microsecond, 10*time.Millisecond, 2, 10*time.Second)
		t.Logf("limit %d, %d of 2000 in ten seconds, p50 %s, unloaded %s", g.Load().Limit, len(busy), busy[len(busy)/2], unloaded)
		if limit := g.Load().Limit; limit > 12 {
			t.Errorf("limit %d under ten times the load", limit)
		}
		if len(busy) < 1600 {
			t.Errorf("%d of 2000 were done", len(busy))
		}
		// The first tenths of a second are slow for those who were let in then.
		if p90 := busy[len(busy)*90/100]; p90 > 5*unloaded {
			t.Errorf("p90 %s of the admitted, %s unloaded", p90, unloaded)
		}
		machine(t, g, 20*time.Millisecond, 10*time.Millisecond, 2, 3*time.Second)
		if limit := g.Load().Limit; limit < 15 || limit > 16 {
			t.Errorf("limit %d after three calm seconds", limit)
		}
	})
}

func TestLimit_does_not_fall_for_what_is_slow_by_itself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(64, 2, time.Now)
		for i := range 200 {
			pass := enter(t, g, Read, 1)
			time.Sleep(time.Duration(1+i%2*50) * time.Millisecond)
			pass.Leave()
		}
		if limit := g.Load().Limit; limit != 16 {
			t.Errorf("limit %d with one request at a time", limit)
		}
	})
}

func TestLimit_begins_moderate(t *testing.T) {
	for _, c := range []struct{ ceiling, procs, calm, floor int }{
		{64, 2, 16, 4}, {64, 7, 56, 14}, {64, 8, 64, 16}, {64, 9, 64, 18}, {16, 2, 16, 4}, {15, 2, 15, 4}, {4, 2, 4, 4}, {1, 2, 1, 1},
	} {
		g := newGate(c.ceiling, c.procs, time.Now)
		if g.Load().Limit != c.calm || g.floor != c.floor {
			t.Errorf("ceiling %d, %d processors: limit %d, floor %d", c.ceiling, c.procs, g.Load().Limit, g.floor)
		}
	}
}

// rounds has n at work at once, again and again, each for the time, and says what
// the limit is after each round.
func rounds(t *testing.T, g *Gate, count, n int, work time.Duration) (limits []int) {
	t.Helper()
	for range count {
		passes := make([]*Pass, 0, n)
		for range n {
			if pass, err := g.Enter(context.Background(), Mutation, 1); err == nil {
				passes = append(passes, pass)
			}
		}
		time.Sleep(work)
		for _, p := range passes {
			p.Leave()
		}
		limits = append(limits, g.Load().Limit)
	}
	return limits
}

func TestLimit_rises_by_a_quarter_while_it_is_used_and_nobody_is_slowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(64, 2, time.Now)
		// Half of the limit is used, and of what it is then, less than half.
		if got := rounds(t, g, 3, 8, 150*time.Millisecond); !slices.Equal(got, []int{16, 21, 19}) {
			t.Errorf("8 at work: %d", got)
		}
		// As many as are let in.
		for range 8 {
			rounds(t, g, 1, g.Load().Limit, 150*time.Millisecond)
		}
		if limit := g.Load().Limit; limit != 64 {
			t.Errorf("limit %d, and nobody is slower than alone", limit)
		}
		rounds(t, g, 60, 8, 150*time.Millisecond)
		if limit := g.Load().Limit; limit != 16 {
			t.Errorf("limit %d after a time in which it was not used", limit)
		}
	})
}

func TestLimit_falls_at_once_when_requests_are_far_too_slow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			work time.Duration
			n    int
			want int
		}{
			{45 * time.Millisecond, 7, 16},  // too few of them
			{45 * time.Millisecond, 8, 7},   // 16 * 2 / 4.5
			{39 * time.Millisecond, 16, 16}, // too slow, and the window is not over
			{90 * time.Millisecond, 8, 4},   // not below the floor
		} {
			g := newGate(64, 2, time.Now)
			g.usual[1] = 10 * time.Millisecond
			if got := rounds(t, g, 1, c.n, c.work); got[0] != c.want {
				t.Errorf("%d that take %s instead of 10ms: limit %d, want %d", c.n, c.work, got[0], c.want)
			}
		}
	})
}

func TestAsManyMayWaitAsAreLetInMeanwhile(t *testing.T) {
	for _, c := range []struct {
		limit float64
		took  time.Duration
		want  int
	}{
		{8, 0, 8}, {8, time.Millisecond, 8}, {8, 3 * time.Millisecond, 8}, {8, 8 * time.Millisecond, 3}, {8, 20 * time.Millisecond, 2}, {8, time.Second, 2},
		{1, time.Second, 1}, {64, 20 * time.Millisecond, 9},
	} {
		g := &Gate{limit: c.limit, took: c.took}
		if got := g.useful(); got != c.want {
			t.Errorf("limit %v, %s each: %d, want %d", c.limit, c.took, got, c.want)
		}
	}
}

func TestGate_is_full_when_more_waiting_would_be_in_vain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(8, 1, time.Now)
		rounds(t, g, 5, 8, 40*time.Millisecond) // takes that long, each time
		for range g.Load().Limit {
			enter(t, g, Mutation, 1)
		}
		var running sync.WaitGroup
		for i := range 150 { // one or two wait at any time
			running.Go(func() {
				time.Sleep(time.Duration(i) * 2 * time.Millisecond) // synctest's clock
				_, _ = g.Enter(context.Background(), Mutation, 1)
			})
		}
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		before := g.Load().Waiting
		if before != 2 || !g.Full() {
			t.Errorf("%d wait, full: %v", before, g.Full())
		}
		running.Wait()
	})
}
