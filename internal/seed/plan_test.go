package seed

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"clinicgraph/internal/scheduling"
)

// anyPlan draws a day and a time zone, and plans the clinic for them.
func anyPlan(t *rapid.T) plan {
	zone, err := scheduling.LoadZone(rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Auckland", "Africa/Cairo"}).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 3*365*24*60).Draw(t, "minutes")) * time.Minute)
	p, err := newPlan(now, zone)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNothingInThePlanIsAfterMidnight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(t)
		check := func(what string, at, from time.Time) {
			if at.Before(from) || !at.Before(p.today) {
				t.Errorf("%s at %s: not between %s and %s", what, at, from, p.today)
			}
		}
		for _, l := range p.logins {
			check("registration", l.joined, p.opened())
		}
		for _, c := range p.profiles {
			check("profile", c.joined, p.opened())
		}
		for _, v := range p.visits {
			check("booking", v.booked, p.profiles[v.profile].joined)
			if !v.cancelled.IsZero() {
				check("cancellation", v.cancelled, v.booked)
			}
			if !v.lapses.IsZero() {
				check("expiry", v.lapses, v.booked)
			}
			for _, paid := range v.payments {
				check("payment", paid.at, v.booked)
			}
		}
		for _, w := range p.wishes {
			check("wish", w.at, p.profiles[w.profile].joined)
		}
	})
}

func TestNobodyIsPlannedTwiceAtATime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(t)
		spans := map[[2]int][]scheduling.Interval{}
		for _, v := range p.visits {
			doctor, profile := [2]int{0, v.doctor}, [2]int{1, v.profile}
			spans[doctor] = append(spans[doctor], services[v.service].rule(p.zone).Claim(v.start))
			spans[profile] = append(spans[profile], scheduling.Interval{Start: v.start, End: v.end})
		}
		for who, times := range spans {
			slices.SortFunc(times, func(a, b scheduling.Interval) int { return a.Start.Compare(b.Start) })
			for i := 1; i < len(times); i++ {
				if times[i].Overlaps(times[i-1]) {
					t.Errorf("%v: %v meets %v", who, times[i], times[i-1])
				}
			}
		}
	})
}

func TestEveryUnitHasVisitsToday(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(t)
		tomorrow := p.today.AddDate(0, 0, 1)
		busy := map[int]bool{}
		for _, v := range p.visits {
			if !v.start.Before(p.today) && v.start.Before(tomorrow) && v.cancelled.IsZero() && v.lapses.IsZero() {
				busy[staff[v.doctor].unit] = true
			}
		}
		for number, u := range units {
			if !busy[number] {
				t.Errorf("%s has nobody coming on %s", u.name, p.today.Weekday())
			}
		}
	})
}

func TestAnAccountToTryHasSomethingToPayAndSomethingToCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(t)
		for account, l := range p.logins {
			if !l.signsIn {
				continue
			}
			var paid, coming, waiting int
			for _, v := range p.visits {
				switch {
				case p.profiles[v.profile].login != account:
				case v.start.Before(p.today) && len(v.payments) > 0:
					paid++
				case len(v.payments) > 0:
					coming++
				case v.booked.Add(services[v.service].hold()).After(p.today.AddDate(0, 0, 1)):
					waiting++
				}
			}
			if diff := cmp.Diff([]int{3, 1, 1}, []int{paid, coming, waiting}); diff != "" {
				t.Errorf("%s: paid, coming and waiting visits (-want +got):\n%s", l.username, diff)
			}
		}
	})
}

func TestAPlanDependsOnTheLocalDayAlone(t *testing.T) {
	zone, err := scheduling.LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(hour int) plan {
		p, err := newPlan(time.Date(2026, 3, 29, hour, 59, 59, 0, zone), zone) // the clocks change on this day
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	alike := cmp.Options{
		cmp.AllowUnexported(plan{}, login{}, profile{}, visit{}, payment{}, wish{}),
		cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
	}
	if diff := cmp.Diff(at(0), at(23), alike); diff != "" {
		t.Errorf("the first and the last hour of a day differ:\n%s", diff)
	}
	if next := at(24); cmp.Equal(at(0), next, alike) {
		t.Error("the next day is the same")
	}
}

func TestNamesAreWrittenInTheLettersOfAnAddress(t *testing.T) {
	for _, list := range [][]string{femaleNames, maleNames, surnames} {
		for _, name := range list {
			for _, r := range plain(name) {
				if r < 'a' || r > 'z' {
					t.Errorf("plain(%s) = %s", name, plain(name))
					break
				}
			}
		}
	}
}

func TestAmountsAreInTheMinorUnitsOfTheirCurrency(t *testing.T) {
	got := map[string]int64{}
	for _, currency := range []string{"EUR", "JPY", "KWD"} {
		got[currency] = amount(12_90, currency).Minor
	}
	if diff := cmp.Diff(map[string]int64{"EUR": 1290, "JPY": 12, "KWD": 12900}, got); diff != "" {
		t.Error(diff)
	}
}
