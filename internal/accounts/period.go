package accounts

import (
	"time"

	"clinicgraph/internal/fault"
)

// Period says from when until when a grant counts, and why it is given.
type Period struct {
	ValidFrom *time.Time // nil: at once
	ExpiresAt *time.Time // nil: for good; the instant itself is expired
	Reason    string
}

// check refuses a grant that has ended before it is given, or begins in the past,
// which would say that something was allowed when it was not. It trims the reason.
// Errors: BAD_USER_INPUT.
func (p *Period) check(now time.Time) (err error) {
	switch {
	case p.ExpiresAt != nil && !p.ExpiresAt.After(now):
		return fault.Invalid("input.expiresAt", "The end must be in the future.")
	case p.ValidFrom != nil && p.ValidFrom.Before(now):
		return fault.Invalid("input.validFrom", "The beginning must not be in the past; without one it counts at once.")
	case p.ValidFrom != nil && p.ExpiresAt != nil && !p.ValidFrom.Before(*p.ExpiresAt):
		return fault.Invalid("input.validFrom", "The beginning must be before the end.")
	}
	p.Reason, err = Stated(p.Reason, minReason, maxReason)
	return err
}

// covers says that whatever the period of the other grant covers this one covers, too.
func (p Period) covers(from, until *time.Time) bool {
	late := p.ValidFrom != nil && (from == nil || p.ValidFrom.After(*from))
	short := p.ExpiresAt != nil && (until == nil || p.ExpiresAt.Before(*until))
	return !late && !short
}
