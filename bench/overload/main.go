//go:build linux

// Command overload measures what the server does when ten times as much is asked
// of it as it can do:
//
//	go run ./bench/overload
//
// It makes what it needs as ./bench does, finds out what an idle server takes for
// a request and how many it answers at most, and then asks ten times as many for a
// minute, whether they are answered or not. It prints a table in Markdown.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	_ "github.com/lib/pq"

	"clinicgraph/bench/internal/clinic"
	"clinicgraph/bench/internal/closedloop"
	"clinicgraph/bench/internal/place"
	"clinicgraph/bench/internal/question"
)

// options are the flags.
type options struct {
	bookings    int
	dir, binary string
	limit       time.Duration
	pinned      place.Pinned
	times       float64
	lasts       time.Duration
	connections int
	without     bool // the gate
	operations  []string
	settings    []string // of the server, beside the gate's
}

func main() {
	// What is started here ends with this thread.
	runtime.LockOSThread()
	var o options
	flag.IntVar(&o.bookings, "bookings", 1_000_000, "how many `bookings`; a tenth of it are customers")
	flag.StringVar(&o.dir, "dir", "", "`folder` to keep the database in, and to find it again; by default all is removed")
	flag.StringVar(&o.binary, "binary", "", "the server, a `file`; by default it is built")
	flag.DurationVar(&o.limit, "limit", 15*time.Minute, "how long everything may take")
	flag.TextVar(&o.pinned, "pinned", place.AskerApart, "which has a processor to itself: server, asker (the generator) or nowhere")
	flag.Float64Var(&o.times, "times", 10, "how many `times` the most that the server can do is asked of it")
	flag.DurationVar(&o.lasts, "lasts", time.Minute, "how long")
	flag.IntVar(&o.connections, "connections", 200, "how many `connections`")
	operations := flag.String("operations", "Q1,Q2,Q3,Q5", "what is asked in turn, with commas")
	flag.BoolVar(&o.without, "without", false, "the same without the gate, to see what it is for")
	flag.Func("set", "a `setting` of the server, NAME=VALUE; may come again", func(s string) error { o.settings = append(o.settings, s); return nil })
	flag.Parse()
	o.operations = strings.Split(*operations, ",")

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	err := run(ctx, o, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "overload:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, log *slog.Logger) error {
	wish := place.Wish{Dir: o.dir, Binary: o.binary, Bookings: o.bookings, Pinned: o.pinned}
	return place.On(ctx, wish, log, func(g place.Ground) error { return o.run(ctx, g, log) })
}

func (o options) run(ctx context.Context, g place.Ground, log *slog.Logger) error {
	m := &measurement{options: o, log: log}
	// What the server can do is found out without the gate.
	if err := m.on(g, "CLINICGRAPH_IN_FLIGHT=0", func() error {
		if err := m.prepare(ctx, g.Home); err != nil {
			return err
		}
		return m.calibrate(ctx)
	}); err != nil {
		return err
	}
	gate := "CLINICGRAPH_IN_FLIGHT=64"
	if o.without {
		gate = "CLINICGRAPH_IN_FLIGHT=0"
	}
	if err := m.on(g, gate, func() error { return m.overload(ctx) }); err != nil {
		return err
	}
	if err := m.refuseOnly(ctx, g); err != nil {
		return err
	}
	m.write()
	return nil
}

// on runs a part of the measurement on a server of its own.
func (m *measurement) on(g place.Ground, setting string, part func() error) (err error) {
	server, err := g.Serve(append(m.settings, setting)...)
	if err != nil {
		return err
	}
	defer place.Closing(server.Stop, &err)
	m.addr, m.pid = server.Addr, server.PID()
	return part()
}

// prepare signs in and makes the questions, all operations in turn.
func (m *measurement) prepare(ctx context.Context, home place.Home) (err error) {
	if m.token, err = closedloop.SignIn(ctx, m.addr, clinic.Manager, home.Passwords[clinic.Manager]); err != nil {
		return err
	}
	db, err := sql.Open("postgres", home.Database)
	if err != nil {
		return err
	}
	defer place.Closing(db.Close, &err)
	source := &question.Source{DB: db}
	sets, err := source.Prepare(ctx, clinic.Manager, func(ctx context.Context, body []byte) ([]byte, error) {
		return closedloop.Ask(ctx, m.addr, m.token, body)
	}, question.Ours, m.operations)
	if err != nil {
		return err
	}
	m.mix = question.Mix("mix", sets)
	return nil
}
