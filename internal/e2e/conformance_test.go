//go:build conformance

package e2e

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// project is the npm project with other people's tools and clients.
const project = "conformance"

// TestConformance holds the graph against suites and clients that others wrote.
// Node says what it found; the figures are in the output of go test -v.
func TestConformance(t *testing.T) {
	if _, err := os.Stat(filepath.Join(project, "node_modules", ".package-lock.json")); err != nil {
		t.Fatal("the npm project is not installed: run make conformance")
	}
	// The typed documents, the compiled fragments, and the clients by tsc --strict.
	npm(t, "build")
	npm(t, "tools")
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(11, 3)
		clock := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { c.clock.move(time.Hour) }))
		defer clock.Close()
		npm(t, "live",
			"CONFORMANCE_URL="+c.url+"/graphql",
			"CONFORMANCE_PASSWORD="+password,
			"CONFORMANCE_CLOCK="+clock.URL)
	})
}

// npm runs a script of the project and fails with what it printed.
func npm(t *testing.T, script string, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "npm", "run", "--silent", script)
	cmd.Dir, cmd.Env = project, append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("npm run %s: %v\n%s", script, err, out.String())
	}
	t.Logf("npm run %s\n%s", script, out.String())
}
