package scheduling_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/scheduling"
)

var equateEmpty = cmpopts.EquateEmpty()

const minute = time.Minute

// half is a rule of half an hour, each half hour, in UTC.
func half(edit func(*scheduling.SlotRule)) scheduling.SlotRule {
	r := scheduling.SlotRule{Duration: 30 * minute, Step: 30 * minute, Zone: time.UTC}
	if edit != nil {
		edit(&r)
	}
	return r
}

// starts writes the slots as "hh:mm" of the zone.
func starts(slots []scheduling.Interval, z *time.Location) string {
	var all []string
	for _, s := range slots {
		all = append(all, s.Start.In(z).Format("15:04"))
	}
	return strings.Join(all, " ")
}

func TestSlots(t *testing.T) {
	type spansOf = []scheduling.Interval
	for _, tc := range []struct {
		name       string
		rule       scheduling.SlotRule
		open, busy spansOf // minutes of 2026-03-02
		now        int
		want       string
	}{
		{"fill the opening hours", half(nil), spansOf{span(540, 630)}, nil, 0, "09:00 09:30 10:00"},
		{"may touch claims", half(nil), spansOf{span(540, 660)}, spansOf{span(570, 600)}, 0, "09:00 10:00 10:30"},
		{"mind the next claim where one ends just at the start", half(nil), spansOf{span(540, 660)}, spansOf{span(540, 570), span(590, 591)}, 0, "10:00 10:30"},
		{"leave out what a claim touches by a minute", half(nil), spansOf{span(540, 660)}, spansOf{span(599, 601)}, 0, "09:00 10:30"},
		{"are none where all is busy", half(nil), spansOf{span(540, 660)}, spansOf{span(0, 1440)}, 0, ""},
		{"are none without opening hours", half(nil), nil, nil, 0, ""},
		{"have to end within the opening hours", half(nil), spansOf{span(540, 599)}, nil, 0, "09:00"},
		{"may run on into hours that touch", half(func(r *scheduling.SlotRule) { r.Duration = time.Hour }),
			spansOf{span(570, 630), span(540, 570)}, nil, 0, "09:00 09:30"},
		{"keep to the grid when hours begin off it", half(nil), spansOf{span(550, 640)}, nil, 0, "09:30 10:00"},
		{"keep to the offset", half(func(r *scheduling.SlotRule) { r.Offset = 10 * minute }), spansOf{span(540, 660)}, nil, 0, "09:10 09:40 10:10"},
		{"overlap where the step is short", half(func(r *scheduling.SlotRule) { r.Step = 10 * minute }), spansOf{span(540, 600)}, nil, 0, "09:00 09:10 09:20 09:30"},
		{"begin a grid that does not divide the hour at midnight", half(func(r *scheduling.SlotRule) { r.Step = 50 * minute }),
			spansOf{span(1380, 1530)}, nil, 0, "23:20 00:00 00:50"},
		{"keep the buffer before free of claims", half(func(r *scheduling.SlotRule) { r.BufferBefore = 10 * minute }),
			spansOf{span(540, 660)}, spansOf{span(540, 560)}, 0, "09:30 10:00 10:30"},
		{"keep the buffer after free of claims", half(func(r *scheduling.SlotRule) { r.BufferAfter = 1 * minute }),
			spansOf{span(540, 660)}, spansOf{span(600, 630)}, 0, "09:00 10:30"},
		{"need no opening hours for buffers", half(func(r *scheduling.SlotRule) { r.BufferBefore, r.BufferAfter = time.Hour, time.Hour }),
			spansOf{span(540, 600)}, nil, 0, "09:00 09:30"},
		{"mind claims outside of the opening hours", half(func(r *scheduling.SlotRule) { r.BufferBefore, r.BufferAfter = 15*minute, 15*minute }),
			spansOf{span(540, 660)}, spansOf{span(520, 530), span(661, 670)}, 0, "09:30 10:00"},
		{"begin now", half(nil), spansOf{span(540, 660)}, nil, 570, "09:30 10:00 10:30"},
		{"do not begin in the past", half(nil), spansOf{span(540, 660)}, nil, 571, "10:00 10:30"},
		{"begin after the notice", half(func(r *scheduling.SlotRule) { r.Notice = time.Hour }), spansOf{span(540, 660)}, nil, 540, "10:00 10:30"},
		{"begin until the horizon", half(func(r *scheduling.SlotRule) { r.Horizon = 10 * time.Hour }), spansOf{span(540, 720)}, nil, 0, "09:00 09:30 10:00"},
		{"begin before the end of the range, even at the horizon", half(func(r *scheduling.SlotRule) { r.Horizon = 25 * time.Hour }),
			spansOf{span(1440, 1600)}, nil, 0, "00:00 00:30"},
		{"begin within the range and may end after it", half(func(r *scheduling.SlotRule) { r.Duration = 2 * time.Hour }),
			spansOf{span(1410, 1800)}, nil, 0, "23:30 00:00 00:30"}, // the range ends at 01:00
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := scheduling.Slots(tc.rule, tc.open, tc.busy, epoch, epoch.Add(25*time.Hour), epoch.Add(time.Duration(tc.now)*minute))
			if err != nil || starts(got, time.UTC) != tc.want {
				t.Errorf("got %q, %v; want %q", starts(got, time.UTC), err, tc.want)
			}
		})
	}
}

