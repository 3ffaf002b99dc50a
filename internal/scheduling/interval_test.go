package scheduling_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"clinicgraph/internal/scheduling"
)

var epoch = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) // a Monday

// span is an interval in minutes after epoch.
func span(start, end int) scheduling.Interval {
	return scheduling.Interval{Start: epoch.Add(time.Duration(start) * time.Minute), End: epoch.Add(time.Duration(end) * time.Minute)}
}

// spans draws intervals within the minutes up to limit, some of them empty or
// turned around.
func spans(limit int) *rapid.Generator[[]scheduling.Interval] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) scheduling.Interval {
		start := rapid.IntRange(0, limit).Draw(t, "start")
		return span(start, min(limit, start+rapid.IntRange(-5, 240).Draw(t, "length")))
	}), 0, 12)
}

func within(at time.Time, all []scheduling.Interval) bool {
	return slices.ContainsFunc(all, func(i scheduling.Interval) bool { return !at.Before(i.Start) && at.Before(i.End) })
}

func TestOverlaps(t *testing.T) {
	for _, tc := range []struct {
		name string
		a, b scheduling.Interval
		want bool
	}{
		{"the same", span(10, 20), span(10, 20), true},
		{"one within the other", span(10, 20), span(12, 13), true},
		{"a common part", span(10, 20), span(19, 30), true},
		{"touching", span(10, 20), span(20, 30), false},
		{"apart", span(10, 20), span(25, 30), false},
		{"an empty one within", span(10, 20), span(15, 15), false},
		{"a turned one", span(10, 20), span(30, 5), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.a.Overlaps(tc.b) != tc.want || tc.b.Overlaps(tc.a) != tc.want {
				t.Errorf("Overlaps = %v and %v", tc.a.Overlaps(tc.b), tc.b.Overlaps(tc.a))
			}
		})
	}
}

func TestContains(t *testing.T) {
	for _, tc := range []struct {
		name string
		b    scheduling.Interval
		want bool
	}{
		{"itself", span(10, 20), true},
		{"a part", span(12, 18), true},
		{"one that begins before", span(9, 18), false},
		{"one that ends after", span(12, 21), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := span(10, 20).Contains(tc.b); got != tc.want {
				t.Errorf("Contains = %v", got)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	t.Run("joins what overlaps or touches and drops what is empty", func(t *testing.T) {
		got := scheduling.Merge([]scheduling.Interval{span(40, 50), span(0, 10), span(5, 7), span(10, 20), span(30, 30), span(60, 55)})
		if diff := cmp.Diff([]scheduling.Interval{span(0, 20), span(40, 50)}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("keeps the moments and leaves gaps between", rapid.MakeCheck(func(t *rapid.T) {
		const limit = 600
		in := spans(limit).Draw(t, "in")
		before := slices.Clone(in)
		out := scheduling.Merge(in)
		for m := range limit {
			if at := epoch.Add(time.Duration(m) * time.Minute); within(at, in) != within(at, out) {
				t.Fatalf("minute %d: in %v, out %v", m, within(at, in), within(at, out))
			}
		}
		for i, o := range out {
			if o.Empty() || i > 0 && !out[i-1].End.Before(o.Start) {
				t.Fatalf("out is %v", out)
			}
		}
		if diff := cmp.Diff(before, in); diff != "" {
			t.Fatalf("the argument has changed:\n%s", diff)
		}
	}))
}
