// Package ratelimit owns how much one client may ask: a bucket of cost points for
// each user, and for each address that nobody has signed in from, and the counts
// of sensitive actions. It never speaks HTTP, reads a document or knows what an
// action does.
package ratelimit

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// Rates are how many points a bucket gets each second; 0 is no limit.
type Rates struct {
	Anonymous int // of one address; of IPv6 one /64, which is what one customer of a provider has
	User      int // of one signed-in user
	Staff     int // of one user who may see other people's data
}

const (
	// depth is how many seconds' worth of points a bucket holds. With the default
	// rates that is just what the dearest document of each class may cost.
	depth = 10

	// unread is the price of a request that was refused before anybody knew its
	// cost: a document that is no GraphQL takes up to 50 ms to find out.
	unread = 10

	// The buckets kept in memory. One that nobody has used for a minute is full
	// again, so nothing is lost with it. With more clients than that the least
	// used are forgotten early, and begin with a full bucket.
	maxBuckets = 100_000
	forget     = time.Minute
)

// Limiter holds the buckets of this process. Servers that share a database do
// not share them: behind a balancer a client has the sum. A nil Limiter charges
// nothing.
type Limiter struct {
	rates   [classes]int
	now     func() time.Time
	buckets *otter.Cache[bucketKey, *rate.Limiter]
	actions *Actions
}

// class is which of the rates counts for a client.
type class uint8

const (
	anonymous class = iota
	user
	staff
	classes
)

// names of the classes, as the answers' headers show them.
var names = [classes]string{"anonymous", "user", "staff"}

// bucketKey is whose bucket it is: a user's, or that of a part of the network.
type bucketKey struct {
	class class
	user  uuid.UUID
	net   netip.Prefix
}

// New makes a limiter with full buckets. Actions may be nil: then sensitive
// actions cost their points and no more. The caller ends it with Close.
func New(r Rates, actions *Actions, now func() time.Time) *Limiter {
	return &Limiter{
		rates: [classes]int{r.Anonymous, r.User, r.Staff}, now: now, actions: actions,
		buckets: otter.Must(&otter.Options[bucketKey, *rate.Limiter]{
			MaximumSize:      maxBuckets,
			ExpiryCalculator: otter.ExpiryAccessing[bucketKey, *rate.Limiter](forget),
		}),
	}
}

// Close ends what the limiter does in the background.
func (l *Limiter) Close() {
	if l != nil {
		l.buckets.StopAllGoroutines()
	}
}

// Enter looks whether the client of ctx has anything left, before its request is
// read: what is refused here has cost nothing. The tally is for the answer; the
// caller settles it at the end. Errors: RATE_LIMITED, with the tally.
func (l *Limiter) Enter(ctx context.Context) (context.Context, *Tally, error) {
	b := l.bucketOf(ctx)
	t := &Tally{now: l.now, bucket: b}
	if b.limiter != nil && b.limiter.TokensAt(l.now()) < 1 {
		return ctx, t, b.refusal(l.now(), 1)
	}
	return context.WithValue(ctx, tallyKey{}, t), t, nil
}

// Charge takes the cost of an operation from its client's bucket, before the
// operation runs. A document that costs more than a bucket holds empties it. A
// sensitive action, by its name, is counted as well. Errors: RATE_LIMITED, and
// those of the database for sensitive actions.
func (l *Limiter) Charge(ctx context.Context, cost int, sensitive string) error {
	if l == nil {
		return nil
	}
	b := l.bucketOf(ctx)
	t, _ := ctx.Value(tallyKey{}).(*Tally)
	t.charged(b)
	if b.limiter != nil {
		now := l.now()
		n := min(max(cost, 1), b.limiter.Burst())
		if !b.limiter.AllowN(now, n) {
			return b.refusal(now, n)
		}
	}
	if sensitive == "" || l.actions == nil {
		return nil
	}
	state, err := l.actions.take(ctx, sensitive)
	t.counted(state)
	return err
}

// bucket is what a client draws from; without a limiter there is no limit.
type bucket struct {
	class   class
	limiter *rate.Limiter
}

// bucketOf finds the bucket of whoever acts in ctx.
func (l *Limiter) bucketOf(ctx context.Context) bucket {
	k := bucketKey{class: anonymous}
	switch v := access.FromContext(ctx); {
	case v == nil || v.Anonymous():
		k.net = Network(access.RequestOf(ctx).IP)
	case v.System() != "":
		return bucket{}
	case v.SeesOthers():
		k.class, k.user = staff, v.UserID
	default:
		k.class, k.user = user, v.UserID
	}
	points := l.rates[k.class]
	if points == 0 {
		return bucket{class: k.class}
	}
	limiter, _ := l.buckets.ComputeIfAbsent(k, func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Limit(points), points*depth), false
	})
	return bucket{k.class, limiter}
}

// refusal says when there will be n points.
func (b bucket) refusal(now time.Time, n int) error {
	missing := (float64(n) - b.limiter.TokensAt(now)) / float64(b.limiter.Limit())
	return tooMany(time.Duration(missing * float64(time.Second)))
}

// tooMany is the fault of whoever has asked too much; the wait is in whole
// seconds, one at least.
func tooMany(wait time.Duration) error {
	seconds := max(1, int(math.Ceil(wait.Seconds())))
	f := fault.New(fault.CodeRateLimited, "Too many requests. Please wait %s.", counted(seconds, "second"))
	f.RetryAfter = time.Duration(seconds) * time.Second
	return f
}

func counted(n int, noun string) string {
	if n == 1 {
		return "a " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Network is the part of the network that counts as one client: the address
// itself of IPv4, the /64 of IPv6. What is no address is one client, too.
func Network(ip string) netip.Prefix {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
