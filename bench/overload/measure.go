//go:build linux

package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	_ "github.com/lib/pq"

	"clinicgraph/bench/internal/closedloop"
	"clinicgraph/bench/internal/cpu"
	"clinicgraph/bench/internal/openloop"
	"clinicgraph/bench/internal/question"
)

// measurement is one run against a server.
type measurement struct {
	options
	addr, token string
	pid         int
	mix         *question.Set
	log         *slog.Logger
}

func open(url string) (*sql.DB, error) { return sql.Open("postgres", url) }

// How the idle server and its most are found out.
const (
	warm     = 5 * time.Second
	idleRate = 10 // a second
	idleFor  = 30 * time.Second
	peakFor  = 10 * time.Second
	calmFor  = 5 * time.Second // after the overload
)

// peakConnections are few enough to be let in all.
var peakConnections = []int{2, 4, 6}

func (m *measurement) run(ctx context.Context) error {
	if _, err := m.peak(ctx, warm, 2); err != nil {
		return err
	}
	idle, err := m.open(ctx, idleRate, idleFor)
	if err != nil {
		return err
	}
	m.log.Info("idle", "p50", idle.Good.At(0.5), "p99", idle.Good.At(0.99))
	var most float64
	for _, connections := range peakConnections {
		rate, err := m.peak(ctx, peakFor, connections)
		if err != nil {
			return err
		}
		most = max(most, rate)
		m.log.Info("peak", "connections", connections, "per second", rate)
	}
	machine, err := cpu.OfMachine()
	if err != nil {
		return err
	}
	loaded, err := m.open(ctx, m.times*most, m.lasts)
	if err != nil {
		return err
	}
	after, err := cpu.OfMachine()
	if err != nil {
		return err
	}
	calm, err := m.open(ctx, idleRate, calmFor)
	if err != nil {
		return err
	}
	memory, err := cpu.PeakMemory(m.pid)
	if err != nil {
		return err
	}
	m.write(idle, loaded, calm, most)
	fmt.Fprintf(os.Stdout, "\nPeak memory of the server %d MiB; processors busy %.2f\n", memory>>20, (after-machine).Seconds()/loaded.Elapsed.Seconds())
	return nil
}

func (m *measurement) open(ctx context.Context, rate float64, lasts time.Duration) (openloop.Result, error) {
	return openloop.Load{Addr: m.addr, Token: m.token, PerSecond: rate, Lasts: lasts, Connections: m.connections}.Run(ctx, m.mix)
}

// peak is how many requests a second the server answers to so many connections,
// each with one under way at any time.
func (m *measurement) peak(ctx context.Context, lasts time.Duration, connections int) (float64, error) {
	r, err := closedloop.Load{Addr: m.addr, Token: m.token, Connections: connections, Warm: time.Second, Measure: lasts}.Run(ctx, m.mix)
	return r.PerSecond(), err
}

func (m *measurement) write(idle, loaded, calm openloop.Result, most float64) {
	fmt.Printf("%s; %d bookings; %s of %.0f requests a second, the most is %.0f\n\n", strings.Join(m.operations, ", "), m.bookings, m.lasts, m.times*most, most)
	fmt.Println("| | asked | good | good per second | good p50 ms | good p99 ms | rejected | rejected p50 ms | rejected p99 ms | rejected, last ms |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, row := range []struct {
		name string
		r    openloop.Result
	}{{"idle", idle}, {"overload", loaded}, {"after it", calm}} {
		fmt.Printf("| %s | %d | %d | %.0f | %s | %s | %d | %s | %s | %s |\n", row.name, len(row.r.Good)+len(row.r.Rejected), len(row.r.Good), row.r.GoodPerSecond(),
			millis(row.r.Good.At(0.5)), millis(row.r.Good.At(0.99)), len(row.r.Rejected),
			millis(row.r.Rejected.At(0.5)), millis(row.r.Rejected.At(0.99)), millis(row.r.Rejected.At(1)))
	}
	fmt.Printf("\nGoodput %.0f %% of the most; p99 of the admitted %.1f times that of the idle server\n",
		100*loaded.GoodPerSecond()/most, float64(loaded.Good.At(0.99))/float64(max(idle.Good.At(0.99), 1)))
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }
