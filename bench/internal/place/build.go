//go:build linux

package place

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
type Change struct {
	File, Text, Instead string
	Everywhere          bool // the text may be there more than once, and is changed each time
}

// Changed gives texts by their files with the changes, which must be of those files.
// Error: what is to be changed is not there, or more than once and not everywhere.
func Changed(texts map[string]string, changes []Change) (map[string]string, error) {
	changed := maps.Clone(texts)
	for _, c := range changes {
		if n := strings.Count(changed[c.File], c.Text); n == 0 || n > 1 && !c.Everywhere {
			return nil, fmt.Errorf("%s has %q %d times", c.File, c.Text, n)
		}
		changed[c.File] = strings.ReplaceAll(changed[c.File], c.Text, c.Instead)
	}
	return changed, nil
}

// BuildWith makes the server under a name, with changes that stay out of the source:
// what something costs shows when it is not done. It runs in the module's folder.
func (p Place) BuildWith(ctx context.Context, name string, changes ...Change) (string, error) {
	texts := map[string]string{}
	for _, c := range changes {
		text, err := os.ReadFile(c.File)
		if err != nil {
			return "", fmt.Errorf("run this from the module's folder: %w", err)
		}
		texts[c.File] = string(text)
	}
	texts, err := Changed(texts, changes)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for file, text := range texts {
		source, err := filepath.Abs(file)
		if err != nil {
			return "", err
		}
		changed := p.File(name + strconv.Itoa(len(replace)) + ".go.txt")
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
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
