//go:build linux

// Command audit says what the record costs:
//
//	go run ./bench/audit
//
// On a SQLite file and on a durable PostgreSQL of its own, in a temporary folder, it
// makes a demo clinic with two servers, one of which is built without the operation
// log, and asks both the same mutations in turn; then it fills the logs of another
// database with a million rows, has them sealed, and takes the time of `clinicgraph
// audit verify` over all of them. It prints figures and fails when something is wrong
// with the record.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
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
	rows := flag.Int("rows", 1_000_000, "how many `rows` are verified; 0: none")
	mutations := flag.Int("mutations", 40, "how many `mutations` of each kind in a round")
	rounds := flag.Int("rounds", 9, "how many `rounds` of mutations; 0: none")
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
	if rounds > 0 {
		if err := costs(ctx, at, pg, mutations, rounds); err != nil {
			return err
		}
	}
	if rows > 0 {
		if err := verified(ctx, at, pg, rows); err != nil {
			return err
		}
	}
	fmt.Printf("load at the end: %s\n", load())
	return nil
}

// costs compares mutations on both databases.
func costs(ctx context.Context, at place.Place, pg *cluster.Cluster, mutations, rounds int) error {
	with, without, err := build(ctx, at)
	if err != nil {
		return err
	}
	fmt.Printf("medians of %d rounds of %d mutations each, in ms\n\n| | mutation | | with | without | ratio |\n|---|---|---|--:|--:|--:|\n", rounds, mutations)
	for _, on := range []struct {
		name, url string
		process   int
		open      func(dir string) (*store.DB, error)
	}{
		{"SQLite", "", 0, func(dir string) (*store.DB, error) {
			return store.OpenSQLite(ctx, filepath.Join(dir, "clinicgraph.db"))
		}},
		{"PostgreSQL", pg.URL("postgres"), pg.PID, func(string) (*store.DB, error) {
			return store.OpenPostgres(ctx, store.Options{URL: pg.URL("postgres")})
		}},
	} {
		dir := at.File(on.name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		c, err := furnish(ctx, dir, on.url, with, without)
		if err == nil {
			c.db, err = on.open(dir)
		}
		if err == nil {
			err = errors.Join(cost(ctx, c, on.name, on.process, mutations, rounds), c.db.Close())
		}
		if c != nil {
			err = errors.Join(err, c.stop())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// verified takes the time of checking so many rows on both databases.
func verified(ctx context.Context, at place.Place, pg *cluster.Cluster, rows int) error {
	db, err := sql.Open("postgres", pg.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "CREATE DATABASE record")
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	lite, err := store.OpenSQLite(ctx, at.File("record.db"))
	if err == nil {
		err = verify(ctx, lite, 0, rows)
	}
	if err != nil {
		return err
	}
	large, err := store.OpenPostgres(ctx, store.Options{URL: pg.URL("record"), StatementTimeout: -1})
	if err != nil {
		return err
	}
	return verify(ctx, large, pg.PID, rows)
}

// verify fills the logs of a database, checks them three times, and closes it.
func verify(ctx context.Context, db *store.DB, postgres, rows int) (err error) {
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := migrate.Apply(ctx, db); err != nil {
		return err
	}
	keys, err := fill(ctx, db, rows)
	if err != nil {
		return err
	}
	for range 3 {
		before, err := usage(os.Getpid(), postgres)
		if err != nil {
			return err
		}
		began := time.Now()
		r, err := keys.Check(ctx, db)
		if err != nil {
			return err
		}
		took := time.Since(began)
		after, err := usage(os.Getpid(), postgres)
		if err != nil {
			return err
		}
		if r.First != nil || r.Entries != int64(rows) {
			return fmt.Errorf("%+v: %v", r, r.First)
		}
		fmt.Printf("%s: %d rows verified in %.1f s, with %.1f s of processor time and %.1f s of PostgreSQL's\n", db.Dialect, r.Entries,
			took.Seconds(), (after[0] - before[0]).Seconds(), (after[1] - before[1]).Seconds())
	}
	return nil
}

// load is how busy the machine is, as the kernel says.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
