//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"clinicgraph/bench/internal/measure"
)

// write writes what grows beside what does not, as Markdown.
func write(w io.Writer, all []grown) {
	if len(all) == 0 {
		return
	}
	head, rule := "", ""
	for _, g := range all {
		head += fmt.Sprintf(" %d |", g.size)
		rule += "--:|"
	}
	for _, what := range []struct {
		name string
		of   func(measure.Sample) time.Duration
	}{
		{"server CPU, ms", func(s measure.Sample) time.Duration { return s.Server }},
		{"PostgreSQL CPU, ms", func(s measure.Sample) time.Duration { return s.Postgres }},
		{"p50, ms", func(s measure.Sample) time.Duration { return s.P50 }},
	} {
		fmt.Fprintf(w, "\n| %s |%s\n|---|%s\n", what.name, head, rule)
		for _, row := range rows(all[0].samples) {
			line := "| " + row.Login + ", " + row.Operation + " |"
			for _, g := range all {
				line += fmt.Sprintf(" %.3f |", float64(middle(g.samples, row, what.of))/float64(time.Millisecond))
			}
			fmt.Fprintln(w, line)
		}
	}
	fmt.Fprintf(w, "\n| |%s\n|---|%s\n", head, rule)
	for _, what := range []struct {
		name string
		of   func(grown) string
	}{
		{"database, MiB", func(g grown) string { return mebi(g.database) }},
		{"server, most memory, MiB", func(g grown) string { return mebi(g.server) }},
		{"a connection of PostgreSQL, private memory, MiB", func(g grown) string { return fmt.Sprintf("%.1f", float64(g.conn)/(1<<20)) }},
		{"loaded in", func(g grown) string { return g.loaded.Round(100 * time.Millisecond).String() }},
	} {
		cells := make([]string, len(all))
		for i, g := range all {
			cells[i] = what.of(g)
		}
		fmt.Fprintf(w, "| %s | %s |\n", what.name, strings.Join(cells, " | "))
	}
}

// rows are the logins and operations, in their order.
func rows(samples []measure.Sample) (all []measure.Sample) {
	for _, s := range samples {
		if !slices.ContainsFunc(all, func(o measure.Sample) bool { return same(o, s) }) {
			all = append(all, s)
		}
	}
	return all
}

func same(a, b measure.Sample) bool { return a.Login == b.Login && a.Operation == b.Operation }

// middle is the median of the rounds.
func middle(samples []measure.Sample, row measure.Sample, of func(measure.Sample) time.Duration) time.Duration {
	var values []time.Duration
	for _, s := range samples {
		if same(s, row) {
			values = append(values, of(s))
		}
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

func mebi(bytes int64) string { return fmt.Sprint(bytes >> 20) }
