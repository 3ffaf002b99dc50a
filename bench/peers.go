//go:build linux

package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"clinicgraph/bench/internal/clinic"
	"clinicgraph/bench/internal/measure"
	"clinicgraph/bench/internal/place"
	"clinicgraph/bench/internal/question"
)

// ours is the name of the server among what is measured.
const ours = "ClinicGraph"

// ceiling is the name of what is written by hand; see ./bench/ceiling.
const ceiling = "ceiling"

// sqlite stands for the server itself, on a copy of the clinic in SQLite.
const sqlite = "sqlite"

// scripts are the peers that run on Node, and what they are asked.
var scripts = map[string]question.Documents{"postgraphile": question.PostGraphile, "mercurius": question.Ours}

// peer starts what the server is compared with. What is written by hand shows each
// login its own rows, as the server does; the others know no rows, and stand beside
// the manager, who sees all.
func (o options) peer(ctx context.Context, g place.Ground, name string, log *slog.Logger) (systems []measure.System, stop func(), err error) {
	var servers []*place.Server
	stop = func() {
		for _, s := range servers {
			s.Kill()
		}
	}
	start := func(login string, documents question.Documents, args ...string) error {
		s, err := g.Peer(args...)
		if err != nil {
			return err
		}
		servers = append(servers, s)
		systems = append(systems, measure.System{Name: name, Login: login, Addr: s.Addr, PID: s.PID(), Documents: documents})
		return nil
	}
	// also is the server itself in another way.
	also := func(name string) func(*place.Server, error) ([]measure.System, func(), error) {
		return func(s *place.Server, err error) ([]measure.System, func(), error) {
			if err != nil {
				return nil, stop, err
			}
			servers = append(servers, s)
			return []measure.System{{Name: name, Addr: s.Addr, PID: s.PID(), Documents: question.Ours}}, stop, nil
		}
	}
	documents, script := scripts[name]
	with, setting := strings.CutPrefix(name, "set:")
	lacking, lacks := without[strings.TrimPrefix(name, "without:")]
	switch {
	case name == sqlite:
		return also(ours + " on SQLite")(g.ServeLite(ctx, log, "CLINICGRAPH_IN_FLIGHT=0"))
	case lacks:
		return also(name)(g.ServeWith(ctx, strings.ReplaceAll(name, ":", "-"), lacking.changes, append(lacking.settings, "CLINICGRAPH_IN_FLIGHT=0")...))
	case setting:
		return also(with)(g.Serve("CLINICGRAPH_IN_FLIGHT=0", with))
	case name == ceiling:
		binary := g.File(ceiling)
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "clinicgraph/bench/ceiling").CombinedOutput(); err != nil {
			return nil, stop, fmt.Errorf("build: %w\n%s", err, out)
		}
		for _, login := range o.measure.Logins {
			if login != clinic.Staff && login != clinic.Manager {
				continue // whose rows are not those of units
			}
			unit, err := unitOf(ctx, g.Home.Database, login)
			if err == nil {
				err = start(login, question.Ours, binary, "-unit", unit, "-login", login, "-secret", g.File("secret.key"))
			}
			if err != nil {
				return nil, stop, err
			}
		}
		return systems, stop, nil
	case script:
		node, err := installed(ctx)
		if err == nil {
			err = books(ctx, g.Home.Database)
		}
		if err == nil {
			err = start(clinic.Manager, documents, node, filepath.Join(peersFolder, name+".mjs"))
		}
		return systems, stop, err
	default:
		return nil, stop, fmt.Errorf("there is no such peer")
	}
}

// peersFolder is where the project of the peers is, from the top of the repository.
const peersFolder = "bench/peers"

// installed gives the Node that the peers' project brings, and brings it where it is
// missing.
func installed(ctx context.Context) (node string, err error) {
	if node, err = filepath.Abs(filepath.Join(peersFolder, "node_modules/node/bin/node")); err != nil {
		return "", err
	}
	if _, err := os.Stat(node); err == nil {
		return node, nil
	}
	cmd := exec.CommandContext(ctx, "npm", "ci")
	cmd.Dir = peersFolder
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci in %s (run from the top of the repository): %w\n%s", peersFolder, err, out)
	}
	return node, nil
}

// books has the database book in SQL, which is how the peers do it.
func books(ctx context.Context, url string) (err error) {
	text, err := os.ReadFile(filepath.Join(peersFolder, "book.sql"))
	if err != nil {
		return err
	}
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer place.Closing(db.Close, &err)
	_, err = db.ExecContext(ctx, string(text))
	return err
}

// unitOf is the unit whose rows the login sees; "" for one who sees all.
func unitOf(ctx context.Context, url, login string) (unit string, err error) {
	if login == clinic.Manager {
		return "", nil
	}
	db, err := sql.Open("postgres", url)
	if err != nil {
		return "", err
	}
	defer place.Closing(db.Close, &err)
	err = db.QueryRowContext(ctx, `SELECT organizational_unit_id FROM users WHERE username = $1`, login).Scan(&unit)
	return unit, err
}
