// Package openloop owns the generator of load that does not wait for answers:
// requests are due at times that are fixed beforehand, and each is measured from
// when it was due. So a server that stalls is charged for all who would have come
// meanwhile, and not only for those who could ("coordinated omission").
package openloop

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
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
	PerSecond   float64
	Lasts       time.Duration
	Connections int // bounds what is under way; who finds none free is late
}

// Result is what came of it. An answer is good when it is right, and rejected
// when it is 503 or 429 with Retry-After; anything else is the error of the run.
type Result struct {
	Good, Rejected Times
	Elapsed        time.Duration // until the last answer
}

// Times are how long answers took, from when their requests were due, in order
// once the run is over.
type Times []time.Duration

// At gives the time within which the given part of the answers came; 0 where
// there are none.
func (t Times) At(part float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	return t[min(int(float64(len(t))*part), len(t)-1)]
}

// GoodPerSecond is the rate of good answers.
func (r Result) GoodPerSecond() float64 { return float64(len(r.Good)) / r.Elapsed.Seconds() }

// Run asks questions of the set at random times, as many clients who know nothing
// of each other do (exponential gaps). The first answer that is neither good nor
// rejected ends it.
func (l Load) Run(ctx context.Context, set *question.Set) (Result, error) {
	due := l.schedule()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := make([]worker, l.Connections)
	var next atomic.Int64
	var running sync.WaitGroup
	began := time.Now()
	for i := range workers {
		running.Go(func() {
			if err := workers[i].run(ctx, l, set, began, due, &next); err != nil {
				cancel(err)
			}
		})
	}
	running.Wait()
	result := Result{Elapsed: time.Since(began)}
	if err := context.Cause(ctx); err != nil {
		return Result{}, fmt.Errorf("%s: %w", set.Name, err)
	}
	for _, w := range workers {
		result.Good, result.Rejected = append(result.Good, w.good...), append(result.Rejected, w.rejected...)
	}
	slices.Sort(result.Good)
	slices.Sort(result.Rejected)
	return result, nil
}

// schedule draws when requests are due, the same each time.
func (l Load) schedule() (due []time.Duration) {
	r := rand.New(rand.NewPCG(1, 2))
	for at := 0.0; at < l.Lasts.Seconds(); at += r.ExpFloat64() / l.PerSecond {
		due = append(due, time.Duration(at*float64(time.Second)))
	}
	return due
}

// worker is one connection.
type worker struct{ good, rejected Times }

func (w *worker) run(ctx context.Context, l Load, set *question.Set, began time.Time, due []time.Duration, next *atomic.Int64) (err error) {
	var c *keptconn.Conn
	defer func() {
		if c != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	for {
		n := int(next.Add(1) - 1)
		if n >= len(due) || ctx.Err() != nil {
			return nil
		}
		q, ok := set.Next()
		if !ok {
			return errors.New("there are no more questions")
		}
		at := began.Add(due[n])
		time.Sleep(time.Until(at))
		if c == nil { // not earlier: the server drops who connects and says nothing
			if c, err = keptconn.Dial(ctx, l.Addr, l.Token); err != nil {
				return err
			}
		}
		a, err := c.Ask(q.Body)
		if err != nil {
			return err
		}
		took := time.Since(at)
		if rejected(a) {
			w.rejected = append(w.rejected, took)
		} else if err := q.Check(a.Status, a.Body); err != nil {
			return err
		} else {
			w.good = append(w.good, took)
		}
		if a.Last {
			return fmt.Errorf("status %d: the server closes the connection", a.Status)
		}
	}
}

func rejected(a keptconn.Answer) bool {
	if a.Status != http.StatusServiceUnavailable && a.Status != http.StatusTooManyRequests {
		return false
	}
	seconds, err := strconv.Atoi(a.RetryAfter)
	return err == nil && seconds > 0
}
