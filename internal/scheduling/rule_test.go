package scheduling_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/scheduling"
)

func TestClaimAndReachHoldTheBuffers(t *testing.T) {
	rule := half(func(r *scheduling.SlotRule) { r.BufferBefore, r.BufferAfter = 10*minute, 15*minute })
	if diff := cmp.Diff(span(590, 645), rule.Claim(span(600, 0).Start)); diff != "" {
		t.Errorf("claim (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(span(590, 1245), rule.Reach(span(600, 0).Start, span(1200, 0).Start)); diff != "" {
		t.Errorf("reach (-want +got):\n%s", diff)
	}
}

func TestRulesThatCannotBeAreRefusedByField(t *testing.T) {
	for _, tc := range []struct {
		field string
		edit  func(*scheduling.SlotRule)
	}{
		{"duration", func(r *scheduling.SlotRule) { r.Duration = 0 }},
		{"duration", func(r *scheduling.SlotRule) { r.Duration = 25 * time.Hour }},
		{"bufferBefore", func(r *scheduling.SlotRule) { r.BufferBefore = -1 }},
		{"bufferAfter", func(r *scheduling.SlotRule) { r.BufferAfter = 25 * time.Hour }},
		{"interval", func(r *scheduling.SlotRule) { r.Step = 0 }},
		{"interval", func(r *scheduling.SlotRule) { r.Step = 90 * time.Second }},
		{"interval", func(r *scheduling.SlotRule) { r.Step = 25 * time.Hour }},
		{"offset", func(r *scheduling.SlotRule) { r.Offset = r.Step }},
		{"offset", func(r *scheduling.SlotRule) { r.Offset = -minute }},
		{"notice", func(r *scheduling.SlotRule) { r.Notice = -1 }},
		{"horizon", func(r *scheduling.SlotRule) { r.Horizon = -1 }},
		{"timezone", func(r *scheduling.SlotRule) { r.Zone = nil }},
	} {
		rule := half(tc.edit)
		t.Run(tc.field, func(t *testing.T) {
			_, err := scheduling.Slots(rule, nil, nil, epoch, epoch, epoch)
			wantInvalid(t, err, tc.field)
			wantInvalid(t, scheduling.Fits(rule, nil, nil, epoch, epoch), tc.field)
		})
	}
}

// A month of five-minute starts and as many claims as fit.
func BenchmarkSlots(b *testing.B) {
	rule := half(func(r *scheduling.SlotRule) { r.Step = 5 * minute })
	var busy []scheduling.Interval
	for m := 0; m < 31*24*60; m += 120 {
		busy = append(busy, span(m, m+10))
	}
	open := []scheduling.Interval{span(0, 31*24*60)}
	for b.Loop() {
		if _, err := scheduling.Slots(rule, open, busy, epoch, epoch.AddDate(0, 0, 31), epoch); err != nil {
			b.Fatal(err)
		}
	}
}
