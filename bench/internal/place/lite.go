//go:build linux

package place

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"clinicgraph/bench/internal/lite"
)

// ServeLite copies the clinic into SQLite, anew each time, and starts a server on
// the copy.
func (g Ground) ServeLite(ctx context.Context, log *slog.Logger, settings ...string) (*Server, error) {
	h := g.Home
	h.Database, h.data = "", g.at.File("lite")
	if err := os.RemoveAll(h.data); err != nil {
		return nil, err
	}
	command := func(args ...string) error {
		cmd := exec.CommandContext(ctx, g.Binary, args...)
		cmd.Env = h.environment()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("clinicgraph %s: %w\n%s", strings.Join(args, " "), err, out)
		}
		return nil
	}
	if err := command("migrate", "up"); err != nil {
		return nil, err
	}
	if err := lite.Copy(ctx, g.Home.Database, filepath.Join(h.data, "clinicgraph.db"), log); err != nil {
		return nil, err
	}
	if err := command("counts", "rebuild"); err != nil {
		return nil, err
	}
	return g.at.Serve(g.Binary, h, g.pinned != Nowhere, settings...)
}
