//go:build linux

// Package place owns what a benchmark of the whole server stands on: a folder, the
// server's binary, its database with the benchmark's clinic, and servers that run
// on it as in production. It never measures anything.
package place

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"clinicgraph/bench/internal/clinic"
	"clinicgraph/bench/internal/cluster"
	"clinicgraph/internal/auth"
)

// Place is the folder of a run.
type Place struct {
	Dir  string
	kept bool
}

// Open makes the folder, or finds it; without a name it is a temporary one.
func Open(dir string) (Place, error) {
	if dir == "" {
		dir, err := os.MkdirTemp("", "clinicgraph-bench-")
		if err != nil {
			return Place{}, err
		}
		return Place{Dir: dir}, os.Chmod(dir, 0o711) // PostgreSQL's user goes through it
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Place{}, err
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return Place{}, err
	}
	return Place{dir, true}, nil
}

// Close removes the folder, unless it has a name, and adds its error.
func (p Place) Close(err *error) {
	if !p.kept {
		*err = errors.Join(*err, os.RemoveAll(p.Dir))
	}
}

// File is the path of a file in the folder.
func (p Place) File(name string) string { return filepath.Join(p.Dir, name) }

// Closing runs the end of something and keeps its error.
func Closing(end func() error, err *error) { *err = errors.Join(*err, end()) }

// Home is the clinic, loaded.
type Home struct {
	Database  string            `json:"-"` // URL
	Passwords map[string]string `json:"-"`

	secret string // file
	data   string // folder

	Bookings int           `json:"bookings"`
	Day      string        `json:"day"` // that it is seen from
	Took     time.Duration `json:"took"`
}

// databaseName is the database in the cluster.
const databaseName = "clinic"

// Furnish loads a clinic of so many bookings with the binary, unless the folder
// has it from an earlier run.
func (p Place) Furnish(ctx context.Context, pg *cluster.Cluster, binary string, bookings int, log *slog.Logger) (Home, error) {
	h := Home{Database: pg.URL(databaseName), secret: p.File("secret.key"), data: p.File("data"), Bookings: bookings}
	text, err := os.ReadFile(p.File("loaded.json"))
	switch {
	case err == nil:
		err = json.Unmarshal(text, &h)
		if err == nil && h.Bookings != bookings {
			err = fmt.Errorf("%s holds a clinic of %d bookings, not %d; remove it or name another folder", p.Dir, h.Bookings, bookings)
		}
	case errors.Is(err, fs.ErrNotExist):
		err = p.load(ctx, pg, &h, binary, log)
	}
	if err == nil {
		// Autovacuum comes rarely here, so that it does not come while something is
		// measured: what was loaded, and what earlier runs have changed, is tidied now.
		err = execute(ctx, h.Database, `VACUUM (ANALYZE)`)
	}
	if err != nil {
		return h, err
	}
	h.Passwords, err = clinic.ReadPasswords(p.File("passwords.json"))
	return h, err
}

func (p Place) load(ctx context.Context, pg *cluster.Cluster, h *Home, binary string, log *slog.Logger) error {
	if _, _, err := auth.LoadOrCreateSecret(h.secret); err != nil {
		return err
	}
	if err := execute(ctx, pg.URL("postgres"), `DROP DATABASE IF EXISTS `+databaseName, `CREATE DATABASE `+databaseName); err != nil {
		return err
	}
	for _, command := range [][]string{{"migrate", "up"}, {"seed", "base"}} {
		cmd := exec.CommandContext(ctx, binary, command...)
		cmd.Env = h.environment()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("clinicgraph %s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	began := time.Now()
	c, err := clinic.New(clinic.SizeFor(h.Bookings), began)
	if err != nil {
		return err
	}
	drawn := c.NewPasswords()
	hashes, err := clinic.Hashes(ctx, h.secret, drawn)
	if err != nil {
		return err
	}
	if err := os.Remove(p.File("passwords.json")); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a load that failed
		return err
	}
	if err := clinic.WritePasswords(p.File("passwords.json"), drawn); err != nil {
		return err
	}
	if err := c.Load(ctx, h.Database, hashes, log); err != nil {
		return err
	}
	if err := execute(ctx, h.Database, `CHECKPOINT`); err != nil {
		return err
	}
	h.Day, h.Took = began.UTC().Format(time.DateOnly), time.Since(began)
	log.Info("clinic loaded", "bookings", h.Bookings, "took", h.Took.Round(time.Millisecond))
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return os.WriteFile(p.File("loaded.json"), text, 0o600)
}

func execute(ctx context.Context, url string, statements ...string) (err error) {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer Closing(db.Close, &err)
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// environment is what the server is told. Its limits are off: one client asks as
// much as it can.
func (h Home) environment(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
		"DATABASE_URL=" + h.Database, "CLINICGRAPH_ENV=production", "CLINICGRAPH_SECRET_FILE=" + h.secret,
		"CLINICGRAPH_DATA=" + h.data, "CLINICGRAPH_ADDR=127.0.0.1:0",
		"CLINICGRAPH_CONNS_PER_IP=0", "CLINICGRAPH_RATE_ANONYMOUS=0", "CLINICGRAPH_RATE_USER=0", "CLINICGRAPH_RATE_STAFF=0", "CLINICGRAPH_RATE_ACTIONS=0",
	}, more...)
}
