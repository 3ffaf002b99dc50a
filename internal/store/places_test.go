package store_test

import (
	"testing"

	"clinicgraph/internal/store"
)

func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		first, n int
		want     string
	}{{1, 0, ""}, {1, 1, "$1"}, {9, 3, "$9,$10,$11"}} {
		if got := store.Places(c.first, c.n); got != c.want {
			t.Errorf("%d from %d: %q, want %q", c.n, c.first, got, c.want)
		}
	}
}
