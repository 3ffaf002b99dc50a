package access

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestWhatIsGivenLastsNoLongerThanWhatIsHeld: what Outlasts lets pass the holder
// holds at every instant until its end, by the decision; and without denials it
// refuses nothing else.
func TestWhatIsGivenLastsNoLongerThanWhatIsHeld(t *testing.T) {
	instants := []time.Time{noon.Add(1), noon.Add(time.Hour - 1), noon.Add(time.Hour), noon.Add(time.Hour + 1), noon.Add(1000 * time.Hour)}
	rapid.Check(t, func(t *rapid.T) {
		holder, scope := someGrants(t), rapid.SampledFrom([]Scope{ScopeOwn, ScopeUnit, ScopeAny}).Draw(t, "wanted scope")
		until := rapid.SampledFrom(append(instants, time.Time{})).Draw(t, "until")
		if Decide(holder, "booking:read", noon) < scope {
			return // Exceeds says so
		}
		named, end := Outlasts([]Grant{{Permission: "booking:read", Scope: scope, Allowed: true}}, until, holder, noon)
		held, denials := true, false
		for _, at := range instants {
			if (until.IsZero() || at.Before(until)) && Decide(holder, "booking:read", at) < scope {
				held = false
			}
		}
		for _, g := range holder {
			denials = denials || !g.Allowed
		}
		switch {
		case named == "" && !held:
			t.Fatalf("given until %s, and not held that long", until)
		case named != "" && held && !denials:
			t.Fatalf("held that long, and refused as ending %s", end)
		case named != "" && !until.IsZero() && !end.Before(until):
			t.Fatalf("refused until %s, for what ends %s", until, end)
		}
	})
}

func TestGrantsThatFollowEachOtherAreAsGoodAsOne(t *testing.T) {
	part := func(from, to time.Duration) Grant {
		return Grant{Permission: "booking:read", Scope: ScopeAny, Allowed: true, ValidFrom: noon.Add(from), ExpiresAt: noon.Add(to)}
	}
	wanted := []Grant{{Permission: "booking:read", Scope: ScopeAny, Allowed: true}}
	for name, c := range map[string]struct {
		holder []Grant
		end    time.Duration
	}{
		"two without a gap": {[]Grant{part(time.Hour, 2*time.Hour), part(-1, time.Hour)}, 2 * time.Hour},
		"two with a gap":    {[]Grant{part(time.Hour+1, 2*time.Hour), part(-1, time.Hour)}, time.Hour},
		"a denial waits":    {[]Grant{part(-1, 2*time.Hour), {Permission: "*:*", ValidFrom: noon.Add(time.Minute)}}, time.Minute},
	} {
		if p, end := Outlasts(wanted, noon.Add(c.end), c.holder, noon); p != "" {
			t.Errorf("%s: refused to its end: %s %s", name, p, end)
		}
		if p, end := Outlasts(wanted, noon.Add(c.end+1), c.holder, noon); p == "" || !end.Equal(noon.Add(c.end)) {
			t.Errorf("%s: one past its end: %q %s", name, p, end)
		}
	}
}
