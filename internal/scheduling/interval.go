package scheduling

import (
	"slices"
	"time"
)

// Interval is a span of time with its start and without its end. Two that only
// touch do not overlap. One whose end is not after its start is empty.
type Interval struct{ Start, End time.Time }

// Empty says whether the interval holds no moment at all.
func (i Interval) Empty() bool { return !i.Start.Before(i.End) }

// Overlaps says whether the two share a moment.
func (i Interval) Overlaps(o Interval) bool {
	return !i.Empty() && !o.Empty() && i.Start.Before(o.End) && o.Start.Before(i.End)
}

// Contains says whether all of o lies within i.
func (i Interval) Contains(o Interval) bool {
	return !o.Start.Before(i.Start) && !o.End.After(i.End)
}

// Length is the time that passes between start and end, whatever the clocks on
// the wall show meanwhile.
func (i Interval) Length() time.Duration { return i.End.Sub(i.Start) }

// Merge gives the same moments as few intervals in ascending order: empty ones
// dropped, those that overlap or touch joined. It leaves its argument alone.
func Merge(intervals []Interval) []Interval {
	sorted := make([]Interval, 0, len(intervals))
	for _, i := range intervals {
		if !i.Empty() {
			sorted = append(sorted, i)
		}
	}
	slices.SortFunc(sorted, func(a, b Interval) int { return a.Start.Compare(b.Start) })

	merged := sorted[:0] // never longer than what was read of sorted
	for _, i := range sorted {
		if last := len(merged) - 1; last >= 0 && !i.Start.After(merged[last].End) {
			if i.End.After(merged[last].End) {
				merged[last].End = i.End
			}
			continue
		}
		merged = append(merged, i)
	}
	return merged
}