func TestSlotsThroughAChangeOfTheClocks(t *testing.T) {
	for _, tc := range []struct {
		zone, day string
		from, to  int // local hours of the day that are open
		step      time.Duration
		want      string
	}{
		{"Europe/Warsaw", "2026-03-29", 1, 4, 30 * minute, "01:00 01:30 03:00 03:30"},
		{"Europe/Warsaw", "2026-10-25", 1, 4, 30 * minute, "01:00 01:30 02:00 02:30 02:00 02:30 03:00 03:30"},
		{"America/New_York", "2026-03-08", 1, 4, 60 * minute, "01:00 03:00"},
		{"America/New_York", "2026-11-01", 0, 3, 60 * minute, "00:00 01:00 01:00 02:00"},
		{"Australia/Lord_Howe", "2026-10-04", 1, 4, 30 * minute, "01:00 01:30 02:30 03:00 03:30"},
		{"Australia/Lord_Howe", "2026-04-05", 1, 3, 30 * minute, "01:00 01:30 01:30 02:00 02:30"},
		{"Australia/Lord_Howe", "2026-04-05", 1, 4, 60 * minute, "01:00 02:00 03:00"},
	} {
		t.Run(fmt.Sprintf("%s %s every %s", tc.zone, tc.day, tc.step), func(t *testing.T) {
			z := zone(t, tc.zone)
			day, err := time.ParseInLocation(time.DateOnly, tc.day, z)
			if err != nil {
				t.Fatal(err)
			}
			rule := scheduling.SlotRule{Duration: 30 * minute, Step: tc.step, Zone: z}
			from, to := day.Add(-12*time.Hour), day.Add(30*time.Hour)
			open := scheduling.Expand([]scheduling.WeeklyHours{{Weekday: day.Weekday(), Start: tc.from * 60, End: tc.to * 60}}, z, rule.Reach(from, to))
			got, err := scheduling.Slots(rule, open, nil, from, to, from)
			if err != nil || starts(got, z) != tc.want {
				t.Errorf("got %q, %v; want %q", starts(got, z), err, tc.want)
			}
		})
	}
}

func TestRangesAreLimited(t *testing.T) {
	for _, tc := range []struct {
		name string
		to   time.Time
		ok   bool
	}{
		{"nothing", epoch, true},
		{"31 days and an hour", epoch.Add(scheduling.MaxRange), true},
		{"a moment more", epoch.Add(scheduling.MaxRange + 1), false},
		{"8000 years", date(9999, 12, 31), false},
		{"backwards", epoch.Add(-1), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := scheduling.Slots(half(nil), nil, nil, epoch, tc.to, epoch)
			if tc.ok && err != nil {
				t.Error(err)
			}
			if !tc.ok {
				wantInvalid(t, err, "to")
			}
		})
	}
}

