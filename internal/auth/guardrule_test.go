package auth

import (
	"testing"
	"time"
)

func TestBlocksGrowUntilTheyAreLong(t *testing.T) {
	start := time.Date(2030, 1, 7, 8, 0, 0, 0, time.UTC)
	last := start.Add(time.Minute)
	for _, c := range []struct {
		name string
		rule guardRule
		n    int
		want time.Duration // after the last try; 0: none
	}{
		{"stranger", strangerRule, 0, 0},
		{"stranger", strangerRule, 4, 0},
		{"stranger", strangerRule, 5, 30 * time.Second},
		{"stranger", strangerRule, 6, time.Minute},
		{"stranger", strangerRule, 7, 2 * time.Minute},
		{"stranger", strangerRule, 8, 4 * time.Minute},
		{"stranger", strangerRule, 9, 8 * time.Minute},
		{"stranger", strangerRule, 10, 15 * time.Minute},
		{"stranger", strangerRule, 99, 15 * time.Minute},
		{"device", deviceRule, 9, 0},
		{"device", deviceRule, 10, 30 * time.Second},
		{"device", deviceRule, 13, 4 * time.Minute},
		{"device", deviceRule, 14, 5 * time.Minute},
		{"device", deviceRule, 1 << 30, 5 * time.Minute},
		{"address", addressRule, 19, 0},
		{"address", addressRule, 20, 4 * time.Minute}, // five after the first
	} {
		got := c.rule.blockedUntil(tries{c.n, start, last})
		if c.want == 0 && !got.IsZero() || c.want != 0 && !got.Equal(last.Add(c.want)) {
			t.Errorf("%s after %d tries: until %s, want %s after the last", c.name, c.n, got, c.want)
		}
	}
	for _, n := range []int{100, 101, 1 << 30} {
		if got := strangerRule.blockedUntil(tries{n, start, last}); !got.Equal(never) {
			t.Errorf("a stranger after %d tries: until %s, want never", n, got)
		}
	}
}

func TestTriesAreForgottenInTime(t *testing.T) {
	start := time.Date(2030, 1, 7, 8, 0, 0, 0, time.UTC)
	last := start.Add(time.Minute)
	for name, c := range map[string]struct {
		rule guardRule
		n    int
		want time.Time
	}{
		"stranger":         {strangerRule, 1, last.Add(12 * time.Hour)},
		"stranger, nearly": {strangerRule, 99, last.Add(12 * time.Hour)},
		"stranger, shut":   {strangerRule, 100, never},
		"device":           {deviceRule, 1000, last.Add(12 * time.Hour)},
		"address":          {addressRule, 1, start.Add(5 * time.Minute)},
	} {
		if got := c.rule.forgottenAt(tries{c.n, start, last}); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
