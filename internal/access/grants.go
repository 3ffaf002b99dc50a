package access

import (
	"slices"
	"time"
)

// Narrow gives what is left of the grants when no more than the scopes, names of
// permissions, may be used: denials of them stay, and so do the ends of grants. What
// was taken in an emergency is for the person who took it, and for no program.
func Narrow(grants []Grant, scopes []string) []Grant {
	var left []Grant
	for _, p := range scopes {
		for _, g := range grants {
			if g.Covers(p) && g.Source != SourceEmergency {
				g.Permission = p
				left = append(left, g)
			}
		}
	}
	return left
}

// Change is what becomes of one permission when grants change.
type Change struct {
	Permission string
	From, To   Scope
}

// Compare lists the permissions, of those that something asks for, that reach further or less far by
// the grants after than by those before, at now.
func Compare(before, after []Grant, now time.Time) (changes []Change) {
	b, a := Evaluate(before, now), Evaluate(after, now)
	for _, p := range registry {
		if from, to := b.Scope(p.Name), a.Scope(p.Name); from != to && !p.Reserved {
			changes = append(changes, Change{p.Name, from, to})
		}
	}
	return changes
}

// Outlasts names the first permission of the registry that wanted reaches until an
// instant (zero: for good) and holder does not hold as far for as long, and when
// the holder's ends. What does not reach as far now is for Exceeds to tell. A denial
// that waits ends what it denies when it begins.
func Outlasts(wanted []Grant, until time.Time, holder []Grant, now time.Time) (permission string, end time.Time) {
	w := Evaluate(wanted, now)
	for _, p := range registry {
		if scope := w.Scope(p.Name); scope != ScopeNone {
			if ends := lastsUntil(holder, p.Name, scope, now); outlasts(until, ends) {
				return p.Name, ends
			}
		}
	}
	return "", time.Time{}
}

// lastsUntil is when the holder stops holding the permission as far, zero: never.
// Grants that follow each other without a gap are as good as one.
func lastsUntil(holder []Grant, permission string, scope Scope, now time.Time) time.Time {
	at := now
	for more := true; more; {
		more = false
		for _, g := range holder {
			if !g.Covers(permission) || !g.Allowed || g.Scope < scope || !g.ActiveAt(at) {
				continue
			}
			if g.ExpiresAt.IsZero() {
				at, more = time.Time{}, false
				break
			}
			if g.ExpiresAt.After(at) {
				at, more = g.ExpiresAt, true
			}
		}
	}
	for _, g := range holder {
		if g.Covers(permission) && !g.Allowed && g.ValidFrom.After(now) && outlasts(at, g.ValidFrom) {
			at = g.ValidFrom
		}
	}
	return at
}

// lasting leaves out what was taken in an emergency.
func lasting(grants []Grant) []Grant {
	taken := func(g Grant) bool { return g.Source == SourceEmergency }
	if !slices.ContainsFunc(grants, taken) {
		return grants
	}
	return slices.DeleteFunc(slices.Clone(grants), taken)
}

// Exceeds names the first permission that something asks for and that wanted reaches and
// holder does not reach as far, at now. "" means that holder covers wanted:
// nobody grants what they do not hold, or touches whom they do not cover. What the
// holder took in an emergency does not count: it is nobody's to hand on.
func Exceeds(wanted, holder []Grant, now time.Time) string {
	w, h := Evaluate(wanted, now), Evaluate(lasting(holder), now)
	for _, p := range registry {
		if w.Scope(p.Name) > h.Scope(p.Name) && !p.Reserved {
			return p.Name
		}
	}
	return ""
}
