//go:build linux

package place

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"strconv"

	"clinicgraph/bench/internal/cluster"
)

// Wish says what a benchmark wants to stand on.
type Wish struct {
	Dir      string // folder to keep the database in; "" for a temporary one
	Binary   string // the server; "" builds it
	Bookings int
	Pinned   Pinned
}

// Pinned says which processor each process has to itself.
type Pinned string

// The ways to pin, as a flag names them.
const (
	// Nowhere leaves everything on all processors.
	Nowhere Pinned = "nowhere"
	// ServerApart keeps the server on one processor and PostgreSQL and the generator
	// on another: it says what the server takes.
	ServerApart Pinned = "server"
	// AskerApart keeps the server and PostgreSQL on one processor and the generator
	// on another: what those two can do together is not taken from them by who asks.
	AskerApart Pinned = "asker"
)

// UnmarshalText takes a flag's value.
func (p *Pinned) UnmarshalText(text []byte) error {
	if *p = Pinned(text); *p != Nowhere && *p != ServerApart && *p != AskerApart {
		return errors.New("say nowhere, server or asker")
	}
	return nil
}

// MarshalText is what UnmarshalText takes.
func (p Pinned) MarshalText() ([]byte, error) { return []byte(p), nil }

// Ground is what a benchmark stands on: a PostgreSQL of its own with the clinic
// in it, and the binary.
type Ground struct {
	Home     Home
	Postgres *cluster.Cluster
	Binary   string

	at     Place
	pinned Pinned
}

// On makes the ground, runs the benchmark on it, and takes away what is not to
// stay. The goroutine must be locked to its thread: PostgreSQL ends with it.
func On(ctx context.Context, w Wish, log *slog.Logger, run func(Ground) error) (err error) {
	g := Ground{Binary: w.Binary, pinned: w.Pinned}
	if g.at, err = Open(w.Dir); err != nil {
		return err
	}
	defer g.at.Close(&err)
	if w.Pinned != Nowhere {
		if err := Pinnable(); err != nil {
			return err
		}
	}
	if g.Postgres, err = cluster.Start(ctx, g.at.Dir); err != nil {
		return err
	}
	defer Closing(g.Postgres.Stop, &err)
	if g.Binary == "" {
		if g.Binary, err = g.at.Build(ctx); err != nil {
			return err
		}
	}
	if g.Home, err = g.at.Furnish(ctx, g.Postgres, g.Binary, w.Bookings, log); err != nil {
		return err
	}
	if w.Pinned != Nowhere {
		if err := w.Pinned.others(ctx, g.Postgres); err != nil {
			return err
		}
	}
	return run(g)
}

// Peer starts a server of another kind on the ground's database: a program that says
// where it serves, as ours does.
func (g Ground) Peer(args ...string) (*Server, error) {
	environ := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "DATABASE_URL=" + g.Home.Database, "NODE_ENV=production", "GRAPHILE_ENV=production"}
	if g.pinned == Nowhere { // all processors: a process of Node takes one
		environ = append(environ, "PEER_WORKERS="+strconv.Itoa(runtime.NumCPU()))
	}
	return g.at.run(g.pinned != Nowhere, environ, args...)
}

// File is the path of a file in the ground's folder.
func (g Ground) File(name string) string { return g.at.File(name) }

// ServeWith starts a server that is built with changes.
func (g Ground) ServeWith(ctx context.Context, name string, changes []Change, settings ...string) (*Server, error) {
	binary, err := g.at.BuildWith(ctx, name, changes...)
	if err != nil {
		return nil, err
	}
	return g.at.Serve(binary, g.Home, g.pinned != Nowhere, settings...)
}

// Serve starts a server on the ground, with more settings.
func (g Ground) Serve(settings ...string) (*Server, error) {
	return g.at.Serve(g.Binary, g.Home, g.pinned != Nowhere, settings...)
}
