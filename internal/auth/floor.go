package auth

import (
	"context"
	"math/rand/v2"
	"time"
)

// A failed sign-in is answered no sooner than this after it came in, so that the
// little that the database has to do more for an account that exists cannot be
// measured. Source: the delays of Authelia's first factor.
const (
	floorLeast  = 250 * time.Millisecond
	floorSpread = 85 * time.Millisecond
)

// Pause waits, or until ctx ends.
func Pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// floor holds a failure back; began is when the request came in. Nothing that
// depends on the account may come after it.
func (s *Service) floor(ctx context.Context, began time.Time, err error) {
	if err == nil {
		return
	}
	if rest := floorLeast + rand.N(floorSpread) - time.Since(began); rest > 0 {
		s.Pause(ctx, rest)
	}
}
