package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
)

func TestTheCountsAreCheckedAndMadeAnewFromTheCommandLine(t *testing.T) {
	if code, _, errs := run(t, nil, "seed", "demo"); code != config.ExitOK {
		t.Fatal(errs)
	}
	says := func(verb string, code int, want string) {
		t.Helper()
		var out bytes.Buffer
		if got := app.Main(t.Context(), "v-test", []string{"counts", verb}, &out, &out); got != code || !strings.Contains(out.String(), want) {
			t.Errorf("counts %s: exit %d, want %d and %q: %s", verb, got, code, want, out.String())
		}
	}
	says("check", config.ExitOK, "are right")
	onFile(t, filepath.Join(os.Getenv("CLINICGRAPH_DATA"), "clinicgraph.db"), "UPDATE booking_counts SET n = n + 1 WHERE id = (SELECT min(id) FROM booking_counts)")
	says("check", config.ExitFailure, "1 counts of bookings are wrong; counts rebuild")
	says("rebuild", config.ExitOK, "are right")
	says("check", config.ExitOK, "are right")
}
