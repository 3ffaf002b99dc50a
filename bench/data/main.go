// Command data puts the benchmark's clinic into a PostgreSQL of its own, which is
// migrated, has the base data and nothing else:
//
//	export DATABASE_URL=postgres://... CLINICGRAPH_SECRET_FILE=...
//	clinicgraph migrate up && clinicgraph seed base
//	go run ./bench/data -bookings 1000000 -passwords passwords.json
//
// The passwords of the accounts that can sign in are drawn anew and written to
// the file. Everything else follows from the number of bookings and the day.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"clinicgraph/bench/internal/clinic"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "data:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	bookings := flag.Int("bookings", 1_000_000, "how many `bookings`; a tenth of it are customers")
	url := flag.String("database", os.Getenv("DATABASE_URL"), "`URL` of the database; DATABASE_URL by default")
	secret := flag.String("secret", os.Getenv("CLINICGRAPH_SECRET_FILE"), "the server's secret `file`; CLINICGRAPH_SECRET_FILE by default")
	passwords := flag.String("passwords", "bench-passwords.json", "the `file` to write the passwords to")
	day := flag.String("day", time.Now().UTC().Format(time.DateOnly), "the `day` that the clinic is seen from")
	flag.Parse()

	today, err := time.Parse(time.DateOnly, *day)
	if err != nil {
		return err
	}
	c, err := clinic.New(clinic.SizeFor(*bookings), today)
	if err != nil {
		return err
	}
	drawn := c.NewPasswords()
	hashes, err := clinic.Hashes(ctx, *secret, drawn)
	if err != nil {
		return err
	}
	if err := clinic.WritePasswords(*passwords, drawn); err != nil {
		return err
	}
	began := time.Now()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := c.Load(ctx, *url, hashes, log); err != nil {
		return err
	}
	fmt.Printf("%d bookings loaded in %s\n", *bookings, time.Since(began).Round(100*time.Millisecond))
	return nil
}
