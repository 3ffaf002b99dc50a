//go:build linux

// Command timing looks for what the time of a failed sign-in tells:
//
//	go run ./bench/timing
//
// It serves a clinic of its own (SQLite, in a temporary folder) as in production,
// fails to sign in to accounts that are there, that are not, that an administrator
// has locked, and to one that is blocked, in turn, and says for each pair how well
// the times tell the two apart: 0.5 is not at all. Then it signs in a thousand
// times at once and says how much memory that took; and once more with clients who
// come again when they are told to, until each has had its password looked at. It
// fails when one of them is out of bounds.
//
//	go run ./bench/timing -guesses
//
// asks a demo clinic as one of its customers about rows of others instead, with guesses
// that are right and guesses that are wrong, and says how well the times tell those apart.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"clinicgraph/bench/internal/place"
)

const (
	least, most = 0.42, 0.58 // of a classifier that cannot tell
	slotMiB     = 19
	spareMiB    = 64
)

func main() {
	// What is started here ends with this thread.
	runtime.LockOSThread()
	n := flag.Int("n", 200, "how many `sign-ins` of each kind")
	workers := flag.Int("workers", 2, "how many `sign-ins` at once; no more than the server hashes")
	crowd := flag.Int("crowd", 1000, "how many `sign-ins` at once while memory is looked at")
	guessed := flag.Bool("guesses", false, "measure guesses about rows of others instead of sign-ins")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	err := error(nil)
	if *guessed {
		err = guessing(ctx, *n)
	} else {
		err = run(ctx, *n, *workers, *crowd)
	}
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "timing:", err)
		os.Exit(1)
	}
}

// kinds of accounts, in the order in which they are asked.
var kinds = []string{"known", "unknown", "locked", "blocked"}

func run(ctx context.Context, n, workers, crowd int) (err error) {
	s, err := serve(ctx)
	if err != nil {
		return err
	}
	defer place.Closing(s.close, &err)
	if err := s.people(ctx, n); err != nil {
		return err
	}
	for i := range 6 {
		if _, err := s.login(ctx, "blocked", fmt.Sprintf("10.9.0.%d", i)); err != nil {
			return err
		}
	}
	times, err := measure(ctx, s, n, workers)
	if err != nil {
		return err
	}
	told := report(times)
	once, err := s.flood(ctx, crowd, false)
	if err != nil {
		return err
	}
	patient, err := s.flood(ctx, crowd, true)
	if err != nil {
		return err
	}
	if told || !once || !patient {
		return fmt.Errorf("out of bounds")
	}
	return nil
}

// measure fails to sign in n times to each kind, the kinds in turn, each time from
// another address.
func measure(ctx context.Context, s *server, n, workers int) (map[string][]float64, error) {
	var mu sync.Mutex
	times := map[string][]float64{}
	asked, failed := make(chan int), make(chan error, workers)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range asked {
				kind := kinds[i%len(kinds)]
				login := fmt.Sprintf("%s-%d", kind, i/len(kinds))
				if kind == "blocked" {
					login = kind
				}
				got, err := s.login(ctx, login, fmt.Sprintf("10.%d.%d.%d", 10+i/60000, i/250%250, i%250))
				if err == nil && got.code != "INVALID_CREDENTIALS" {
					err = fmt.Errorf("%s: %s", kind, got.code)
				}
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				times[kind] = append(times[kind], got.took.Seconds()*1000)
				mu.Unlock()
			}
		})
	}
	var err error
	for i := 0; i < n*len(kinds) && err == nil; i++ {
		select {
		case asked <- i:
		case err = <-failed:
		}
	}
	close(asked)
	all.Wait()
	return times, err
}

// report prints the table and says whether some pair can be told apart.
func report(times map[string][]float64) (told bool) {
	fmt.Printf("| | n | median | 5 %% | 95 %% |%s\n|---|---|---|---|---|%s\n", " "+strings.Join(kinds, " | ")+" |", strings.Repeat("---|", len(kinds)))
	for _, a := range kinds {
		fmt.Printf("| %s | %d | %.0f ms | %.0f ms | %.0f ms |", a, len(times[a]), quantile(times[a], .5), quantile(times[a], .05), quantile(times[a], .95))
		for _, b := range kinds {
			u := auc(times[a], times[b])
			told = told || u < least || u > most
			fmt.Printf(" %.3f |", u)
		}
		fmt.Println()
	}
	return told
}
