package e2e

import (
	"strings"
	"testing"

	"clinicgraph/internal/e2e/goclient"
)

// TestAGeneratedGoClientSignsInAndReads asks with what genqlient makes of the
// published graph.
func TestAGeneratedGoClientSignsInAndReads(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(7, 3)
		me := &goclient.Client{URL: c.url + "/graphql", HTTP: c.http}
		if _, err := me.Me(t.Context()); err == nil || !strings.Contains(err.Error(), "sign in") {
			t.Errorf("nobody: %v", err)
		}
		if err := me.SignIn(t.Context(), customerA, password); err != nil {
			t.Fatal(err)
		}
		if name, err := me.Me(t.Context()); err != nil || name != customerA {
			t.Errorf("%q, %v", name, err)
		}
		all, err := me.Bookings(t.Context(), 3)
		if err != nil || len(all) != 7 {
			t.Fatalf("%d bookings, %v", len(all), err)
		}
		for i, b := range all {
			if b.Total.Currency != "EUR" || i > 0 && b.StartsAt.Before(all[i-1].StartsAt) {
				t.Errorf("booking %d: %+v", i, b)
			}
		}
	})
}
