package ratelimit

import (
	"math"
	"sync"
	"time"
)

// Tally is what a request has been charged, and what its client has left. Its
// methods may be called at once: one socket carries many operations.
type Tally struct {
	now func() time.Time

	mu     sync.Mutex
	bucket bucket
	paid   bool
	action *State
}

type tallyKey struct{}

// State is where a client stands with one of the limits.
type State struct {
	Policy    string        // the limit's name
	Quota     int           // points, or actions, in a window
	Window    time.Duration // in which a spent quota comes back
	Remaining int
	Reset     time.Duration // until the quota is whole again
}

// States lists where the client stands with the limits that count for it, the
// bucket first. None counts where none is set. A nil tally has none.
func (t *Tally) States() (all []State) {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if b := t.bucket; b.limiter != nil {
		left := max(0, b.limiter.TokensAt(t.now()))
		missing := float64(b.limiter.Burst()) - left
		all = append(all, State{
			Policy: names[b.class], Quota: b.limiter.Burst(), Window: depth * time.Second,
			Remaining: int(left), Reset: seconds(missing / float64(b.limiter.Limit())),
		})
	}
	if t.action != nil {
		all = append(all, *t.action)
	}
	return all
}

// Settle charges a request that has ended without a charge: it was refused before
// its cost was known. The price is taken from what is left, and no more.
func (t *Tally) Settle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paid || t.bucket.limiter == nil {
		return
	}
	t.paid = true
	now := t.now()
	t.bucket.limiter.AllowN(now, min(unread, int(t.bucket.limiter.TokensAt(now))))
}

// charged notes which bucket has paid: the viewer of a socket is known only after
// its request.
func (t *Tally) charged(b bucket) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paid, t.bucket = true, b
}

func (t *Tally) counted(s *State) {
	if t == nil || s == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.action = s
}

// seconds is a number of seconds, rounded up to whole ones.
func seconds(s float64) time.Duration { return time.Duration(math.Ceil(s)) * time.Second }
