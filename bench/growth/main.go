//go:build linux

// Command growth measures the server on clinics of different sizes:
//
//	go run ./bench/growth -sizes 10000,100000,1000000 -dir ../growth
//
// Each size has a PostgreSQL of its own in a folder of its own. It prints what a
// request costs at each size, how large the database is, and the memory of the server
// and of a connection of PostgreSQL when all operations have been asked on it. With
// -dir the databases stay for the next time. A million bookings take some 8 GB, ten
// times as many ten times as much.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/lib/pq"

	"clinicgraph/bench/internal/clinic"
	"clinicgraph/bench/internal/cpu"
	"clinicgraph/bench/internal/measure"
	"clinicgraph/bench/internal/place"
	"clinicgraph/bench/internal/question"
)

type options struct {
	sizes   []int
	dir     string
	binary  string
	limit   time.Duration
	pinned  place.Pinned
	measure measure.Config
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("growth", flag.ContinueOnError)
	sizes := flags.String("sizes", "10000,100000", "how many `bookings`, with commas; a tenth of each are customers")
	flags.StringVar(&o.dir, "dir", "", "`folder` to keep the databases in; by default all are removed")
	flags.StringVar(&o.binary, "binary", "", "the server, a `file`; by default it is built")
	flags.DurationVar(&o.limit, "limit", 4*time.Hour, "how long everything may take")
	flags.TextVar(&o.pinned, "pinned", place.ServerApart, "which has a processor to itself: server, asker (the generator) or nowhere")
	flags.IntVar(&o.measure.Rounds, "rounds", 3, "how many `rounds`")
	flags.IntVar(&o.measure.Connections, "connections", 32, "how many `connections`")
	flags.DurationVar(&o.measure.Warm, "warm", time.Second, "asked but not counted, for each operation")
	flags.DurationVar(&o.measure.Measure, "measure", 2*time.Second, "counted, for each operation")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.measure.Logins, o.measure.Operations = []string{clinic.Staff, clinic.Manager}, append(slices.Clone(question.Names), question.Uncounted)
	for text := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 5000 { // fewer have no pages of three percent
			return o, fmt.Errorf("%q is no number of bookings from 5000 on", text)
		}
		o.sizes = append(o.sizes, n)
	}
	return o, nil
}

func main() {
	// What is started here ends with this thread.
	runtime.LockOSThread()
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	err = o.run(ctx, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

// grown is what was found at one size.
type grown struct {
	size     int
	samples  []measure.Sample
	database int64 // bytes
	server   int64 // most memory, bytes
	conn     int64 // private memory of a connection of PostgreSQL, bytes
	loaded   time.Duration
}

func (o options) run(ctx context.Context, log *slog.Logger) error {
	var all []grown
	for _, size := range o.sizes {
		wish := place.Wish{Binary: o.binary, Bookings: size, Pinned: o.pinned}
		if o.dir != "" {
			wish.Dir = filepath.Join(o.dir, strconv.Itoa(size))
		}
		err := place.On(ctx, wish, log, func(g place.Ground) error {
			found, err := o.at(ctx, g, log)
			found.size = size
			all = append(all, found)
			return err
		})
		if err != nil {
			return fmt.Errorf("at %d bookings: %w", size, err)
		}
	}
	write(os.Stdout, all)
	return nil
}

// at measures one size.
func (o options) at(ctx context.Context, g place.Ground, log *slog.Logger) (found grown, err error) {
	server, err := g.Serve("CLINICGRAPH_IN_FLIGHT=0")
	if err != nil {
		return found, err
	}
	defer place.Closing(server.Stop, &err)
	cfg := o.measure
	cfg.Database, cfg.Passwords, cfg.Log, cfg.PostgresPID = g.Home.Database, g.Home.Passwords, log, g.Postgres.PID
	cfg.Systems = []measure.System{{Name: "ClinicGraph", Addr: server.Addr, PID: server.PID(), Documents: question.Ours}}
	session, err := measure.Open(ctx, cfg)
	if err != nil {
		return found, err
	}
	defer place.Closing(session.Close, &err)
	if found.samples, err = session.Run(ctx); err != nil {
		return found, err
	}
	for _, s := range found.samples {
		found.server = max(found.server, s.PeakMemory)
	}
	found.loaded = g.Home.Took
	found.database, found.conn, err = ofDatabase(ctx, g)
	return found, err
}

// ofDatabase gives the size of the database, and the private memory of the server's
// connections on average.
func ofDatabase(ctx context.Context, g place.Ground) (size, conn int64, err error) {
	db, err := sql.Open("postgres", g.Home.Database)
	if err != nil {
		return 0, 0, err
	}
	defer place.Closing(db.Close, &err)
	if err := db.QueryRowContext(ctx, `SELECT pg_database_size(current_database())`).Scan(&size); err != nil {
		return 0, 0, err
	}
	rows, err := db.QueryContext(ctx, `SELECT pid FROM pg_stat_activity WHERE application_name = 'clinicgraph'`)
	if err != nil {
		return 0, 0, err
	}
	defer place.Closing(rows.Close, &err)
	var sum, n int64
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return 0, 0, err
		}
		own, err := cpu.PrivateMemory(pid)
		if err != nil {
			return 0, 0, err
		}
		sum, n = sum+own, n+1
	}
	return size, sum / max(n, 1), rows.Err()
}
