package access

import (
	"slices"

	"github.com/google/uuid"
)

// RuleKey is all that the row rules can know of a viewer, in a form that can be
// compared: viewers with equal keys see the same rows. It holds for the moment at
// which it was taken, since grants begin and end.
type RuleKey struct {
	user               uuid.UUID
	effective          *Effective
	units, profiles    *uuid.UUID // where they begin: lists of a viewer are never changed
	nUnits, nProfiles  int
	practitioner, must bool
	factor             FactorRule
	mfa                bool
	system, elevated   string
}

// RuleKey gives the key of the moment.
func (v *Viewer) RuleKey() RuleKey {
	s := RuleKey{
		user: v.UserID, effective: v.current(), nUnits: len(v.Units), nProfiles: len(v.Profiles),
		practitioner: v.Practitioner, must: v.MustChangePassword,
		factor: v.SecondFactor, system: v.system, elevated: v.elevated,
	}
	if len(v.Units) > 0 {
		s.units = &v.Units[0]
	}
	if len(v.Profiles) > 0 {
		s.profiles = &v.Profiles[0]
	}
	if v.SecondFactor != "" && v.SecondFactor != FactorOff {
		s.mfa = slices.Contains(v.AMR, "mfa")
	}
	return s
}
