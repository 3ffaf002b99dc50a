package access

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// someViewer draws a user with whatever a decision looks at.
func someViewer(t *rapid.T) *Viewer {
	v := &Viewer{Grants: someGrants(t), Now: func() time.Time { return noon }}
	v.MustChangePassword = rapid.Bool().Draw(t, "must change")
	v.SecondFactor = rapid.SampledFrom([]FactorRule{"", FactorOff, FactorHigh, FactorStaff}).Draw(t, "rule")
	if rapid.Bool().Draw(t, "factor shown") {
		v.AMR = []string{"pwd", "otp", "mfa"}
	}
	for _, p := range []string{CustomerRead, RoleAssign} {
		if rapid.Bool().Draw(t, p) {
			v.Grants = append(v.Grants, Grant{Permission: p, Scope: ScopeAny, Allowed: true})
		}
	}
	return v
}

func TestTheExplanationAndTheDecisionNeverDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := someViewer(t)
		for _, p := range registry {
			r := v.Explain(p.Name)
			if r.Scope != v.Scope(p.Name) || r.Granted != Decide(v.Grants, p.Name, noon) {
				t.Fatalf("%s: explained as %s of %s, decided as %s of %s", p.Name, r.Scope, r.Granted, v.Scope(p.Name), Decide(v.Grants, p.Name, noon))
			}
			if (r.Block == "") != (r.Scope == r.Granted) && r.Granted != ScopeNone {
				t.Fatalf("%s: %s of %s, blocked by %q", p.Name, r.Scope, r.Granted, r.Block)
			}
		}
	})
}

func TestWhatDecidesIsWhatTheAnswerRestsOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := &Viewer{Grants: someGrants(t), Now: func() time.Time { return noon }}
		r := v.Explain(BookingRead)
		var deciding, covering []Grant
		for _, reason := range r.Reasons {
			covering = append(covering, reason.Grant)
			if reason.Standing == Decides {
				deciding = append(deciding, reason.Grant)
			}
		}
		if got := Decide(deciding, BookingRead, noon); got != r.Granted {
			t.Fatalf("what decides gives %s, all gives %s", got, r.Granted)
		}
		var want []Grant
		for _, g := range v.Grants {
			if g.Covers(BookingRead) {
				want = append(want, g)
			}
		}
		if diff := cmp.Diff(want, covering); diff != "" {
			t.Fatalf("not all that speak about it (-want +got):\n%s", diff)
		}
	})
}

func TestEachGrantHasAStanding(t *testing.T) {
	grant := func(permission string, scope Scope, allowed bool, from, to time.Duration) Grant {
		g := Grant{Permission: permission, Scope: scope, Allowed: allowed}
		if from != 0 {
			g.ValidFrom = noon.Add(from)
		}
		if to != 0 {
			g.ExpiresAt = noon.Add(to)
		}
		return g
	}
	standings := func(grants ...Grant) (s []Standing) {
		v := &Viewer{Grants: grants, Now: func() time.Time { return noon }}
		for _, r := range v.Explain(BookingRead).Reasons {
			s = append(s, r.Standing)
		}
		return s
	}
	for name, tc := range map[string]struct{ got, want []Standing }{
		"the widest decides": {
			standings(grant("booking:read", ScopeOwn, true, 0, 0), grant("booking:*", ScopeUnit, true, 0, 0), grant("order:read", ScopeAny, true, 0, 0)),
			[]Standing{Narrower, Decides},
		},
		"a denial overrules": {
			standings(grant("*:*", ScopeAny, true, 0, 0), grant("booking:read", ScopeAny, false, 0, 0), grant("booking:read", ScopeOwn, true, 0, 0)),
			[]Standing{Overruled, Decides, Overruled},
		},
		"time is to the nanosecond": {
			standings(grant("booking:read", ScopeAny, true, 1, 0), grant("booking:read", ScopeAny, false, -2, -1), grant("booking:read", ScopeOwn, true, -1, 1),
				Grant{Permission: "booking:read", Scope: ScopeAny, Allowed: true, ExpiresAt: noon}),
			[]Standing{Pending, Expired, Decides, Expired},
		},
	} {
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
