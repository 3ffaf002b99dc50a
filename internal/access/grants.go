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