func TestFits(t *testing.T) {
	rule := half(func(r *scheduling.SlotRule) {
		r.BufferBefore, r.BufferAfter, r.Notice, r.Horizon = 10*minute, 10*minute, time.Hour, 11*time.Hour
	})
	open, busy := []scheduling.Interval{span(480, 720)}, []scheduling.Interval{span(545, 600)}
	at := func(minutes int) time.Time { return epoch.Add(time.Duration(minutes) * minute) }
	for _, tc := range []struct {
		name  string
		start time.Time
		code  fault.Code
	}{
		{"a free slot", at(480), ""},
		{"the same in another zone", at(480).In(zone(t, "Europe/Warsaw")), ""},
		{"after a claim and the buffer", at(630), ""},
		{"the horizon", at(660), ""},
		{"a claim on the slot", at(570), fault.CodeSlotTaken},
		{"a claim within the buffer before", at(600), fault.CodeSlotTaken},
		{"a claim within the buffer after", at(510), fault.CodeSlotTaken},
		{"a minute off the grid", at(481), fault.CodeBadUserInput},
		{"a nanosecond off the grid", at(480).Add(1), fault.CodeBadUserInput},
		{"a taken time off the grid", at(571), fault.CodeBadUserInput},
		{"before the hours", at(450), fault.CodeBadUserInput},
		{"past the horizon", at(690), fault.CodeBadUserInput},
		{"yesterday", at(-900), fault.CodeBadUserInput},
		{"within the notice", at(30), fault.CodeBadUserInput},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := scheduling.Fits(rule, open, busy, tc.start, epoch)
			if got := fault.CodeOf(err); got != tc.code {
				t.Fatalf("got %v, want %q", err, tc.code)
			}
			if tc.code == fault.CodeBadUserInput {
				wantInvalid(t, err, "startsAt")
			}
		})
	}
	t.Run("an end after the hours", func(t *testing.T) {
		wantInvalid(t, scheduling.Fits(half(nil), []scheduling.Interval{span(480, 719)}, nil, at(690), epoch), "startsAt")
	})
	t.Run("hours that only touch are one", func(t *testing.T) {
		if err := scheduling.Fits(half(nil), []scheduling.Interval{span(495, 600), span(480, 495)}, nil, at(480), epoch); err != nil {
			t.Error(err)
		}
	})
	t.Run("says what the earliest time is, in local time", func(t *testing.T) {
		rule.Zone = zone(t, "Europe/Warsaw")
		f, _ := fault.As(scheduling.Fits(rule, open, busy, at(30), epoch))
		if want := "This time is too soon; the earliest is 2026-03-02T02:00:00+01:00."; f == nil || f.Message != want {
			t.Errorf("got %v", f)
		}
	})
}

// drawRule draws any rule whose grid is of whole minutes.
func drawRule(t *rapid.T, z *time.Location) scheduling.SlotRule {
	upTo := func(name string, n int) time.Duration {
		return time.Duration(rapid.IntRange(0, n).Draw(t, name)) * minute
	}
	step := time.Duration(rapid.SampledFrom([]int{5, 10, 15, 20, 30, 45, 50, 60, 90, 240}).Draw(t, "step")) * minute
	return scheduling.SlotRule{
		Duration:     5*minute + upTo("duration", 120),
		BufferBefore: upTo("before", 30), BufferAfter: upTo("after", 30),
		Step: step, Offset: upTo("offset", int(step/minute)-1),
		Notice: upTo("notice", 600), Horizon: upTo("horizon", 2000),
		Zone: z,
	}
}

func TestSlotsAreExactlyTheMinutesThatFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		change := rapid.SampledFrom(changes).Draw(t, "change")
		rule := drawRule(t, zone(t, change.zone))
		shift := func(all []scheduling.Interval) []scheduling.Interval {
			for i := range all {
				all[i].Start, all[i].End = all[i].Start.Add(change.day.Sub(epoch)), all[i].End.Add(change.day.Sub(epoch))
			}
			return all
		}
		open := shift(spans(1800).Draw(t, "open"))
		busy := shift(spans(1800).Draw(t, "busy"))
		from := change.day.Add(time.Duration(rapid.IntRange(-60, 300).Draw(t, "from")) * minute)
		to := from.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "length")) * minute)
		now := change.day.Add(time.Duration(rapid.IntRange(-300, 600).Draw(t, "now")) * minute)

		got, err := scheduling.Slots(rule, open, busy, from, to, now)
		if err != nil {
			t.Fatal(err)
		}
		var want []scheduling.Interval
		for at := from; at.Before(to); at = at.Add(minute) {
			if scheduling.Fits(rule, open, busy, at, now) == nil {
				want = append(want, scheduling.Interval{Start: at, End: at.Add(rule.Duration)})
			}
		}
		if diff := cmp.Diff(want, got, equateEmpty); diff != "" {
			t.Fatalf("slots (-fit +listed):\n%s", diff)
		}
		for _, s := range got { // said without Fits
			claim := rule.Claim(s.Start)
			for at := claim.Start; at.Before(claim.End); at = at.Add(minute) {
				inside := !at.Before(s.Start) && at.Before(s.End)
				if within(at, busy) || inside && !within(at, open) {
					t.Fatalf("slot %v at %v: busy %v, open %v", s, at, within(at, busy), within(at, open))
				}
			}
			l := s.Start.In(rule.Zone)
			if past := time.Duration(l.Hour()*60+l.Minute())*minute - rule.Offset; past%rule.Step != 0 || s.Start.Location() != time.UTC {
				t.Fatalf("slot %v is off the grid", l)
			}
		}
	})
}
