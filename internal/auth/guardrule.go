package auth

import "time"

// guardRule is how many tries a key of the login guard has, and for how long it
// is blocked after them. It knows no clock and no database.
type guardRule struct {
	free int // tries until the first block

	// Progressive: the block after the last free try, twice as long after each
	// further one, and at most so long. Without a try for memory all are forgotten.
	first, most, memory time.Duration

	// shut ends the patience: after so many tries in a row the key stays blocked
	// until somebody opens it ([Service.ClearBlock]); 0 never does.
	shut int

	// window, where it is set, stands for all of that: free tries within it, and
	// none until it has ended.
	window time.Duration
}

// The rules. A stranger is a device that has never signed in to the account:
// what strangers do must not shut out a device that has, so that one has a
// budget of its own. Sources: OWASP ASVS 5.0, 6.3.1; NIST SP 800-63B, 3.2.2 (no
// more than 100 failures in a row).
var (
	strangerRule = guardRule{free: 5, first: 30 * time.Second, most: 15 * time.Minute, memory: 12 * time.Hour, shut: 100}
	deviceRule   = guardRule{free: 10, first: 30 * time.Second, most: 5 * time.Minute, memory: 12 * time.Hour}
	addressRule  = guardRule{free: 20, window: 5 * time.Minute}
)

// never is when a key is opened that no time opens.
var never = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// tries are those that a key has had, not counting the ones that were taken back.
type tries struct {
	n           int
	since, last time.Time // of the first and the last of them
}

// blockedUntil says when the next try is let in. A time that is not after now
// lets it in at once.
func (r guardRule) blockedUntil(t tries) time.Time {
	switch {
	case t.n < r.free:
		return time.Time{}
	case r.window > 0:
		return t.since.Add(r.window)
	case r.shut > 0 && t.n >= r.shut:
		return never
	}
	wait := r.first
	for k := r.free; k < t.n && wait < r.most; k++ {
		wait *= 2
	}
	return t.last.Add(min(wait, r.most))
}

// forgottenAt says when the tries no longer count, unless there is another one
// before.
func (r guardRule) forgottenAt(t tries) time.Time {
	switch {
	case r.window > 0:
		return t.since.Add(r.window)
	case r.shut > 0 && t.n >= r.shut:
		return never
	}
	return t.last.Add(r.memory)
}
