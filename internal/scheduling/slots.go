package scheduling

import (
	"time"

	"clinicgraph/internal/fault"
)

// MaxRange is the longest range that may be searched for slots: 31 days, and the
// hour that a month has more when summer time ends in it.
const MaxRange = 31*24*time.Hour + time.Hour

// SlotRule says which times may be booked for a service with a practitioner.
type SlotRule struct {
	Duration time.Duration // of the appointment itself
	// BufferBefore and BufferAfter are kept free of other claims around the
	// appointment. They are not treatment: opening hours need to hold only the
	// appointment. Other claims hold their own buffers already, so between two
	// appointments both buffers lie, one after the other.
	BufferBefore, BufferAfter time.Duration
	// Step and Offset are the grid: a start is Offset past local midnight, plus
	// a multiple of Step. With a Step that divides the hour, each hour has the
	// same starts; any other grid begins anew each midnight.
	Step, Offset time.Duration
	Notice       time.Duration // the start is at least so far ahead
	Horizon      time.Duration // the start is at most so far ahead; zero: no limit
	Zone         *time.Location
}

// Validate is nil, or BAD_USER_INPUT at the field of the rule that cannot be:
// "duration", "bufferBefore", "bufferAfter", "interval", "offset", "notice",
// "horizon" or "timezone".
func (r SlotRule) Validate() error {
	const day = 24 * time.Hour
	switch {
	case r.Duration <= 0 || r.Duration > day:
		return fault.Invalid("duration", "An appointment lasts up to 24 hours.")
	case r.BufferBefore < 0 || r.BufferBefore > day:
		return fault.Invalid("bufferBefore", "A buffer lasts up to 24 hours.")
	case r.BufferAfter < 0 || r.BufferAfter > day:
		return fault.Invalid("bufferAfter", "A buffer lasts up to 24 hours.")
	case r.Step < time.Minute || r.Step > day || r.Step%time.Minute != 0:
		return fault.Invalid("interval", "The interval is a number of whole minutes, up to 24 hours.")
	case r.Offset < 0 || r.Offset >= r.Step || r.Offset%time.Minute != 0:
		return fault.Invalid("offset", "The offset is a number of whole minutes, shorter than the interval.")
	case r.Notice < 0:
		return fault.Invalid("notice", "The notice is not negative.")
	case r.Horizon < 0:
		return fault.Invalid("horizon", "The horizon is not negative.")
	case r.Zone == nil:
		return fault.Invalid("timezone", "A time zone is missing.")
	}
	return nil
}

// Claim gives what an appointment at start takes of its practitioner's time, with
// both buffers: what a claim in the database holds.
func (r SlotRule) Claim(start time.Time) Interval {
	return Interval{Start: start.Add(-r.BufferBefore), End: start.Add(r.Duration + r.BufferAfter)}
}

// Reach gives all the time that slots starting from from until before to can
// touch: for which hours are expanded and claims loaded. Hours or claims outside
// of it change nothing.
func (r SlotRule) Reach(from, to time.Time) Interval {
	return Interval{Start: from.Add(-r.BufferBefore), End: to.Add(r.Duration + r.BufferAfter)}
}

func (r SlotRule) local(t time.Time) string { return t.In(r.Zone).Format(time.RFC3339) }

// CheckRange is nil, or BAD_USER_INPUT at "to": the range ends before it starts,
// or is longer than MaxRange.
func CheckRange(from, to time.Time) error {
	if to.Before(from) {
		return fault.Invalid("to", "The end of the range is before its start.")
	}
	if to.Sub(from) > MaxRange {
		return fault.Invalid("to", "At most 31 days can be searched at once.")
	}
	return nil
}

// Slots lists the times at which an appointment may start from from until before
// to, in ascending order; the last ones may end after to. They are alternatives
// to each other and overlap where the step is shorter than the duration.
//
// open are the opening hours, busy the claims, in any order; both have to cover
// Reach(from, to). What Slots gives, Fits takes, and the other way round. The
// error is that of Validate or CheckRange. The work is sorting, and then one
// step per slot, claim and opening.
func Slots(rule SlotRule, open, busy []Interval, from, to, now time.Time) ([]Interval, error) {
	if err := rule.Validate(); err != nil {
		return nil, err
	}
	if err := CheckRange(from, to); err != nil {
		return nil, err
	}
	if earliest := now.Add(rule.Notice); from.Before(earliest) {
		from = earliest
	}
	if latest := now.Add(rule.Horizon); rule.Horizon > 0 && latest.Before(to) {
		to = latest.Add(1) // the horizon itself may be booked
	}
	busy = Merge(busy)
	starts := grid{rule: rule}

	var slots []Interval
	for _, o := range Merge(open) {
		start := o.Start
		if start.Before(from) {
			start = from
		}
		for start = starts.next(start); start.Before(to); {
			slot := Interval{Start: start, End: start.Add(rule.Duration)}
			if slot.End.After(o.End) {
				break
			}
			claim := rule.Claim(start)
			// Claims only grow later from slot to slot: what is past stays past.
			for len(busy) > 0 && !busy[0].End.After(claim.Start) {
				busy = busy[1:]
			}
			if len(busy) > 0 && busy[0].Overlaps(claim) {
				start = starts.next(busy[0].End.Add(rule.BufferBefore))
				continue
			}
			slots = append(slots, slot)
			start = starts.next(start.Add(1))
		}
	}
	return slots, nil
}

// Fits is nil where an appointment may start. Otherwise it is BAD_USER_INPUT at
// "startsAt" for a time off the grid, too soon, too far ahead or outside of the
// opening hours, and SLOT_TAKEN for one that meets a claim. A rule that Validate
// refuses fits nothing and gives that error. open and busy, in any order, have to
// cover Reach(start, start).
func Fits(rule SlotRule, open, busy []Interval, start, now time.Time) error {
	if err := rule.Validate(); err != nil {
		return err
	}
	if starts := (grid{rule: rule}); !starts.next(start).Equal(start) {
		return fault.Invalid("startsAt", "Appointments do not start at this minute; choose one of the available slots.")
	}
	if start.Before(now) {
		return fault.Invalid("startsAt", "This time has passed.")
	}
	if earliest := now.Add(rule.Notice); start.Before(earliest) {
		return fault.Invalid("startsAt", "This time is too soon; the earliest is %s.", rule.local(earliest))
	}
	if latest := now.Add(rule.Horizon); rule.Horizon > 0 && start.After(latest) {
		return fault.Invalid("startsAt", "This time is too far ahead; the latest is %s.", rule.local(latest))
	}
	if !contained(Interval{Start: start, End: start.Add(rule.Duration)}, open) {
		return fault.Invalid("startsAt", "This time is outside of the working hours.")
	}
	claim := rule.Claim(start)
	for _, b := range busy {
		if b.Overlaps(claim) {
			return fault.New(fault.CodeSlotTaken, "This time is no longer free; choose another one.")
		}
	}
	return nil
}

func contained(i Interval, open []Interval) bool {
	for _, o := range Merge(open) {
		if o.Contains(i) {
			return true
		}
	}
	return false
}
