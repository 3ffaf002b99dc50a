package scheduling

import (
	"time"

	"clinicgraph/internal/fault"
)

// Minutes of a local day, and of two.
const (
	dayMinutes = 24 * 60
	maxMinutes = 2 * dayMinutes
)

// WeeklyHours is one stretch of local time that recurs every week, such as
// Mondays from 22:00 to 06:00 of the next day.
type WeeklyHours struct {
	Weekday time.Weekday // of the start
	// Start and End are minutes after midnight of the local day. An End at or
	// before Start is on the next day; one beyond 24 h may also be written as
	// such, up to 48 h.
	Start, End int
	// ValidFrom and ValidTo are the first and last local days (of the start) on
	// which it holds, as "2026-03-29"; empty: no limit.
	ValidFrom, ValidTo string
}

// Validate is nil, or BAD_USER_INPUT at "weekday", "startsAt", "endsAt",
// "validFrom" or "validTo".
func (h WeeklyHours) Validate() error {
	if h.Weekday < time.Sunday || h.Weekday > time.Saturday {
		return fault.Invalid("weekday", "There is no such day of the week.")
	}
	if h.Start < 0 || h.Start >= dayMinutes {
		return fault.Invalid("startsAt", "Working hours start between 00:00 and 23:59.")
	}
	if h.End < 0 || h.End > maxMinutes {
		return fault.Invalid("endsAt", "Working hours end within two days.")
	}
	if err := checkDay("validFrom", h.ValidFrom); err != nil {
		return err
	}
	if err := checkDay("validTo", h.ValidTo); err != nil {
		return err
	}
	if h.ValidFrom != "" && h.ValidTo != "" && h.ValidTo < h.ValidFrom {
		return fault.Invalid("validTo", "The last day %s is before the first day %s.", h.ValidTo, h.ValidFrom)
	}
	return nil
}

func checkDay(path, day string) error {
	if day == "" {
		return nil
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return fault.Invalid(path, "%q is not a date such as 2026-03-29.", day)
	}
	return nil
}

// on gives the stretch that starts on the local day, whose midnight is written
// as if it were UTC.
func (h WeeklyHours) on(day time.Time, zone *time.Location) Interval {
	end := h.End
	if end <= h.Start {
		end += dayMinutes
	}
	return Interval{
		Start: instant(day.Add(time.Duration(h.Start)*time.Minute), zone),
		End:   instant(day.Add(time.Duration(end)*time.Minute), zone),
	}
}

func (h WeeklyHours) holdsOn(day time.Time) bool {
	if day.Weekday() != h.Weekday {
		return false
	}
	// Dates of this form sort like the days that they name.
	date := day.Format(time.DateOnly)
	return date >= h.ValidFrom && (h.ValidTo == "" || date <= h.ValidTo)
}

// Expand gives the moments of window that lie within the hours, in UTC, merged.
// Local times are those of the zone: a start or end that the clocks skip is moved
// forward to the moment of the skip, one that they show twice is the first
// showing, so a night shift is an hour shorter in spring and longer in autumn.
//
// Rows that Validate refuses give nothing. The work is proportional to the days
// of the window times the rows; CheckRange bounds what a client may ask.
func Expand(hours []WeeklyHours, zone *time.Location, window Interval) []Interval {
	if window.Empty() {
		return nil
	}
	usable := make([]WeeklyHours, 0, len(hours))
	for _, h := range hours {
		if h.Validate() == nil {
			usable = append(usable, h)
		}
	}
	var open []Interval
	// A day back: what started earlier has ended by local midnight. A day ahead:
	// where clocks are set back over midnight, the next day has begun already.
	first, last := localDay(window.Start, zone).AddDate(0, 0, -1), localDay(window.End, zone).AddDate(0, 0, 1)
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		for _, h := range usable {
			if !h.holdsOn(day) {
				continue
			}
			i := h.on(day, zone)
			if i.Start.Before(window.Start) {
				i.Start = window.Start.UTC()
			}
			if i.End.After(window.End) {
				i.End = window.End.UTC()
			}
			open = append(open, i) // Merge drops it where nothing is left
		}
	}
	return Merge(open)
}

// localDay is midnight of the local day of t, written as if it were UTC.
func localDay(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
