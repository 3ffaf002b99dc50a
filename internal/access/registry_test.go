package access

import (
	"strings"
	"testing"
)

// TestOnlyWhatIsTheSameForAllRowsHasNoScopes: what reads or changes rows of somebody
// has all three.
func TestOnlyWhatIsTheSameForAllRowsHasNoScopes(t *testing.T) {
	for _, p := range Registry() {
		want := "OWN UNIT ANY"
		if p.Whole {
			want = ""
		}
		if got := strings.Join(p.Scopes(), " "); got != want {
			t.Errorf("%s: %q, want %q", p.Name, got, want)
		}
	}
}
