//go:build linux

// Command audit says what the record costs:
//
//	go run ./bench/audit
//
// On a SQLite file and on a durable PostgreSQL of its own, in a temporary folder, it
// creates customers with the operation log, its codes and the sealer at work, and in
// turn the same without rows of the log; then it fills the logs with a million rows,
// has them sealed, and takes the time of `clinicgraph audit verify` over all of
// them. It prints figures and fails when something is wrong with the record.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"clinicgraph/bench/internal/cluster"
	"clinicgraph/bench/internal/place"
	_ "clinicgraph/ent/runtime" // the schemas' policies and defaults
	"clinicgraph/internal/store"
	"clinicgraph/migrate"
)

func main() {
	// What is started here ends with this thread.
	runtime.LockOSThread()
	rows := flag.Int("rows", 1_000_000, "how many `rows` are verified")
	mutations := flag.Int("mutations", 200, "how many `mutations` of each kind in a round")
	rounds := flag.Int("rounds", 7, "how many `rounds`; medians are printed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	err := run(ctx, *rows, *mutations, *rounds)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "audit:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rows, mutations, rounds int) (err error) {
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
	fmt.Printf("%s, %d processors, load %s\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), load())
	for _, open := range []func(name string) (*store.DB, error){
		func(name string) (*store.DB, error) { return store.OpenSQLite(ctx, at.File(name+".db")) },
		func(string) (*store.DB, error) {
			return store.OpenPostgres(ctx, store.Options{URL: pg.URL("postgres"), StatementTimeout: -1})
		},
	} {
		if err := measure(ctx, open, rows, mutations, rounds); err != nil {
			return err
		}
	}
	fmt.Printf("load at the end: %s\n", load())
	return nil
}

func measure(ctx context.Context, open func(string) (*store.DB, error), rows, mutations, rounds int) (err error) {
	db, err := open("clinic")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := migrate.Apply(ctx, db); err != nil {
		return err
	}
	keys, err := fill(ctx, db, rows)
	if err != nil {
		return err
	}
	for range 3 {
		began := time.Now()
		r, err := keys.Check(ctx, db)
		if err != nil {
			return err
		}
		if r.First != nil || r.Entries != int64(rows) {
			return fmt.Errorf("%+v: %v", r, r.First)
		}
		fmt.Printf("%s: %d rows verified in %.1f s\n", db.Dialect, r.Entries, time.Since(began).Seconds())
	}
	return cost(ctx, db, keys, mutations, rounds)
}

// load is how busy the machine is, as the kernel says.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
