//go:build linux

// Command restart measures whether a restart is noticed:
//
//	go run ./bench/restart
//
// It runs two servers on one database, restarts them in turn while both are asked,
// and checks every answer. Clients ask whichever server says that it is ready, as
// a balancer does, and try a refused connection once more. A request that was cut
// off ends the run.
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
	"slices"
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
	bookings, restarts, clients int
	dir, binary                 string
	drain, limit                time.Duration
}

func main() {
	// What is started here ends with this thread.
	runtime.LockOSThread()
	var o options
	flag.IntVar(&o.bookings, "bookings", 20_000, "how many `bookings`; a tenth of it are customers")
	flag.IntVar(&o.restarts, "restarts", 100, "how many `restarts`")
	flag.IntVar(&o.clients, "clients", 8, "how many `clients`")
	flag.StringVar(&o.dir, "dir", "", "`folder` to keep the database in, and to find it again; by default all is removed")
	flag.StringVar(&o.binary, "binary", "", "the server, a `file`; by default it is built")
	flag.DurationVar(&o.drain, "drain", 300*time.Millisecond, "the servers' drain delay")
	flag.DurationVar(&o.limit, "limit", 20*time.Minute, "how long everything may take")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	err := run(ctx, o, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "restart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, log *slog.Logger) error {
	wish := place.Wish{Dir: o.dir, Binary: o.binary, Bookings: o.bookings}
	return place.On(ctx, wish, log, func(g place.Ground) error { return o.run(ctx, g, log) })
}

func (o options) run(ctx context.Context, g place.Ground, log *slog.Logger) (err error) {
	serve := func() (*place.Server, error) {
		return g.Serve("CLINICGRAPH_DRAIN_DELAY=" + o.drain.String())
	}
	var servers [2]*place.Server
	for i := range servers {
		if servers[i], err = serve(); err != nil {
			return err
		}
		defer func() { place.Closing(servers[i].Stop, &err) }()
	}
	token, set, err := prepare(ctx, g.Home, servers[0].Addr)
	if err != nil {
		return err
	}
	b := newBalancer(servers[0].Addr, servers[1].Addr)
	load := startLoad(ctx, b, token, set, o.clients)
	stops, err := restart(ctx, o, servers[:], serve, b, load, log)
	result, loadErr := load.stop()
	if loadErr != nil {
		return loadErr
	}
	if err != nil {
		return err
	}
	slices.Sort(stops)
	fmt.Printf("%d restarts of two servers in turn, %d clients, drain delay %s: %d requests answered rightly, %d cut off, %d connections tried again; a stop took %s at most, %s in the middle\n",
		len(stops), o.clients, o.drain, result.answered, 0, result.again, stops[len(stops)-1].Round(time.Millisecond), stops[len(stops)/2].Round(time.Millisecond))
	return nil
}

// restart stops and starts the servers in turn, as long as the load holds.
func restart(ctx context.Context, o options, servers []*place.Server, serve func() (*place.Server, error), b *balancer, load *load, log *slog.Logger) (stops []time.Duration, err error) {
	for n := range o.restarts {
		i := n % len(servers)
		began := time.Now()
		if err := servers[i].Stop(); err != nil {
			return nil, err
		}
		stops = append(stops, time.Since(began))
		if servers[i], err = serve(); err != nil {
			return nil, err
		}
		b.replace(i, servers[i].Addr)
		if err := b.await(ctx, i); err != nil {
			return nil, err
		}
		if load.failed() {
			return stops, nil
		}
		if (n+1)%10 == 0 {
			log.Info("restarted", "times", n+1)
		}
	}
	return stops, nil
}

// prepare signs in, which counts on both servers, and makes the questions.
func prepare(ctx context.Context, home place.Home, addr string) (token string, set *question.Set, err error) {
	if token, err = closedloop.SignIn(ctx, addr, clinic.Manager, home.Passwords[clinic.Manager]); err != nil {
		return "", nil, err
	}
	db, err := sql.Open("postgres", home.Database)
	if err != nil {
		return "", nil, err
	}
	defer place.Closing(db.Close, &err)
	source := &question.Source{DB: db}
	sets, err := source.Prepare(ctx, clinic.Manager, func(ctx context.Context, body []byte) ([]byte, error) {
		return closedloop.Ask(ctx, addr, token, body)
	}, question.Ours, []string{"Q1"})
	if err != nil {
		return "", nil, err
	}
	return token, sets[0], nil
}
