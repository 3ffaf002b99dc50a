// Package admission owns how many requests are at work at once: a limit that
// finds itself by how long requests take, and the order in which they come in
// when there are more. It never knows what a request is, beyond its priority.
package admission

import (
	"container/list"
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"clinicgraph/internal/fault"
)

// Priority is who comes first when not all can: the lowest.
type Priority int

// The priorities. A refused refresh signs somebody out, a refused mutation is
// work lost, a refused read is asked again, a report can wait.
const (
	Refresh Priority = iota
	Mutation
	Read
	Report
	priorities
)

// How long a request waits for its turn. A short rush is let in late rather than
// refused. But when there has been no place for a while, again and again, waiting
// does not help and only makes what is admitted slow: then most are refused nearly
// at once. After "Fail at Scale" (Maurer, ACM Queue 13.8, 2015), with its times
// made smaller.
const (
	patience      = 40 * time.Millisecond
	crowdPatience = 3 * time.Millisecond
	crowdAfter    = 100 * time.Millisecond

	// maxQueue bounds the memory of those who wait.
	maxQueue = 1000
)

// Gate lets requests in. At the start and in calm times the limit is a moderate
// one; see adapt for when it is not. Its methods may be called at once.
type Gate struct {
	ceiling, floor, alone int
	calm                  float64
	now                   func() time.Time

	mu       sync.Mutex
	limit    float64
	atWork   int
	queues   [priorities]list.List // of *Pass, the newest at the back
	waiting  int
	rush     time.Time // since when somebody finds no place, again and again
	lastFull time.Time // when somebody found no place
	usual    [kinds]time.Duration
	took     time.Duration // by a request of the last window; 0: not known
	window   window
}

// New makes a gate that never lets more than ceiling requests work at once. The
// floor, below which the limit does not fall, keeps the processors busy. What is
// let in in calm times is a small rush, such as the pages of a morning, and not
// so much that the first of a large one would be slow for all.
func New(ceiling int, now func() time.Time) *Gate {
	procs := runtime.GOMAXPROCS(0)
	return newGate(ceiling, procs, now)
}

func newGate(ceiling, procs int, now func() time.Time) *Gate {
	calm := float64(min(ceiling, 8*procs))
	return &Gate{ceiling: ceiling, floor: min(ceiling, 2*procs), alone: procs, calm: calm, now: now, limit: calm}
}

// Pass is one request's place. Leave gives it back.
type Pass struct {
	gate  *Gate
	kind  uint32
	place *list.Element // in its queue; nil: not waiting
	ready chan struct{} // closed when it is let in

	// Of the request at work:
	began time.Time
	alone bool // hardly anything else was at work when it began
	left  bool
}

// Enter waits for a place, briefly. Kind names requests that do the same work, so
// that each is compared with its like; 0 is not compared. Errors: OVERLOADED, or
// that of ctx when the client has gone.
func (g *Gate) Enter(ctx context.Context, p Priority, kind uint32) (*Pass, error) {
	pass, wait := g.knock(p, kind)
	if wait == 0 {
		if pass == nil {
			return nil, Overloaded()
		}
		return pass, nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-pass.ready:
		return pass, nil
	case <-timer.C:
	case <-ctx.Done():
	}
	if g.giveUp(p, pass) {
		return pass, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, Overloaded()
}

// knock gives a pass that is let in, or one that may wait for so long, or none.
func (g *Gate) knock(p Priority, kind uint32) (*Pass, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	pass := &Pass{gate: g, kind: kind}
	if g.waiting == 0 && g.atWork < int(g.limit) {
		g.begin(pass, now)
		return pass, 0
	}
	if now.Sub(g.lastFull) > crowdAfter {
		g.rush = now
	}
	g.lastFull = now
	g.window.crowded = true
	if g.waiting >= maxQueue || p >= Read && g.full(now) {
		return nil, 0
	}
	pass.ready = make(chan struct{})
	pass.place = g.queues[p].PushBack(pass)
	g.waiting++
	if p != Refresh && g.crowded(now) {
		return pass, crowdPatience
	}
	return pass, patience
}

// Full says that reads and reports would be refused at once: they need not be
// looked at, and under overload that counts.
func (g *Gate) Full() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.full(g.now())
}

// full: the queue has lasted, and is as long as what can be let in while those in
// it wait. Whoever waits in vain costs more than who is refused at once.
func (g *Gate) full(now time.Time) bool { return g.waiting >= g.useful() && g.crowded(now) }

// useful is how many may wait: as many as leave within the patience of a crowd, two
// at least, so that somebody is there when a place becomes free, and never more than
// are at work.
func (g *Gate) useful() int {
	const least = 2
	all := int(g.limit)
	if g.took == 0 {
		return all
	}
	return min(max(int(g.limit*float64(crowdPatience)/float64(g.took)), least), all)
}

func (g *Gate) crowded(now time.Time) bool {
	return now.Sub(g.rush) > crowdAfter && now.Sub(g.lastFull) <= crowdAfter
}

// giveUp takes a pass out of its queue, and says whether it was let in meanwhile.
func (g *Gate) giveUp(p Priority, pass *Pass) (in bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if pass.place == nil {
		return true
	}
	g.dequeue(p, pass)
	return false
}

func (g *Gate) dequeue(p Priority, pass *Pass) {
	g.queues[p].Remove(pass.place)
	pass.place = nil
	g.waiting--
}

func (g *Gate) begin(pass *Pass, now time.Time) {
	g.atWork++
	pass.began, pass.alone = now, g.atWork <= g.alone
	g.window.most = max(g.window.most, g.atWork)
}

// Leave gives the place back, once; further calls do nothing.
func (p *Pass) Leave() {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.left {
		return
	}
	p.left = true
	g.atWork--
	now := g.now()
	g.learn(p, now.Sub(p.began))
	g.adapt(now)
	for g.waiting > 0 && g.atWork < int(g.limit) {
		g.begin(g.next(), now)
	}
}

// next takes the one who comes first out of the queues. Of one priority that is
// the newest: whoever has waited longest is the likeliest to give up in the middle.
func (g *Gate) next() *Pass {
	for p := range priorities {
		if last := g.queues[p].Back(); last != nil {
			pass := last.Value.(*Pass)
			g.dequeue(p, pass)
			close(pass.ready)
			return pass
		}
	}
	panic("admission: nobody waits")
}

// Load is what the gate is doing, for the metrics.
type Load struct{ Limit, AtWork, Waiting int }

// Load says what the gate is doing now.
func (g *Gate) Load() Load {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Load{int(g.limit), g.atWork, g.waiting}
}

// Overloaded sends clients away for one to three seconds, not all for the same.
func Overloaded() *fault.Error {
	return &fault.Error{
		Code: fault.CodeOverloaded, Message: "The server is busy. Please try again in a moment.",
		RetryAfter: time.Duration(1+rand.N(3)) * time.Second,
	}
}
