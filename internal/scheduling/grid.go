package scheduling

import "time"

// grid finds the starts of a rule: moments at which the local clock shows the
// offset plus a multiple of the step. Where the clock shows an hour twice, both
// are starts; where it skips one, none is. All is whole seconds.
type grid struct {
	rule SlotRule

	// The stretch of constant offset to UTC that was looked at last, in Unix
	// seconds: successive questions nearly always fall into the same one.
	from, until, offset int64
	known               bool
}

const daySeconds = 24 * 60 * 60

// next gives the first start at or after t, in UTC.
func (g *grid) next(t time.Time) time.Time {
	at := t.Unix()
	if t.Nanosecond() > 0 {
		at++
	}
	step, first := int64(g.rule.Step/time.Second), int64(g.rule.Offset/time.Second)
	for {
		g.look(at)
		local := at + g.offset
		midnight := local - mod(local, daySeconds)
		start := midnight + first
		if start < local {
			start += (local - start + step - 1) / step * step
		}
		if start >= midnight+daySeconds { // the grid begins anew each midnight
			start = midnight + daySeconds + first
		}
		if start -= g.offset; start < g.until {
			return time.Unix(start, 0).UTC()
		}
		at = g.until // the clocks change before that: look again from there
	}
}

// look finds the stretch of constant offset that at lies in.
func (g *grid) look(at int64) {
	if g.known && g.from <= at && at < g.until {
		return
	}
	t := time.Unix(at, 0).In(g.rule.Zone)
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	g.from, g.until, g.offset, g.known = -1<<63, 1<<63-1, int64(offset), true
	if !start.IsZero() {
		g.from = start.Unix()
	}
	if !end.IsZero() {
		g.until = end.Unix()
	}
}

// mod is the remainder that is never negative.
func mod(a, b int64) int64 { return (a%b + b) % b }
