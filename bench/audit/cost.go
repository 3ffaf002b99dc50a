//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"clinicgraph/bench/internal/cpu"
	"clinicgraph/bench/internal/keptconn"
	"clinicgraph/bench/internal/place"
)

// sample is what the mutations of one round cost, each.
type sample struct {
	took               time.Duration // the median
	server, postgres   time.Duration // processor time, with what is sealed meanwhile
	serverQ, postgresQ time.Duration // the same until the last answer
}

// cost compares mutations with the same on a server that keeps no record, on one
// database and in turn, over HTTP and one connection.
func cost(ctx context.Context, c *clinic, name string, postgres, mutations, rounds int) error {
	kinds, err := c.kinds(ctx, mutations*2*(rounds+1))
	if err != nil {
		return err
	}
	for _, k := range kinds {
		if err := c.signIn(ctx); err != nil { // a token lives ten minutes
			return err
		}
		var all [2][]sample
		for round := range rounds + 1 { // the first is not counted
			for i, server := range []*place.Server{c.with, c.without} {
				s, err := c.round(ctx, server, k, postgres, mutations)
				if err != nil {
					return fmt.Errorf("%s: %w", k.name, err)
				}
				if round > 0 {
					all[i] = append(all[i], s)
				}
			}
		}
		k.tell(name, all[0], all[1])
	}
	return nil
}

// kind is a kind of mutation and its requests.
type kind struct {
	name   string
	bodies [][]byte
	next   int
}

// round asks so many mutations of a server, and waits until all is sealed.
func (c *clinic) round(ctx context.Context, server *place.Server, k *kind, postgres, mutations int) (s sample, err error) {
	conn, err := keptconn.Dial(ctx, server.Addr, c.token)
	if err != nil {
		return s, err
	}
	defer place.Closing(conn.Close, &err)
	before, err := usage(server.PID(), postgres)
	if err != nil {
		return s, err
	}
	times := make([]time.Duration, mutations)
	for i := range times {
		began := time.Now()
		answer, err := conn.Ask(k.bodies[k.next])
		if err != nil {
			return s, err
		}
		times[i] = time.Since(began)
		var got struct{ Errors []json.RawMessage }
		if err := json.Unmarshal(answer.Body, &got); err != nil || answer.Status != 200 || len(got.Errors) > 0 {
			return s, fmt.Errorf("status %d: %s", answer.Status, answer.Body)
		}
		k.next++
	}
	answered, err := usage(server.PID(), postgres)
	if err != nil {
		return s, err
	}
	if err := c.sealed(ctx); err != nil {
		return s, err
	}
	sealed, err := usage(server.PID(), postgres)
	slices.Sort(times)
	n := time.Duration(mutations)
	return sample{
		took: times[len(times)/2], server: (sealed[0] - before[0]) / n, postgres: (sealed[1] - before[1]) / n,
		serverQ: (answered[0] - before[0]) / n, postgresQ: (answered[1] - before[1]) / n,
	}, err
}

// usage is the processor time that server and PostgreSQL have used.
func usage(server, postgres int) (used [2]time.Duration, err error) {
	used[0], err = cpu.OfProcess(server)
	if err == nil && postgres != 0 {
		used[1], err = cpu.OfFamily(postgres)
	}
	return used, err
}

// tell prints what a kind of mutation costs with the record and without.
func (k *kind) tell(database string, with, without []sample) {
	line := func(what string, of func(sample) time.Duration) {
		a, b := median(with, of), median(without, of)
		fmt.Printf("| %s | %s | %s | %.2f | %.2f | %.2f |\n", database, k.name, what, a.Seconds()*1000, b.Seconds()*1000, a.Seconds()/b.Seconds())
	}
	line("time until the answer", func(s sample) time.Duration { return s.took })
	line("processor time until the answer, server and database", func(s sample) time.Duration { return s.serverQ + s.postgresQ })
	line("the same with sealing", func(s sample) time.Duration { return s.server + s.postgres })
	line("processor time of the server alone", func(s sample) time.Duration { return s.serverQ })
}

func median(samples []sample, of func(sample) time.Duration) time.Duration {
	times := make([]time.Duration, len(samples))
	for i, s := range samples {
		times[i] = of(s)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

var errUnsealed = errors.New("rows wait to be sealed for longer than a minute")

// sealed waits until nothing waits to be sealed.
func (c *clinic) sealed(ctx context.Context) error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		var n int64
		if err := c.db.Read.QueryRowContext(ctx, `SELECT count(*) FROM audit_pending`).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errUnsealed
}
