package store

import (
	"context"
	"math/rand/v2"
	"time"
)

// Bounds of Retry.
const (
	maxRetries = 3
	// retryBudget is how long after its start a transaction may still be begun
	// again. SQLite has already waited 5 s when it says that it is busy; waiting
	// four times as long would help nobody.
	retryBudget = 2 * time.Second
	firstDelay  = 10 * time.Millisecond
)

// Retry runs fn, which is one whole transaction from begin to commit, and runs
// it again while it loses against other transactions: at most three times more,
// after 10, 20 and 40 ms give or take a half. It gives fn's last error
// unchanged. A commit whose outcome is unknown is never repeated.
//
// fn must start from nothing each time: what an earlier run has read is stale.
func Retry(ctx context.Context, fn func(context.Context) error) error {
	start := time.Now()
	for attempt := 0; ; attempt++ {
		err := fn(ctx)
		if err == nil || attempt == maxRetries || !Retryable(err) || time.Since(start) > retryBudget {
			return err
		}
		if !wait(ctx, jitter(firstDelay<<attempt)) {
			return err
		}
	}
}

// jitter spreads the losers of one conflict, which would otherwise meet again.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// wait says whether the time passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
