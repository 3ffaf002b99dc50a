//go:build conformance

package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/config"
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
	for tool, manifest := range map[string]string{
		"the client preset": "generated/persisted-documents.json", "relay-compiler": "generated/relay/documents.json",
	} {
		t.Run("the server takes the trusted documents that "+tool+" writes", func(t *testing.T) {
			trust(t, filepath.Join(project, filepath.FromSlash(manifest)))
		})
	}
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(11, 3)
		clock := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { c.clock.move(time.Hour) }))
		defer clock.Close()
		byGET := open(t, c.dialect, func(cfg *config.Config) { cfg.Server.ServeGET = true })
		npm(t, "live",
			"CONFORMANCE_URL="+c.url+"/graphql",
			"CONFORMANCE_URL_BY_GET="+byGET.url+"/graphql",
			"CONFORMANCE_PASSWORD="+password,
			"CONFORMANCE_CLOCK="+clock.URL)
	})
}

// trust starts a server that trusts the documents of a manifest alone, and asks
// for the viewer by the id of a document.
func trust(t *testing.T, manifest string) {
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var documents map[string]string
	if err := json.Unmarshal(text, &documents); err != nil {
		t.Fatal(err)
	}
	c := open(t, dialect.SQLite, func(cfg *config.Config) { cfg.Server.TrustedDocuments = manifest })
	asked := 0
	for id, document := range documents {
		if strings.Contains(document, "viewer {") {
			asked++
			if a := c.anyone().post("application/json", `{"documentId": "`+id+`", "variables": {"first": 1}}`); a.code() != "UNAUTHENTICATED" {
				t.Errorf("%s: %s", document, a.body)
			}
			c.anyone().do(document + " ").refused("BAD_USER_INPUT")
		}
	}
	if asked == 0 {
		t.Errorf("no document in %s asks for the viewer", manifest)
	}
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
