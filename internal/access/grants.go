package access

import "time"

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
