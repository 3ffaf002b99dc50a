//go:build linux

// Command bench measures the server as a whole:
//
//	go run ./bench
//
// It makes a PostgreSQL of its own, builds the server, migrates, loads the
// benchmark's clinic, serves it as in production, asks the six operations in
// rounds, and prints the medians as Markdown. All of it goes when it ends; with
// -dir the database stays for the next time. Progress goes to standard error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"clinicgraph/bench/internal/clinic"
	"clinicgraph/bench/internal/closedloop"
	"clinicgraph/bench/internal/measure"
	"clinicgraph/bench/internal/place"
	"clinicgraph/bench/internal/question"
)

// options are the flags.
type options struct {
	bookings   int
	dir        string
	binary     string
	limit      time.Duration
	pinned     place.Pinned
	statements bool
	peers      []string
	measure    measure.Config
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.bookings, "bookings", 1_000_000, "how many `bookings`; a tenth of it are customers")
	flags.StringVar(&o.dir, "dir", "", "`folder` to keep the database in, and to find it again; by default all is removed")
	flags.StringVar(&o.binary, "binary", "", "the server, a `file`; by default it is built")
	flags.DurationVar(&o.limit, "limit", 45*time.Minute, "how long everything may take")
	flags.TextVar(&o.pinned, "pinned", place.ServerApart, "which has a processor to itself: server, asker (the generator) or nowhere")
	flags.BoolVar(&o.statements, "statements", false, "print the statements of SQL that each operation makes")
	flags.IntVar(&o.measure.Rounds, "rounds", 3, "how many `rounds`; with 0 only statements are counted")
	flags.IntVar(&o.measure.Connections, "connections", 32, "how many `connections`")
	flags.DurationVar(&o.measure.Warm, "warm", time.Second, "asked but not counted, for each operation")
	flags.DurationVar(&o.measure.Measure, "measure", 4*time.Second, "counted, for each operation")
	peers := flags.String("peers", "ceiling", "what else is measured, with commas: ceiling, postgraphile, mercurius (which take npm), sqlite (the server on a copy in SQLite), unchecked (the server without permissions and record), without:NAME (see without.go), set:NAME=VALUE (the server with a setting), or nothing")
	logins := flags.String("logins", clinic.Staff+","+clinic.Manager, "who asks, with commas; own:doctor and own:customer stand for one of each, who are asked some of the operations")
	operations := flags.String("operations", strings.Join(question.Names, ","), "what is asked, with commas")
	err = flags.Parse(args)
	o.peers = strings.FieldsFunc(*peers, func(r rune) bool { return r == ',' })
	o.measure.Logins, o.measure.Operations = strings.Split(*logins, ","), strings.Split(*operations, ",")
	return o, err
}

func main() {
	// What is started here ends with this thread.
	runtime.LockOSThread()
	o, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2) // flag has said why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	err = bench(ctx, o, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options, log *slog.Logger) error {
	wish := place.Wish{Dir: o.dir, Binary: o.binary, Bookings: o.bookings, Pinned: o.pinned}
	return place.On(ctx, wish, log, func(g place.Ground) error { return o.run(ctx, g, log) })
}

// started times servers from their start until they have answered once.
func started(ctx context.Context, g place.Ground, times int) (all []time.Duration, err error) {
	for range times {
		began := time.Now()
		server, err := g.Serve()
		if err != nil {
			return nil, err
		}
		_, err = closedloop.Ask(ctx, server.Addr, "", []byte(`{"query":"{ __typename }"}`))
		all = append(all, time.Since(began))
		if err = errors.Join(err, server.Stop()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (o options) run(ctx context.Context, g place.Ground, log *slog.Logger) (err error) {
	// Nothing is refused here: what is measured is what a request costs.
	server, err := g.Serve("CLINICGRAPH_IN_FLIGHT=0")
	if err != nil {
		return err
	}
	defer place.Closing(server.Stop, &err)
	starts, err := started(ctx, g, o.measure.Rounds)
	if err != nil {
		return err
	}
	for i, login := range o.measure.Logins {
		if o.measure.Logins[i], err = clinic.Login(login, o.bookings); err != nil {
			return err
		}
	}
	cfg := o.measure
	cfg.Database, cfg.Passwords, cfg.Log, cfg.PostgresPID = g.Home.Database, g.Home.Passwords, log, g.Postgres.PID
	cfg.Systems = []measure.System{{Name: ours, Addr: server.Addr, PID: server.PID(), Documents: question.Ours}}
	for _, name := range o.peers {
		found, stop, err := o.peer(ctx, g, name, log)
		defer stop()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		cfg.Systems = append(cfg.Systems, found...)
	}
	session, err := measure.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer place.Closing(session.Close, &err)
	counts, err := session.Statements(ctx)
	if err != nil {
		return err
	}
	samples, err := session.Run(ctx)
	if err != nil {
		return err
	}
	if err := describe(ctx, os.Stdout, o, g); err != nil {
		return err
	}
	measure.WriteTable(os.Stdout, samples, counts)
	measure.WriteRatios(os.Stdout, samples)
	measure.WriteTargets(os.Stdout, samples, o.pinned == place.Nowhere)
	measure.WriteStart(os.Stdout, starts)
	if o.statements {
		measure.WriteStatements(os.Stdout, counts)
	}
	return nil
}
