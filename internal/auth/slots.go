package auth

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"clinicgraph/internal/fault"
)

const (
	maxSlots      = 16
	queuePerSlot  = 4
	maxQueueWait  = time.Second
	overloadRetry = time.Second
)

// slots bounds how many passwords are hashed at once. Each hash takes
// megabytes and a processor for tens of milliseconds: without the bound a
// flood of sign-ins takes the memory of the whole server.
//
// Those who wait are served first come, first served (semaphore.Weighted keeps
// that order); there are at most four for each slot, each for at most a second.
type slots struct {
	free    *semaphore.Weighted
	queue   int64
	waiting atomic.Int64
	running atomic.Int64
	size    int64
	heavy   bool // each hash takes a megabyte or more
	done    atomic.Int64
	waited  atomic.Int64 // since the start
	refused atomic.Int64 // likewise
}

func newSlots(n int) *slots {
	return &slots{free: semaphore.NewWeighted(int64(n)), queue: int64(n) * queuePerSlot, size: int64(n)}
}

// slotCount is how many hashes of memoryKiB may run at once: one for each
// processor and no more than a quarter of the memory limit (bytes), at least 1
// and at most 16.
func slotCount(procs int, memoryLimit int64, memoryKiB uint32) int {
	byMemory := memoryLimit / 4 / (int64(memoryKiB) * 1024)
	return int(max(1, min(int64(procs), byMemory, maxSlots)))
}

// defaultSlots is slotCount for this process. Without GOMEMLIMIT the limit is
// the largest int64, and the processors decide.
func defaultSlots(memoryKiB uint32) int {
	return slotCount(runtime.GOMAXPROCS(0), debug.SetMemoryLimit(-1), memoryKiB)
}

// do runs work in a slot. It answers OVERLOADED, before any work, when the
// queue is full or the wait was too long, and ctx's error when the caller went
// away while waiting: its place is free at once.
func (s *slots) do(ctx context.Context, work func()) error {
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.free.Release(1)
	s.running.Add(1)
	defer s.running.Add(-1)
	work()
	s.tidy()
	return nil
}

// tidy collects the garbage of as many hashes as may be at work at once. The
// library takes new megabytes for each, and the collector, which is set to run
// late, would let them pile up to many times what is in use. The slot stays taken
// meanwhile: that is what keeps the bound.
func (s *slots) tidy() {
	if s.heavy && s.done.Add(1)%s.size == 0 {
		runtime.GC()
	}
}

func (s *slots) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait for a password slot: %w", err)
	}
	if s.free.TryAcquire(1) { // refuses while others wait: no overtaking
		return nil
	}
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > s.queue {
		return s.overloaded()
	}
	s.waited.Add(1)
	wait, cancel := context.WithTimeout(ctx, maxQueueWait)
	defer cancel()
	if s.free.Acquire(wait, 1) == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait for a password slot: %w", err)
	}
	return s.overloaded()
}

func (s *slots) overloaded() error {
	s.refused.Add(1)
	err := fault.New(fault.CodeOverloaded, "The server is busy. Please try again in a moment.")
	err.RetryAfter = overloadRetry
	return err
}

// Queue is how busy hashing is, and has been since the start.
type Queue struct {
	Slots, Running, Waiting int64 // hashes that may be at work at once, that are, and that wait
	Waited, Refused         int64
}

// Queue says how busy hashing is.
func (w *Passwords) Queue() Queue {
	return Queue{
		Slots: int64(w.params.Slots), Running: w.slots.running.Load(), Waiting: w.slots.waiting.Load(),
		Waited: w.slots.waited.Load(), Refused: w.slots.refused.Load(),
	}
}
