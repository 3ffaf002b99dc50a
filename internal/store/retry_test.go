package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"clinicgraph/internal/fault"
)

var (
	serialization = &pq.Error{Code: pqerror.TRSerializationFailure}
	deadlock      = &pq.Error{Code: pqerror.TRDeadlockDetected}
)

func TestRetry(t *testing.T) {
	run := func(t *testing.T, duration time.Duration, results ...error) (runs int, took time.Duration, err error) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			ctx, start := t.Context(), time.Now()
			err = Retry(ctx, func(context.Context) error {
				wait(context.Background(), duration)
				runs++
				return results[min(runs, len(results))-1]
			})
			took = time.Since(start)
		})
		return runs, took, err
	}
	other := errors.New("other")

	t.Run("repeats_what_lost_until_it_wins", func(t *testing.T) {
		runs, took, err := run(t, 0, serialization, Classify(deadlock), nil)
		if runs != 3 || err != nil {
			t.Errorf("%d runs, %v; want 3 and success", runs, err)
		}
		if took < 15*time.Millisecond || took >= 45*time.Millisecond {
			t.Errorf("waited %s, want 10 and 20 ms give or take a half", took)
		}
	})
	t.Run("gives_up_after_three_repeats", func(t *testing.T) {
		runs, took, err := run(t, 0, serialization)
		if runs != 4 || !errors.Is(err, serialization) {
			t.Errorf("%d runs, %v; want 4 and the last error", runs, err)
		}
		if took < 35*time.Millisecond || took >= 105*time.Millisecond {
			t.Errorf("waited %s, want 10, 20 and 40 ms give or take a half", took)
		}
	})
	t.Run("does_not_repeat_other_errors", func(t *testing.T) {
		for _, e := range []error{nil, other, fault.Conflict("no"), &pq.Error{Code: pqerror.UniqueViolation}, context.Canceled} {
			if runs, _, err := run(t, 0, e); runs != 1 || !errors.Is(err, e) {
				t.Errorf("%d runs, %v; want 1 and %v", runs, err, e)
			}
		}
	})
	t.Run("never_repeats_a_commit_of_unknown_outcome", func(t *testing.T) {
		for _, e := range []error{commitUnknown(other), commitUnknown(serialization)} {
			if runs, _, err := run(t, 0, e); runs != 1 || !errors.Is(err, ErrCommitUnknown) {
				t.Errorf("%d runs, %v; want 1", runs, err)
			}
		}
	})
	t.Run("does_not_begin_again_after_its_budget", func(t *testing.T) {
		if runs, _, _ := run(t, 1500*time.Millisecond, serialization); runs != 2 {
			t.Errorf("%d runs of 1.5 s; want 2", runs)
		}
	})
	t.Run("stops_waiting_with_its_context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			runs, start := 0, time.Now()
			err := Retry(ctx, func(context.Context) error {
				runs++
				cancel()
				return serialization
			})
			if took := time.Since(start); runs != 1 || took != 0 || !errors.Is(err, serialization) {
				t.Errorf("%d runs in %s, %v; want 1 at once with its own error", runs, took, err)
			}
		})
	})
}
