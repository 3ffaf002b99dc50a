//go:build linux

// Command storm shows that the record is complete though the server is killed:
//
//	go run ./bench/storm
//
// On a SQLite file and on a durable PostgreSQL of its own, clients change things and
// keep a journal while the server is killed (SIGKILL) and started again, a hundred
// times each. In the end journal, tables, record, chain and stream are held against
// each other; anything missing, doubled or wrong ends the run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"clinicgraph/bench/internal/cluster"
	"clinicgraph/bench/internal/place"
	"clinicgraph/bench/internal/storm"
	_ "clinicgraph/ent/runtime" // the schemas' policies and defaults
)

func main() {
	// What is started here ends with this thread.
	runtime.LockOSThread()
	clients := flag.Int("clients", 12, "how many `clients`")
	kills := flag.Int("kills", 100, "how many `kills` on each database")
	between := flag.Int("between", 300, "how many `mutations` are answered between two kills, about")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	err := run(ctx, *clients, *kills, *between)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, clients, kills, between int) (err error) {
	at, err := place.Open("")
	if err != nil {
		return err
	}
	defer at.Close(&err)
	pg, err := cluster.Start(ctx, at.Dir)
	if err != nil {
		return err
	}
	defer place.Closing(pg.Stop, &err)
	binary, err := at.Build(ctx)
	if err != nil {
		return err
	}
	for name, database := range map[string]string{"SQLite": "", "PostgreSQL": pg.URL("postgres")} {
		dir := at.File(name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		s := &storm.Storm{Binary: binary, Dir: dir, Database: database, Clients: clients, Kills: kills, Between: between}
		began := time.Now()
		r, err := s.Run(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("%s: %d kills in %s: %d mutations answered, %d refused, %d cut off, of which %d had happened; %d entries of the operation log, %d of the chain, all as they must be\n",
			name, kills, time.Since(began).Round(time.Second), r.Answered, r.Refused, r.Unknown, r.Happened, r.Rows, r.Entries)
	}
	return nil
}
