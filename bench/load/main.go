//go:build linux

// Command load measures a server that is running on the benchmark's clinic:
//
//	go run ./bench/load -addr 127.0.0.1:8080 -database URL -passwords passwords.json -server PID -postgres PID
//
// It signs in, asks the six operations in turn, checks every answer, and prints
// the medians as a table in Markdown. M1 leaves its bookings in the database.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"time"

	"clinicgraph/bench/internal/clinic"
	"clinicgraph/bench/internal/measure"
	"clinicgraph/bench/internal/question"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	ours := measure.System{Name: "ClinicGraph", Documents: question.Ours}
	cfg := measure.Config{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	flag.StringVar(&ours.Addr, "addr", "127.0.0.1:8080", "`host:port` of the server")
	flag.StringVar(&cfg.Database, "database", os.Getenv("DATABASE_URL"), "`URL` of its database; DATABASE_URL by default")
	flag.IntVar(&ours.PID, "server", 0, "`pid` of the server")
	flag.IntVar(&cfg.PostgresPID, "postgres", 0, "`pid` of PostgreSQL's first process")
	flag.IntVar(&cfg.Rounds, "rounds", 3, "how many `rounds`")
	flag.IntVar(&cfg.Connections, "connections", 32, "how many `connections`")
	flag.DurationVar(&cfg.Warm, "warm", time.Second, "asked but not counted, for each operation")
	flag.DurationVar(&cfg.Measure, "measure", 4*time.Second, "counted, for each operation")
	passwords := flag.String("passwords", "bench-passwords.json", "the `file` with the passwords")
	logins := flag.String("logins", clinic.Staff, "who asks, with commas")
	operations := flag.String("operations", strings.Join(question.Names, ","), "what is asked, with commas")
	flag.Parse()

	cfg.Systems = []measure.System{ours}
	cfg.Logins, cfg.Operations = strings.Split(*logins, ","), strings.Split(*operations, ",")
	if cfg.Passwords, err = clinic.ReadPasswords(*passwords); err != nil {
		return err
	}
	session, err := measure.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	samples, err := session.Run(ctx)
	if err != nil {
		return err
	}
	measure.WriteTable(os.Stdout, samples, nil)
	return nil
}
