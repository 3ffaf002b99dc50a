// Package closedloop owns the generator of load: so many connections, each with
// one request under way at any time, over HTTP/1.1 that is kept alive. It checks
// every answer. It never decides what to ask.
package closedloop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"clinicgraph/bench/internal/keptconn"
	"clinicgraph/bench/internal/question"
)

// Load says how much is asked of whom.
type Load struct {
	Addr        string // host:port of the server
	Token       string // access token
	Connections int
	Warm        time.Duration // asked and checked, but not counted
	Measure     time.Duration

	// Begin and End are called where the counting begins and ends.
	Begin, End func() error
}

// Result is what came of it.
type Result struct {
	Requests int // answered while it was counted
	Elapsed  time.Duration
	Bytes    int64 // of all answers counted
	P50, P99 time.Duration
	Dry      bool // there was nothing more to ask before the time was up
}

// PerSecond is the rate of answers.
func (r Result) PerSecond() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// The phases of a run.
const (
	warming int32 = iota
	counting
	stopping
)

// Run asks the questions of the set until the time is up or they run out. The
// first wrong answer ends it, and is the error.
func (l Load) Run(ctx context.Context, set *question.Set) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var phase atomic.Int32
	workers := make([]worker, l.Connections)
	var running sync.WaitGroup
	for i := range workers {
		workers[i] = worker{load: l, phase: &phase}
		running.Go(func() {
			if err := workers[i].run(ctx, set); err != nil {
				cancel(err)
			}
		})
	}
	idle := make(chan struct{})
	go func() { running.Wait(); close(idle) }()

	var result Result
	err := l.conduct(ctx, &phase, idle, &result)
	phase.Store(stopping)
	<-idle
	if cause := context.Cause(ctx); cause != nil {
		err = errors.Join(cause, err)
	}
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", set.Name, err)
	}
	result.sum(workers)
	if result.Requests == 0 {
		return Result{}, fmt.Errorf("%s: there was no answer in time", set.Name)
	}
	return result, nil
}

// conduct goes through the phases.
func (l Load) conduct(ctx context.Context, phase *atomic.Int32, idle <-chan struct{}, r *Result) error {
	if err := wait(ctx, idle, l.Warm, nil); err != nil {
		return err
	}
	if l.Begin != nil {
		if err := l.Begin(); err != nil {
			return err
		}
	}
	began := time.Now()
	phase.Store(counting)
	if err := wait(ctx, idle, l.Measure, &r.Dry); err != nil {
		return err
	}
	phase.Store(stopping)
	r.Elapsed = time.Since(began)
	if l.End != nil {
		return l.End()
	}
	return nil
}

func wait(ctx context.Context, idle <-chan struct{}, d time.Duration, dry *bool) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
	case <-idle:
		if dry != nil {
			*dry = true
		}
	}
	return nil
}

func (r *Result) sum(workers []worker) {
	var took []time.Duration
	for _, w := range workers {
		took = append(took, w.took...)
		r.Bytes += w.bytes
	}
	slices.Sort(took)
	r.Requests = len(took)
	if len(took) > 0 {
		r.P50, r.P99 = took[len(took)/2], took[len(took)*99/100]
	}
}

// worker is one connection.
type worker struct {
	load  Load
	phase *atomic.Int32

	took  []time.Duration
	bytes int64
}

func (w *worker) run(ctx context.Context, set *question.Set) (err error) {
	c, err := keptconn.Dial(ctx, w.load.Addr, w.load.Token)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for w.phase.Load() != stopping && ctx.Err() == nil {
		q, ok := set.Next()
		if !ok {
			return nil
		}
		counted := w.phase.Load() == counting
		began := time.Now()
		status, answer, err := ask(c, q.Body)
		if err != nil {
			return err
		}
		took := time.Since(began)
		if err := q.Check(status, answer); err != nil {
			return err
		}
		if counted && w.phase.Load() == counting {
			w.took = append(w.took, took)
			w.bytes += int64(len(answer))
		}
	}
	return nil
}
