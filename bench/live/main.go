//go:build linux

// Command live measures what idle subscriptions cost, and how fast one event
// reaches all of them:
//
//	go run ./bench/live
//
// It serves a small clinic as in production, opens sockets with one subscription
// each, leaves them alone for a while, cancels bookings one after the other, and
// waits each time until every socket has told of it. Then it closes them all. Each
// socket takes a file descriptor here and one in the server: see ulimit -n.
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
	"syscall"
	"time"

	_ "github.com/lib/pq"

	"clinicgraph/bench/internal/clinic"
	"clinicgraph/bench/internal/closedloop"
	"clinicgraph/bench/internal/cpu"
	"clinicgraph/bench/internal/place"
)

// options are the flags.
type options struct {
	streams, sessions, events, bookings int
	dir, binary                         string
	idle, limit                         time.Duration
}

func main() {
	// What is started here ends with this thread.
	runtime.LockOSThread()
	var o options
	flag.IntVar(&o.streams, "streams", 10_000, "how many `sockets`, with one subscription each")
	flag.IntVar(&o.sessions, "sessions", 50, "how many `sign-ins` they belong to: each reads an event once")
	flag.IntVar(&o.events, "events", 20, "how many `events`")
	flag.IntVar(&o.bookings, "bookings", 2000, "how many `bookings` the clinic has")
	flag.StringVar(&o.dir, "dir", "", "`folder` to keep the database in, and to find it again; by default all is removed")
	flag.StringVar(&o.binary, "binary", "", "the server, a `file`; by default it is built")
	flag.DurationVar(&o.idle, "idle", 30*time.Second, "how long nothing happens")
	flag.DurationVar(&o.limit, "limit", 15*time.Minute, "how long everything may take")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	err := run(ctx, o, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, log *slog.Logger) error {
	wish := place.Wish{Dir: o.dir, Binary: o.binary, Bookings: o.bookings}
	return place.On(ctx, wish, log, func(g place.Ground) error { return o.run(ctx, g, log) })
}

func (o options) run(ctx context.Context, g place.Ground, log *slog.Logger) (err error) {
	admin, err := freeAddr()
	if err != nil {
		return err
	}
	server, err := g.Serve("CLINICGRAPH_ADMIN_ADDR="+admin, "CLINICGRAPH_DRAIN_DELAY=0s",
		"CLINICGRAPH_LIVE_STREAMS=100000", "CLINICGRAPH_LIVE_STREAMS_PER_USER=100000",
		fmt.Sprintf("CLINICGRAPH_SESSIONS_PER_USER=%d", o.sessions+1))
	if err != nil {
		return err
	}
	defer place.Closing(server.Stop, &err)
	tokens := make([]string, o.sessions)
	for i := range tokens {
		if tokens[i], err = closedloop.SignIn(ctx, server.Addr, clinic.Manager, g.Home.Passwords[clinic.Manager]); err != nil {
			return err
		}
	}
	bookings, err := comingBookings(ctx, g.Home.Database, o.events)
	if err != nil {
		return err
	}
	return measure(ctx, o, server, admin, tokens, bookings, log)
}

// comingBookings are so many that can be cancelled.
func comingBookings(ctx context.Context, url string, n int) (ids []string, err error) {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return nil, err
	}
	defer place.Closing(db.Close, &err)
	rows, err := db.QueryContext(ctx, `SELECT id FROM bookings WHERE status IN ('CONFIRMED', 'PENDING') AND starts_at > now() ORDER BY id LIMIT $1`, n)
	if err != nil {
		return nil, err
	}
	defer place.Closing(rows.Close, &err)
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if len(ids) < n {
		return nil, fmt.Errorf("only %d bookings can be cancelled", len(ids))
	}
	return ids, rows.Err()
}

func measure(ctx context.Context, o options, server *place.Server, admin string, tokens, bookings []string, log *slog.Logger) error {
	before, err := look(ctx, admin, server.PID())
	if err != nil {
		return err
	}
	began := time.Now()
	crowd, err := gather(ctx, server.Addr, tokens, o.streams)
	if err != nil {
		return err
	}
	defer crowd.leave()
	log.Info("all are there", "sockets", o.streams, "took", time.Since(began).Round(time.Millisecond))
	with, err := look(ctx, admin, server.PID())
	if err != nil {
		return err
	}
	used, err := cpu.OfProcess(server.PID())
	if err != nil {
		return err
	}
	wait(ctx, o.idle)
	usedIdle, err := cpu.OfProcess(server.PID())
	if err != nil {
		return err
	}
	times, err := crowd.tell(ctx, server.Addr, tokens[0], bookings)
	if err != nil {
		return err
	}
	told, err := look(ctx, admin, server.PID())
	if err != nil {
		return err
	}
	crowd.leave()
	gone := time.Now()
	after, err := settle(ctx, admin, before.goroutines+20)
	if err != nil {
		return err
	}
	per := func(s sight) float64 { return float64(s.memory-before.memory) / float64(o.streams) / 1024 }
	fmt.Printf("%d idle subscriptions on as many sockets, of %d sign-ins\n\n", o.streams, o.sessions)
	fmt.Printf("| | |\n|---|--:|\n")
	fmt.Printf("| memory each, in use | %.1f KiB |\n", float64(with.used-before.used)/float64(o.streams)/1024)
	fmt.Printf("| memory each, resident, after a collection | %.1f KiB |\n", per(with))
	fmt.Printf("| the same, with the garbage of opening them | %.1f KiB |\n", float64(with.garbage-before.memory)/float64(o.streams)/1024)
	fmt.Printf("| after %d events to all | %.1f KiB |\n", o.events, per(told))
	fmt.Printf("| processor while idle | %.1f %% of one |\n", 100*float64(usedIdle-used)/float64(o.idle))
	fmt.Printf("| an event to all, from the request on: half of them within | %s |\n", at(times, 0.5))
	fmt.Printf("| 99 %% within | %s |\n", at(times, 0.99))
	fmt.Printf("| all within | %s |\n", at(times, 1))
	fmt.Printf("| goroutines before, with them, after | %d, %d, %d |\n", before.goroutines, with.goroutines, after)
	fmt.Printf("| back within | %s |\n", time.Since(gone).Round(100*time.Millisecond))
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
