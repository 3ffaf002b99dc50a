//go:build linux

package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"clinicgraph/bench/internal/closedloop"
	"clinicgraph/bench/internal/cpu"
	"clinicgraph/bench/internal/openloop"
	"clinicgraph/bench/internal/question"
)

// measurement is one run, and what came of it.
type measurement struct {
	options
	log *slog.Logger

	addr, token string
	pid         int
	mix         *question.Set

	most               float64 // answers a second
	idle, loaded, calm openloop.Result
	memory             int64   // of the server, at most
	busy               float64 // processors, while it was overloaded

	// Of the server: what an answer takes at the most, and all of the overload.
	answer, overloaded time.Duration

	floor time.Duration // what refusing takes what does nothing else
}

// How the idle server and its most are found out.
const (
	warm     = 5 * time.Second
	idleRate = 10 // a second
	idleFor  = 30 * time.Second

	idleConnections = 4
	peakFor         = 10 * time.Second
	calmFor         = 10 * time.Second // after the overload
)

// peakConnections are enough to keep the server busy.
var peakConnections = []int{4, 8, 16}

// calibrate finds out what an idle server takes for a request, and how many it
// answers at most.
func (m *measurement) calibrate(ctx context.Context) (err error) {
	if _, _, err := m.peak(ctx, warm, 4); err != nil {
		return err
	}
	if m.idle, err = m.open(ctx, idleRate, idleFor, idleConnections); err != nil {
		return err
	}
	m.log.Info("idle", "p50", m.idle.Good.At(0.5), "p99", m.idle.Good.At(0.99))
	for _, connections := range peakConnections {
		rate, took, err := m.peak(ctx, peakFor, connections)
		if err != nil {
			return err
		}
		if rate > m.most {
			m.most, m.answer = rate, took
		}
		m.log.Info("peak", "connections", connections, "per second", rate)
	}
	return nil
}

// overload asks for many times as much, and then for little again.
func (m *measurement) overload(ctx context.Context) (err error) {
	if _, _, err := m.peak(ctx, warm, 1); err != nil {
		return err
	}
	before, err := cpu.OfMachine()
	if err != nil {
		return err
	}
	worked, err := cpu.OfProcess(m.pid)
	if err != nil {
		return err
	}
	if m.loaded, err = m.open(ctx, m.times*m.most, m.lasts, m.connections); err != nil {
		return err
	}
	if m.overloaded, err = cpu.OfProcess(m.pid); err != nil {
		return err
	}
	m.overloaded -= worked
	after, err := cpu.OfMachine()
	if err != nil {
		return err
	}
	m.busy = (after - before).Seconds() / m.loaded.Elapsed.Seconds()
	if m.memory, err = cpu.PeakMemory(m.pid); err != nil {
		return err
	}
	m.calm, err = m.open(ctx, idleRate, calmFor, idleConnections)
	return err
}

func (m *measurement) open(ctx context.Context, rate float64, lasts time.Duration, connections int) (openloop.Result, error) {
	return openloop.Load{Addr: m.addr, Token: m.token, PerSecond: rate, Lasts: lasts, Connections: connections}.Run(ctx, m.mix)
}

// peak is how many requests a second the server answers to so many connections,
// each with one under way at any time, and what it takes the server's processors for
// each.
func (m *measurement) peak(ctx context.Context, lasts time.Duration, connections int) (float64, time.Duration, error) {
	var began, ended time.Duration
	worked := func(into *time.Duration) func() error {
		return func() (err error) { *into, err = cpu.OfProcess(m.pid); return err }
	}
	load := closedloop.Load{Addr: m.addr, Token: m.token, Connections: connections, Warm: time.Second, Measure: lasts, Begin: worked(&began), End: worked(&ended)}
	r, err := load.Run(ctx, m.mix)
	if err != nil {
		return 0, 0, err
	}
	return r.PerSecond(), (ended - began) / time.Duration(r.Requests), nil
}

// refusal is what one took the server's processors, if an answer took as much under
// overload as at the most.
func (m *measurement) refusal() time.Duration {
	return (m.overloaded - time.Duration(len(m.loaded.Good))*m.answer) / time.Duration(max(len(m.loaded.Rejected), 1))
}

func (m *measurement) write() {
	fmt.Printf("%s; %d bookings; %s of %.0f requests a second, the most is %.0f\n\n", strings.Join(m.operations, ", "), m.bookings, m.lasts, m.times*m.most, m.most)
	fmt.Println("| | asked | good | good per second | good p50 ms | good p99 ms | rejected | rejected p50 ms | rejected p99 ms | rejected, last ms |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, row := range []struct {
		name string
		openloop.Result
	}{{"idle", m.idle}, {"overload", m.loaded}, {"after it", m.calm}} {
		fmt.Printf("| %s | %d | %d | %.0f | %s | %s | %d | %s | %s | %s |\n", row.name, len(row.Good)+len(row.Rejected), len(row.Good), row.GoodPerSecond(),
			millis(row.Good.At(0.5)), millis(row.Good.At(0.99)), len(row.Rejected),
			millis(row.Rejected.At(0.5)), millis(row.Rejected.At(0.99)), millis(row.Rejected.At(1)))
	}
	fmt.Printf("\nGoodput %.0f %% of the most; p99 of the admitted %.1f times that of the idle server. Peak memory of the server %d MiB; %.2f processors busy. An answer takes the server %d µs of its processors at the most, a refusal %d µs if answers take no longer under overload.\n\nWhat does nothing but refuse takes %.1f µs of the processor for each: if all others were refused for that, %.0f %% of the most would be left.\n",
		100*m.loaded.GoodPerSecond()/m.most, float64(m.loaded.Good.At(0.99))/float64(max(m.idle.Good.At(0.99), 1)), m.memory>>20, m.busy, m.answer.Microseconds(), m.refusal().Microseconds(),
		float64(m.floor)/float64(time.Microsecond), 100*m.reach())
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }
