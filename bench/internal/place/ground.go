//go:build linux

package place

import (
	"context"
	"log/slog"

	"clinicgraph/bench/internal/cluster"
)

// Wish says what a benchmark wants to stand on.
type Wish struct {
	Dir      string // folder to keep the database in; "" for a temporary one
	Binary   string // the server; "" builds it
	Bookings int
	Pinned   bool // the server on one processor, everything else on another
}

// Ground is what a benchmark stands on: a PostgreSQL of its own with the clinic
// in it, and the binary.
type Ground struct {
	Home     Home
	Postgres *cluster.Cluster
	Binary   string

	at     Place
	pinned bool
}

// On makes the ground, runs the benchmark on it, and takes away what is not to
// stay. The goroutine must be locked to its thread: PostgreSQL ends with it.
func On(ctx context.Context, w Wish, log *slog.Logger, run func(Ground) error) (err error) {
	g := Ground{Binary: w.Binary, pinned: w.Pinned}
	if g.at, err = Open(w.Dir); err != nil {
		return err
	}
	defer g.at.Close(&err)
	if w.Pinned {
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
	if w.Pinned {
		if err := PinOthers(ctx, g.Postgres); err != nil {
			return err
		}
	}
	return run(g)
}

// Serve starts a server on the ground, with more settings.
func (g Ground) Serve(settings ...string) (*Server, error) {
	return g.at.Serve(g.Binary, g.Home, g.pinned, settings...)
}
