package scheduling_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/scheduling"
)

func zone(t rapid.TB, name string) *time.Location {
	t.Helper()
	z, err := scheduling.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// changes are days on which clocks change, each with the length of the day.
var changes = []struct {
	zone   string
	day    time.Time
	length time.Duration
}{
	{"Europe/Warsaw", date(2026, 3, 29), 23 * time.Hour},
	{"Europe/Warsaw", date(2026, 10, 25), 25 * time.Hour},
	{"America/New_York", date(2026, 3, 8), 23 * time.Hour},
	{"America/New_York", date(2026, 11, 1), 25 * time.Hour},
	{"Australia/Lord_Howe", date(2026, 4, 5), 24*time.Hour + 30*time.Minute},
	{"Australia/Lord_Howe", date(2026, 10, 4), 23*time.Hour + 30*time.Minute},
	{"America/Sao_Paulo", date(2018, 11, 4), 23 * time.Hour}, // midnight is skipped
	{"America/St_Johns", date(2010, 11, 7), 25 * time.Hour},  // back to the day before
	{"Pacific/Apia", date(2011, 12, 30), 0},                  // the day is skipped
	{"Asia/Kathmandu", date(2026, 3, 29), 24 * time.Hour},    // no change, +05:45
	{"UTC", date(2026, 3, 29), 24 * time.Hour},
}

func date(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

func total(all []scheduling.Interval) (sum time.Duration) {
	for _, i := range all {
		sum += i.Length()
	}
	return sum
}

func TestADayHasItsTrueLength(t *testing.T) {
	for _, tc := range changes {
		t.Run(tc.zone+" "+tc.day.Format(time.DateOnly), func(t *testing.T) {
			z := zone(t, tc.zone)
			whole := scheduling.WeeklyHours{Weekday: tc.day.Weekday(), Start: 0, End: 24 * 60}
			window := scheduling.Interval{Start: tc.day.Add(-72 * time.Hour), End: tc.day.Add(96 * time.Hour)}
			if got := total(scheduling.Expand([]scheduling.WeeklyHours{whole}, z, window)); got != tc.length {
				t.Errorf("the day lasts %v, want %v", got, tc.length)
			}
			// Cut into three on the wall, the parts touch and add up.
			var parts []scheduling.WeeklyHours
			for _, cut := range [][2]int{{0, 2*60 + 15}, {2*60 + 15, 2*60 + 45}, {2*60 + 45, 24 * 60}} {
				parts = append(parts, scheduling.WeeklyHours{Weekday: tc.day.Weekday(), Start: cut[0], End: cut[1]})
			}
			if diff := cmp.Diff(scheduling.Expand([]scheduling.WeeklyHours{whole}, z, window), scheduling.Expand(parts, z, window)); diff != "" {
				t.Errorf("whole and parts differ:\n%s", diff)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	const monday, sunday = time.Monday, time.Sunday
	h := func(hour, minute int) int { return hour*60 + minute }
	utc := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, time.UTC) }
	for _, tc := range []struct {
		name  string
		hours scheduling.WeeklyHours
		want  []scheduling.Interval // within 2026-03-27 (Friday) to 2026-04-03, in Warsaw
	}{
		{"local time is turned into UTC", scheduling.WeeklyHours{Weekday: time.Saturday, Start: h(9, 0), End: h(17, 0)},
			[]scheduling.Interval{{Start: utc(28, 8, 0), End: utc(28, 16, 0)}}},
		{"summer time counts from its first day", scheduling.WeeklyHours{Weekday: sunday, Start: h(9, 0), End: h(17, 0)},
			[]scheduling.Interval{{Start: utc(29, 7, 0), End: utc(29, 15, 0)}}},
		{"a skipped start moves to the skip", scheduling.WeeklyHours{Weekday: sunday, Start: h(2, 30), End: h(4, 0)},
			[]scheduling.Interval{{Start: utc(29, 1, 0), End: utc(29, 2, 0)}}},
		{"a skipped end moves to the skip", scheduling.WeeklyHours{Weekday: sunday, Start: h(1, 0), End: h(2, 30)},
			[]scheduling.Interval{{Start: utc(29, 0, 0), End: utc(29, 1, 0)}}},
		{"hours that are skipped as a whole are none", scheduling.WeeklyHours{Weekday: sunday, Start: h(2, 0), End: h(3, 0)}, nil},
		{"an end before the start is on the next day", scheduling.WeeklyHours{Weekday: time.Saturday, Start: h(22, 0), End: h(6, 0)},
			[]scheduling.Interval{{Start: utc(28, 21, 0), End: utc(29, 4, 0)}}},
		{"an end after 24 h is the same", scheduling.WeeklyHours{Weekday: time.Saturday, Start: h(22, 0), End: h(30, 0)},
			[]scheduling.Interval{{Start: utc(28, 21, 0), End: utc(29, 4, 0)}}},
		{"an end at the start is a day later", scheduling.WeeklyHours{Weekday: monday, Start: h(8, 0), End: h(8, 0)},
			[]scheduling.Interval{{Start: utc(30, 6, 0), End: utc(31, 6, 0)}}},
		{"a stretch from before the window is cut", scheduling.WeeklyHours{Weekday: time.Thursday, Start: h(23, 59), End: h(48, 0)},
			[]scheduling.Interval{{Start: utc(27, 0, 0), End: utc(27, 23, 0)}, {Start: utc(33, 21, 59), End: utc(34, 0, 0)}}},
		{"the first and last day count", scheduling.WeeklyHours{Weekday: monday, Start: h(8, 0), End: h(9, 0), ValidFrom: "2026-03-30", ValidTo: "2026-03-30"},
			[]scheduling.Interval{{Start: utc(30, 6, 0), End: utc(30, 7, 0)}}},
		{"not yet", scheduling.WeeklyHours{Weekday: monday, Start: h(8, 0), End: h(9, 0), ValidFrom: "2026-03-31"}, nil},
		{"no longer", scheduling.WeeklyHours{Weekday: monday, Start: h(8, 0), End: h(9, 0), ValidTo: "2026-03-29"}, nil},
		{"the day of the start is what counts", scheduling.WeeklyHours{Weekday: time.Saturday, Start: h(23, 0), End: h(1, 0), ValidTo: "2026-03-28"},
			[]scheduling.Interval{{Start: utc(28, 22, 0), End: utc(29, 0, 0)}}},
		{"a row that is not valid gives nothing", scheduling.WeeklyHours{Weekday: monday, Start: -1, End: h(9, 0)}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			window := scheduling.Interval{Start: utc(27, 0, 0), End: utc(34, 0, 0)}
			got := scheduling.Expand([]scheduling.WeeklyHours{tc.hours}, zone(t, "Europe/Warsaw"), window)
			if diff := cmp.Diff(tc.want, got, equateEmpty); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("an empty window holds nothing", func(t *testing.T) {
		at := utc(30, 7, 0)
		all := scheduling.WeeklyHours{Weekday: monday, Start: 0, End: 0}
		if got := scheduling.Expand([]scheduling.WeeklyHours{all}, time.UTC, scheduling.Interval{Start: at, End: at}); got != nil {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a day has begun where its first minutes are shown twice", func(t *testing.T) {
		// At 00:01 (02:31 UTC) the clocks went back to 23:01 of the day before.
		day := func(hour, minute int) time.Time { return time.Date(2010, 11, 7, hour, minute, 0, 0, time.UTC) }
		got := scheduling.Expand([]scheduling.WeeklyHours{{Weekday: sunday, Start: 0, End: h(8, 0)}}, zone(t, "America/St_Johns"),
			scheduling.Interval{Start: day(2, 0), End: day(3, 0)})
		if diff := cmp.Diff([]scheduling.Interval{{Start: day(2, 30), End: day(3, 0)}}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("a time shown twice is its first showing", func(t *testing.T) {
		night := scheduling.WeeklyHours{Weekday: sunday, Start: h(1, 30), End: h(2, 30)}
		got := scheduling.Expand([]scheduling.WeeklyHours{night}, zone(t, "Europe/Warsaw"),
			scheduling.Interval{Start: date(2026, 10, 25).Add(-24 * time.Hour), End: date(2026, 10, 26)})
		want := []scheduling.Interval{{Start: time.Date(2026, 10, 24, 23, 30, 0, 0, time.UTC), End: time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// The clock of the oracle never goes back: it is the latest time that a wall
// clock has shown so far. A moment is open when this clock is within some hours.
func TestExpandAgreesWithAClockThatNeverGoesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		change := rapid.SampledFrom(changes).Draw(t, "change")
		z := zone(t, change.zone)
		hours := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) scheduling.WeeklyHours {
			return scheduling.WeeklyHours{
				Weekday: time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday")),
				Start:   15 * rapid.IntRange(0, 95).Draw(t, "start"),
				End:     15 * rapid.IntRange(0, 192).Draw(t, "end"),
			}
		}), 1, 4).Draw(t, "hours")
		start := change.day.Add(time.Duration(rapid.IntRange(-120, 200).Draw(t, "from")) * 15 * time.Minute)
		window := scheduling.Interval{Start: start, End: start.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "length")) * 15 * time.Minute)}
		got := scheduling.Expand(hours, z, window)

		var clock time.Time
		for at := window.Start.Add(-96 * time.Hour); at.Before(window.End); at = at.Add(15 * time.Minute) {
			l := at.In(z)
			wall := time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)
			if wall.After(clock) {
				clock = wall
			}
			if at.Before(window.Start) {
				continue
			}
			if want := openAt(hours, clock); within(at, got) != want {
				t.Fatalf("%s (clock %s): open is %v, want %v; %v", l, clock, !want, want, got)
			}
		}
	})
}

func openAt(hours []scheduling.WeeklyHours, clock time.Time) bool {
	for back := range 3 {
		y, m, d := clock.AddDate(0, 0, -back).Date()
		midnight := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		minute := int(clock.Sub(midnight) / time.Minute)
		for _, h := range hours {
			end := h.End
			if end <= h.Start {
				end += 24 * 60
			}
			if h.Weekday == midnight.Weekday() && h.Start <= minute && minute < end {
				return true
			}
		}
	}
	return false
}

func TestHoursThatCannotBeAreRefusedByField(t *testing.T) {
	good := scheduling.WeeklyHours{Weekday: time.Friday, Start: 0, End: 48 * 60, ValidFrom: "2026-01-01", ValidTo: "2026-01-01"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		field string
		edit  func(*scheduling.WeeklyHours)
	}{
		{"weekday", func(h *scheduling.WeeklyHours) { h.Weekday = 7 }},
		{"weekday", func(h *scheduling.WeeklyHours) { h.Weekday = -1 }},
		{"startsAt", func(h *scheduling.WeeklyHours) { h.Start = -1 }},
		{"startsAt", func(h *scheduling.WeeklyHours) { h.Start = 24 * 60 }},
		{"endsAt", func(h *scheduling.WeeklyHours) { h.End = -1 }},
		{"endsAt", func(h *scheduling.WeeklyHours) { h.End = 48*60 + 1 }},
		{"validFrom", func(h *scheduling.WeeklyHours) { h.ValidFrom = "2026-02-30" }},
		{"validTo", func(h *scheduling.WeeklyHours) { h.ValidTo = "1.1.2026" }},
		{"validTo", func(h *scheduling.WeeklyHours) { h.ValidTo = "2025-12-31" }},
	} {
		h := good
		tc.edit(&h)
		t.Run(tc.field, func(t *testing.T) { wantInvalid(t, h.Validate(), tc.field) })
	}
}

func TestLoadZone(t *testing.T) {
	for _, name := range []string{"Europe/Warsaw", "UTC", "Australia/Lord_Howe"} {
		if a, b := zone(t, name), zone(t, name); a != b || a.String() != name {
			t.Errorf("%s was read as %v and %v", name, a, b)
		}
	}
	for _, name := range []string{"", "Local", "Mars/Phobos", "../etc/passwd"} {
		_, err := scheduling.LoadZone(name)
		wantInvalid(t, err, "timezone")
	}
}

func wantInvalid(t rapid.TB, err error, field string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code != fault.CodeBadUserInput || len(f.Fields) != 1 || f.Fields[0].Path != field {
		t.Errorf("got %v, want BAD_USER_INPUT at %q", err, field)
	}
}
