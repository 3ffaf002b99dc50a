package access

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// someGrant draws a grant about booking:read or something above or beside it.
func someGrant(t *rapid.T) Grant {
	instant := func(name string) time.Time {
		return rapid.SampledFrom([]time.Time{{}, noon.Add(-time.Hour), noon.Add(-1), noon, noon.Add(1), noon.Add(time.Hour)}).Draw(t, name)
	}
	return Grant{
		Permission: rapid.SampledFrom([]string{"booking:read", "booking:*", "*:*", "booking:create", "user:read", "bookings:*"}).Draw(t, "permission"),
		Scope:      rapid.SampledFrom([]Scope{ScopeOwn, ScopeUnit, ScopeAny}).Draw(t, "scope"),
		Allowed:    rapid.Bool().Draw(t, "allowed"),
		Source:     rapid.SampledFrom([]Source{SourceUser, SourceRole}).Draw(t, "source"),
		ValidFrom:  instant("from"),
		ExpiresAt:  instant("to"),
	}
}

func someGrants(t *rapid.T) []Grant {
	return rapid.SliceOfN(rapid.Custom(someGrant), 0, 8).Draw(t, "grants")
}

func TestDecision(t *testing.T) {
	role := func(scope Scope) Grant {
		return Grant{Permission: "booking:read", Scope: scope, Allowed: true, Source: SourceRole, Role: "staff"}
	}
	deny := Grant{Permission: "booking:read", Source: SourceUser}
	tests := map[string]struct {
		grants []Grant
		want   Scope
	}{
		"nothing is no":                           {nil, ScopeNone},
		"a role allows":                           {[]Grant{role(ScopeUnit)}, ScopeUnit},
		"the widest allow counts":                 {[]Grant{role(ScopeOwn), role(ScopeAny), role(ScopeUnit)}, ScopeAny},
		"a direct denial beats a role":            {[]Grant{role(ScopeAny), deny}, ScopeNone},
		"a direct denial beats a direct grant":    {[]Grant{deny, {Permission: "booking:read", Scope: ScopeAny, Allowed: true, Source: SourceUser}}, ScopeNone},
		"a role and the user: the wider counts":   {[]Grant{role(ScopeOwn), {Permission: "booking:read", Scope: ScopeUnit, Allowed: true, Source: SourceUser}}, ScopeUnit},
		"a denial of all beats one allow":         {[]Grant{role(ScopeAny), {Permission: "*:*"}}, ScopeNone},
		"a denial of the resource beats it":       {[]Grant{role(ScopeAny), {Permission: "booking:*"}}, ScopeNone},
		"a denial of another does not":            {[]Grant{role(ScopeAny), {Permission: "order:*"}}, ScopeAny},
		"a direct grant helps where roles do not": {[]Grant{{Permission: "booking:read", Scope: ScopeOwn, Allowed: true, Source: SourceUser}}, ScopeOwn},
		"a prefix is not a resource":              {[]Grant{{Permission: "book:*", Scope: ScopeAny, Allowed: true}}, ScopeNone},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Decide(test.grants, "booking:read", noon); got != test.want {
				t.Errorf("Decide = %s, want %s", got, test.want)
			}
		})
	}
}

func TestGrantsBeginAndEndToTheNanosecond(t *testing.T) {
	g := Grant{Permission: "booking:read", Scope: ScopeAny, Allowed: true, ValidFrom: noon, ExpiresAt: noon.Add(time.Hour)}
	for at, want := range map[time.Time]Scope{
		noon.Add(-1):            ScopeNone,
		noon:                    ScopeAny,
		noon.Add(time.Hour - 1): ScopeAny,
		noon.Add(time.Hour):     ScopeNone,
	} {
		if got := Decide([]Grant{g}, "booking:read", at); got != want {
			t.Errorf("at %s: %s, want %s", at.Format(time.RFC3339Nano), got, want)
		}
	}
}

func TestAnExpiredDenialStopsDenying(t *testing.T) {
	grants := []Grant{
		{Permission: "booking:read", Scope: ScopeAny, Allowed: true},
		{Permission: "booking:read", ExpiresAt: noon},
	}
	if got := Decide(grants, "booking:read", noon.Add(-1)); got != ScopeNone {
		t.Errorf("before: %s", got)
	}
	if got := Decide(grants, "booking:read", noon); got != ScopeAny {
		t.Errorf("after: %s", got)
	}
}

// specified is the decision as it is specified, step by step and without regard to
// what it costs: of the rows that speak about the permission and are valid now, a
// denial is no; of the allowances the widest counts; nothing is no.
func specified(grants []Grant, resource, action string, now time.Time) Scope {
	speaks := func(g Grant) bool {
		return g.Permission == resource+":"+action || g.Permission == resource+":*" || g.Permission == "*:*"
	}
	valid := func(g Grant) bool {
		begun := g.ValidFrom.IsZero() || g.ValidFrom.Equal(now) || g.ValidFrom.Before(now)
		ended := !g.ExpiresAt.IsZero() && (g.ExpiresAt.Equal(now) || g.ExpiresAt.Before(now))
		return begun && !ended
	}
	for _, g := range grants {
		if speaks(g) && valid(g) && !g.Allowed {
			return ScopeNone
		}
	}
	for _, scope := range []Scope{ScopeAny, ScopeUnit, ScopeOwn} {
		for _, g := range grants {
			if speaks(g) && valid(g) && g.Allowed && g.Scope == scope {
				return scope
			}
		}
	}
	return ScopeNone
}

