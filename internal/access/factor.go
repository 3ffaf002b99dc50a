package access

import "slices"

// FactorRule says for what a session must have shown a second factor.
type FactorRule string

// The rules. Each asks for more than the one before.
const (
	FactorOff   FactorRule = "off"   // for nothing
	FactorHigh  FactorRule = "high"  // for the permissions that the registry calls high
	FactorStaff FactorRule = "staff" // and for everything, of those who may see other people's data
)

// Withheld says that the permission, if the viewer holds it, works only once the
// session has shown a second factor.
func (v *Viewer) Withheld(permission string) bool {
	if v == nil || v.system != "" || v.SecondFactor == "" || v.SecondFactor == FactorOff || slices.Contains(v.AMR, "mfa") {
		return false
	}
	return v.SecondFactor == FactorStaff && v.worksHere() || high(permission)
}

// WithheldAny says that something of what the viewer holds is withheld.
func (v *Viewer) WithheldAny() bool {
	return slices.ContainsFunc(registry, func(p Permission) bool {
		return v.Withheld(p.Name) && v.granted(p.Name) != ScopeNone
	})
}

// worksHere is SeesOthers by what is granted, withheld or not.
func (v *Viewer) worksHere() bool {
	return v.granted(CustomerRead) > ScopeOwn || v.granted(AppointmentReadNotes) != ScopeNone
}

func high(permission string) bool {
	n := NumberOf(permission)
	return n != 0 && registry[n-1].High
}
