package admission

import "time"

// How the limit finds itself. Requests that work at once slow each other down, so
// what they take tells whether there are too many: compared with what requests of
// the same kind take when hardly anything else is at work, since a sign-in takes
// ten times as long as a small read on an idle server, too.
const (
	// kinds is how many kinds are told apart; more than that share.
	kinds = 1024

	// tolerance is how many times as long as usual the requests of a window may
	// take together. At twice as long the processors are busy and the queue in
	// front of them is about as long as the work.
	tolerance = 2.0

	// unhindered is how many times as long as usual they take when they do not stand
	// in each other's way: the limit is far.
	unhindered = 1.25

	// A window is judged when both have passed, and at once when its requests are
	// far too slow: those that come in meanwhile would be as slow.
	windowLength   = 100 * time.Millisecond
	windowRequests = 8
	farTooSlow     = 2 * tolerance

	// steepest is what is left of the limit at least when it falls.
	steepest = 0.25

	// smoothing is the part that one request has in what is usual.
	smoothing = 16
)

// window is what has happened since the limit was judged last.
type window struct {
	began       time.Time
	requests    int
	took, usual time.Duration // of all its requests together
	most        int           // at work at once
	crowded     bool          // somebody found no place free
}

// learn adds a request that has ended. What is usual is learned from requests
// that had the server nearly to themselves, at their beginning and at their end,
// and from those that were faster than usual: under load for an hour, slow does
// not become usual.
func (g *Gate) learn(p *Pass, took time.Duration) {
	if p.kind == 0 {
		return
	}
	usual := &g.usual[p.kind%kinds]
	switch {
	case *usual == 0:
		*usual = max(took, 1)
	case p.alone && g.atWork < g.alone || took < *usual:
		*usual += (took - *usual) / smoothing
	}
	g.window.requests++
	g.window.took += took
	g.window.usual += *usual
}

// adapt judges the window when it is over: additive increase, multiplicative
// decrease, as TCP does it. Nothing falls while less than half of the limit is in
// use: what is slow then is not slow for being many. Nor does anything rise then:
// of a limit that is not used nothing is known (RFC 7661), and it goes back to the
// one of calm times. While nobody stands in another's way it rises by a quarter.
func (g *Gate) adapt(now time.Time) {
	w := &g.window
	if w.began.IsZero() {
		w.began = now
	}
	if w.requests < windowRequests {
		return
	}
	slowness := float64(w.took) / float64(max(w.usual, 1))
	used := float64(w.most) >= g.limit/2
	if now.Sub(w.began) < windowLength && !(used && slowness > farTooSlow) {
		return
	}
	switch {
	case !used:
		g.limit += (g.calm - g.limit) / 4
	case slowness > tolerance:
		g.limit *= max(steepest, tolerance/slowness)
	case slowness < unhindered || !w.crowded:
		g.limit += 1 + g.limit/4
	default:
		g.limit++
	}
	g.limit = min(max(g.limit, float64(g.floor)), float64(g.ceiling))
	g.took = w.took / time.Duration(w.requests)
	*w = window{began: now, most: g.atWork, crowded: g.waiting > 0}
}
