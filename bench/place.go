//go:build linux

package main

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

// place is the folder of a run.
type place struct {
	dir  string
	kept bool
}

func openPlace(dir string) (place, error) {
	if dir == "" {
		dir, err := os.MkdirTemp("", "clinicgraph-bench-")
		if err != nil {
			return place{}, err
		}
		return place{dir: dir}, os.Chmod(dir, 0o711) // PostgreSQL's user goes through it
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return place{}, err
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return place{}, err
	}
	return place{dir, true}, nil
}

func (p place) close(err *error) {
	if !p.kept {
		*err = errors.Join(*err, os.RemoveAll(p.dir))
	}
}

func (p place) file(name string) string { return filepath.Join(p.dir, name) }

// closing runs the end of something and keeps its error.
func closing(end func() error, err *error) { *err = errors.Join(*err, end()) }

// home is the clinic, loaded.
type home struct {
	database  string // URL
	passwords map[string]string
	secret    string // file
	data      string // folder

	Bookings int           `json:"bookings"`
	Day      string        `json:"day"` // that it is seen from
	Took     time.Duration `json:"took"`
}

// databaseName is the database in the cluster.
const databaseName = "clinic"

// furnish loads the clinic, unless the folder has it from an earlier run.
func (p place) furnish(ctx context.Context, pg *cluster.Cluster, o options, log *slog.Logger) (home, error) {
	h := home{database: pg.URL(databaseName), secret: p.file("secret.key"), data: p.file("data"), Bookings: o.bookings}
	text, err := os.ReadFile(p.file("loaded.json"))
	switch {
	case err == nil:
		err = json.Unmarshal(text, &h)
		if err == nil && h.Bookings != o.bookings {
			err = fmt.Errorf("%s holds a clinic of %d bookings, not %d; remove it or name another folder", p.dir, h.Bookings, o.bookings)
		}
	case errors.Is(err, fs.ErrNotExist):
		err = p.load(ctx, pg, &h, o, log)
	}
	if err != nil {
		return h, err
	}
	h.passwords, err = clinic.ReadPasswords(p.file("passwords.json"))
	return h, err
}

func (p place) load(ctx context.Context, pg *cluster.Cluster, h *home, o options, log *slog.Logger) error {
	if _, _, err := auth.LoadOrCreateSecret(h.secret); err != nil {
		return err
	}
	if err := execute(ctx, pg.URL("postgres"), `DROP DATABASE IF EXISTS `+databaseName, `CREATE DATABASE `+databaseName); err != nil {
		return err
	}
	for _, command := range [][]string{{"migrate", "up"}, {"seed", "base"}} {
		cmd := exec.CommandContext(ctx, o.binary, command...)
		cmd.Env = environment(*h)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("clinicgraph %s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	began := time.Now()
	c, err := clinic.New(clinic.SizeFor(o.bookings), began)
	if err != nil {
		return err
	}
	drawn := c.NewPasswords()
	hashes, err := clinic.Hashes(ctx, h.secret, drawn)
	if err != nil {
		return err
	}
	if err := os.Remove(p.file("passwords.json")); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a load that failed
		return err
	}
	if err := clinic.WritePasswords(p.file("passwords.json"), drawn); err != nil {
		return err
	}
	if err := c.Load(ctx, h.database, hashes, log); err != nil {
		return err
	}
	if err := execute(ctx, h.database, `CHECKPOINT`); err != nil {
		return err
	}
	h.Day, h.Took = began.UTC().Format(time.DateOnly), time.Since(began)
	log.Info("clinic loaded", "bookings", o.bookings, "took", h.Took.Round(time.Millisecond))
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return os.WriteFile(p.file("loaded.json"), text, 0o600)
}

func execute(ctx context.Context, url string, statements ...string) (err error) {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer closing(db.Close, &err)
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// build makes the server from this module's source. The playground, which takes
// npm, is off in production.
func (p place) build(ctx context.Context) (string, error) {
	binary := p.file("clinicgraph")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "clinicgraph")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return binary, nil
}

// environment is what the server is told.
func environment(h home) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
		"DATABASE_URL=" + h.database, "CLINICGRAPH_ENV=production", "CLINICGRAPH_SECRET_FILE=" + h.secret,
		"CLINICGRAPH_DATA=" + h.data, "CLINICGRAPH_ADDR=127.0.0.1:0",
	}
}
