//go:build linux

package storm_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	_ "clinicgraph/ent/runtime" // the schemas' policies and defaults

	"clinicgraph/bench/internal/storm"
	"clinicgraph/internal/testdb"
)

// A short storm. bench/storm is the long one.
func TestTheRecordIsCompleteThoughTheServerIsKilled(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "clinicgraph")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "clinicgraph").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for name, database := range map[string]func(*testing.T) string{
		"sqlite":   func(*testing.T) string { return "" },
		"postgres": func(t *testing.T) string { return testdb.NewPostgresDatabase(t, "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &storm.Storm{Binary: binary, Dir: t.TempDir(), Database: database(t), Clients: 6, Kills: 3, Between: 40}
			r, err := s.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r.Answered < 60 || r.Unknown == 0 {
				t.Errorf("this was no storm: %+v", r)
			}
			t.Logf("%+v", r)
		})
	}
}
