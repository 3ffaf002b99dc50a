package removals

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// top is the module's folder.
const top = "../../.."

// layerEnv names the layer that a test binary goes without.
const layerEnv = "CLINICGRAPH_GONE"

// TestEachLayerAloneIsHeldByATest builds the tests with all layers of the list
// removable, each by its name in the environment, and runs the test of each layer
// twice: with everything in place it passes, without the layer it fails. One build
// serves all entries, because what costs is compiling. What is taken out of SQL is
// taken out for good, in a build for each layer.
func TestEachLayerAloneIsHeldByATest(t *testing.T) {
	if len(removals) < 40 {
		t.Fatalf("only %d layers are listed", len(removals))
	}
	edited, binaries, green := map[string]string{}, map[string]string{}, map[string]bool{}
	gone := map[string]map[string]string{} // by layer: the files that are edited for it alone
	for _, r := range removals {
		if !r.inSQL() {
			take(t, edited, r)
			continue
		}
		if gone[r.layer] == nil {
			gone[r.layer] = map[string]string{}
		}
		take(t, gone[r.layer], r)
	}
	everything := overlay(t, edited)
	for _, r := range removals {
		t.Run(r.layer+" "+path.Base(path.Dir(r.file)), func(t *testing.T) {
			if binaries[r.pkg] == "" {
				binaries[r.pkg] = build(t, r.pkg, everything)
			}
			if what := r.pkg + " " + r.failing; !green[what] {
				green[what] = true
				if failed, out := run(t, r, binaries[r.pkg], ""); failed || !strings.Contains(out, "--- PASS: ") {
					t.Fatalf("with every layer in place %s does not pass:\n%s", r.failing, tail(out))
				}
			}
			if !r.inSQL() {
				mustFail(t, r, binaries[r.pkg])
				return
			}
			if binaries[r.layer] == "" {
				binaries[r.layer] = build(t, r.pkg, overlay(t, gone[r.layer]))
			}
			mustFail(t, r, binaries[r.layer])
		})
	}
}

func (r removal) inSQL() bool { return strings.HasSuffix(r.file, ".sql") }

func mustFail(t *testing.T, r removal, binary string) {
	t.Helper()
	failed, out := run(t, r, binary, r.layer)
	// A database that could not be made at all misses nothing.
	if !failed || !strings.Contains(out, "--- FAIL: ") || strings.Contains(out, "testdb: ") {
		t.Errorf("without this layer of %s, %s in %s does not fail:\n%s", r.file, r.failing, r.pkg, tail(out))
	}
}

var packageClause = regexp.MustCompile(`(?m)^package (\w+)$`)

// take edits a file of the list. The text must stand in it exactly once.
func take(t *testing.T, edited map[string]string, r removal) {
	t.Helper()
	text, ok := edited[r.file]
	if !ok {
		read, err := os.ReadFile(filepath.Join(top, r.file))
		if err != nil {
			t.Fatal(err)
		}
		text = string(read)
	}
	if n := strings.Count(text, r.cut); n != 1 {
		t.Fatalf("%s: the text stands in %s %d times: %s", r.layer, r.file, n, r.cut)
	}
	put := strings.ReplaceAll(r.put, "GONE", fmt.Sprintf("(goneLayer == %q)", r.layer))
	edited[r.file] = strings.Replace(text, r.cut, put, 1)
	if !r.inSQL() {
		name := packageClause.FindStringSubmatch(text)[1]
		edited[filepath.Join(filepath.Dir(r.file), "gone_layer.go")] = "package " + name + "\n\nimport \"os\"\n\nvar goneLayer = os.Getenv(\"" + layerEnv + "\")\n"
	}
}

// overlay writes the edited files aside, and gives the file that has go build read
// them.
func overlay(t *testing.T, edited map[string]string) string {
	t.Helper()
	dir, replace := t.TempDir(), map[string]string{}
	for file, text := range edited {
		real, err := filepath.Abs(filepath.Join(top, file))
		if err != nil {
			t.Fatal(err)
		}
		replace[real] = filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(replace[real], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// build makes the tests of a package with the overlay. That it compiles is no
// result: a layer must be missed by a test.
func build(t *testing.T, pkg, overlay string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "clinicgraph-removals-")
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "tests")
	builds = append(builds, dir)
	cmd := exec.Command("go", "test", "-c", "-overlay", overlay, "-o", binary, "./"+pkg)
	cmd.Dir = top
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the tests of %s: %v\n%s", pkg, err, out)
	}
	return binary
}

// builds are the folders that TestMain removes.
var builds []string

func TestMain(m *testing.M) {
	code := m.Run()
	for _, dir := range builds {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(code)
}

// run says whether the test fails without the layer; "" is with all of them.
func run(t *testing.T, r removal, binary, layer string) (failed bool, out string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.v", "-test.failfast", "-test.run", r.failing)
	cmd.Dir = filepath.Join(top, r.pkg)
	cmd.Env = append(os.Environ(), layerEnv+"="+layer)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", r.pkg, err)
	}
	return err != nil, string(text)
}

// tail is the end of a long text.
func tail(text string) string { return text[max(0, len(text)-2000):] }
