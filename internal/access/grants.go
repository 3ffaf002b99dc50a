package access

import "time"

// Narrow gives what is left of the grants when no more than the scopes, names of
// permissions, may be used: denials of them stay, and so do the ends of grants.
func Narrow(grants []Grant, scopes []string) []Grant {
	var left []Grant
	for _, p := range scopes {
		for _, g := range grants {
			if g.Covers(p) {
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

// Compare lists the permissions of the registry that reach further or less far by
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

// Exceeds names the first permission of the registry that wanted reaches and
// holder does not reach as far, at now. "" means that holder covers wanted:
// nobody grants what they do not hold, or touches whom they do not cover.
func Exceeds(wanted, holder []Grant, now time.Time) string {
	w, h := Evaluate(wanted, now), Evaluate(holder, now)
	for _, p := range registry {
		if w.Scope(p.Name) > h.Scope(p.Name) {
			return p.Name
		}
	}
	return ""
}