func TestTheDecisionIsTheOneSpecified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grants := someGrants(t)
		now := noon.Add(rapid.SampledFrom([]time.Duration{-time.Hour, -1, 0, 1, time.Hour}).Draw(t, "now"))
		if got, want := Decide(grants, "booking:read", now), specified(grants, "booking", "read", now); got != want {
			t.Fatalf("%s at %s, want %s: %v", got, now, want, grants)
		}
	})
}

// A grant of a role is worth what the same grant of the user is.
func TestItDoesNotMatterWhereAGrantStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grants := someGrants(t)
		moved := slices.Clone(grants)
		for i := range moved {
			moved[i].Source = rapid.SampledFrom([]Source{SourceUser, SourceRole}).Draw(t, "moved")
		}
		if a, b := Decide(grants, "booking:read", noon), Decide(moved, "booking:read", noon); a != b {
			t.Fatalf("%s, and %s with other sources", a, b)
		}
	})
}

func TestMoreDenialNeverGivesMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grants, more := someGrants(t), someGrant(t)
		more.Allowed = false
		if before, after := Decide(grants, "booking:read", noon), Decide(append(slices.Clone(grants), more), "booking:read", noon); after > before {
			t.Fatalf("%s became %s by a denial", before, after)
		}
	})
}

func TestLessAllowanceNeverGivesMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grants := someGrants(t)
		allows := slices.IndexFunc(grants, func(g Grant) bool { return g.Allowed })
		if allows < 0 {
			return
		}
		if before, after := Decide(grants, "booking:read", noon), Decide(slices.Delete(slices.Clone(grants), allows, allows+1), "booking:read", noon); after > before {
			t.Fatalf("%s became %s by taking an allowance away", before, after)
		}
	})
}

func TestTheOrderOfGrantsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grants := someGrants(t)
		shuffled := slices.Clone(grants)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(len(shuffled), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		if a, b := Decide(grants, "booking:read", noon), Decide(shuffled, "booking:read", noon); a != b {
			t.Fatalf("%s in one order, %s in another", a, b)
		}
	})
}

func TestEvaluationAgreesWithTheDecisionUntilItIsStale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grants := someGrants(t)
		later := noon.Add(time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "later")))
		e := Evaluate(grants, noon)
		if e.StaleAt(later) {
			return
		}
		for _, p := range registry {
			if got, want := e.Scope(p.Name), Decide(grants, p.Name, later); got != want {
				t.Fatalf("%s after %s: %s, want %s", p.Name, later.Sub(noon), got, want)
			}
		}
	})
}

func TestHoldingNamesTheWidestGrantThatLastsLongest(t *testing.T) {
	grants := []Grant{
		{Permission: BookingRead, Scope: ScopeOwn, Allowed: true, Source: SourceRole, Role: "customer"},
		{Permission: BookingRead, Scope: ScopeAny, Allowed: true, Source: SourceUser, ExpiresAt: noon.Add(time.Minute)},
		{Permission: BookingRead, Scope: ScopeAny, Allowed: true, Source: SourceRole, Role: "manager", ExpiresAt: noon.Add(time.Hour)},
		{Permission: UserRead, Scope: ScopeAny, Allowed: true, Source: SourceUser},
		{Permission: UserRead, Source: SourceUser},
	}
	want := []Held{{Name: BookingRead, Scope: ScopeAny, Source: SourceRole, Role: "manager", ExpiresAt: noon.Add(time.Hour)}}
	if diff := cmp.Diff(want, Holding(grants, noon)); diff != "" {
		t.Errorf("Holding (-want +got):\n%s", diff)
	}
}

func TestNobodyExceedsThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grants := someGrants(t)
		if p := Exceeds(grants, grants, noon); p != "" {
			t.Fatalf("exceeds itself in %s", p)
		}
	})
	wanted := []Grant{{Permission: BookingRead, Scope: ScopeAny, Allowed: true}}
	holder := []Grant{{Permission: BookingRead, Scope: ScopeUnit, Allowed: true}}
	if p := Exceeds(wanted, holder, noon); p != BookingRead {
		t.Errorf("Exceeds = %q, want %q", p, BookingRead)
	}
}

func TestWhatWasTakenInAnEmergencyIsNobodysToHandOn(t *testing.T) {
	taken := []Grant{{Permission: CustomerRead, Scope: ScopeAny, Allowed: true, Source: SourceEmergency, ExpiresAt: noon.Add(time.Hour)}}
	if Decide(taken, CustomerRead, noon) != ScopeAny {
		t.Error("it does not count for its holder")
	}
	if Exceeds([]Grant{{Permission: CustomerRead, Scope: ScopeOwn, Allowed: true}}, taken, noon) != CustomerRead {
		t.Error("its holder hands it on")
	}
	if left := Narrow(taken, []string{CustomerRead}); len(left) != 0 {
		t.Errorf("a program gets %v of it", left)
	}
}
