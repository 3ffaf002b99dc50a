//go:build linux

package place

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Build makes the server from this module's source. The playground, which takes
// npm, is off in production.
func (p Place) Build(ctx context.Context) (string, error) { return p.BuildWith(ctx, "clinicgraph") }

// Change is a text of a file of this module, which is there once, and what a server is
// built with instead.
type Change struct{ File, Text, Instead string }

// BuildWith makes the server under a name, with changes that stay out of the source:
// what something costs shows when it is not done. It runs in the module's folder.
func (p Place) BuildWith(ctx context.Context, name string, changes ...Change) (string, error) {
	replace := map[string]string{}
	for i, c := range changes {
		source, err := filepath.Abs(c.File)
		if err != nil {
			return "", err
		}
		text, err := os.ReadFile(source)
		if err != nil {
			return "", fmt.Errorf("run this from the module's folder: %w", err)
		}
		if strings.Count(string(text), c.Text) != 1 {
			return "", fmt.Errorf("%s does not have %q once", source, c.Text)
		}
		changed := p.File(name + strconv.Itoa(i) + ".go.txt")
		if err := os.WriteFile(changed, []byte(strings.Replace(string(text), c.Text, c.Instead, 1)), 0o600); err != nil {
			return "", err
		}
		replace[source] = changed
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(p.File(name+".overlay.json"), overlay, 0o600); err != nil {
		return "", err
	}
	binary := p.File(name)
	out, err := exec.CommandContext(ctx, "go", "build", "-overlay", p.File(name+".overlay.json"), "-o", binary, "clinicgraph").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return binary, nil
}
