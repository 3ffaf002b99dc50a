//go:build linux

package measure

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// WriteTable writes the medians of the samples as Markdown, a table for each system
// and login. Spread is the largest server time of a round over the smallest: what is
// less apart than this says nothing. Others is the most processors that anything
// else kept busy in a round. Counts are those of the first system; they may be nil.
func WriteTable(w io.Writer, samples []Sample, counts []Count) {
	if len(samples) == 0 {
		return
	}
	first := samples[0].System
	for _, table := range distinct(samples, func(s Sample) string { return s.System + ", " + s.Login }) {
		of := slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool { return s.System+", "+s.Login != table })
		login, counts := of[0].Login, counts
		if of[0].System != first {
			counts = nil
		}
		fmt.Fprintf(w, "\n%s:\n\n", table)
		fmt.Fprintln(w, "| | server CPU ms | PostgreSQL CPU ms | requests/s | p50 ms | p99 ms | statements | answer bytes | peak RSS MiB | spread | others |")
		fmt.Fprintln(w, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
		for _, operation := range distinct(of, func(s Sample) string { return s.Operation }) {
			rounds := slices.DeleteFunc(slices.Clone(of), func(s Sample) bool { return s.Operation != operation })
			server := values(rounds, func(s Sample) time.Duration { return s.Server })
			fmt.Fprintf(w, "| %s | %s | %s | %.0f | %s | %s | %s | %d | %d | %.2f | %.2f |\n", operation,
				millis(median(server)),
				millis(median(values(rounds, func(s Sample) time.Duration { return s.Postgres }))),
				median(values(rounds, func(s Sample) float64 { return s.PerSecond })),
				millis(median(values(rounds, func(s Sample) time.Duration { return s.P50 }))),
				millis(median(values(rounds, func(s Sample) time.Duration { return s.P99 }))),
				statements(counts, login, operation),
				median(values(rounds, func(s Sample) int64 { return s.AnswerBytes })),
				slices.Max(values(rounds, func(s Sample) int64 { return s.PeakMemory }))>>20,
				float64(slices.Max(server))/float64(max(slices.Min(server), 1)),
				slices.Max(values(rounds, func(s Sample) float64 { return s.Others })))
		}
	}
}

// WriteRatios writes how often the first system takes what each other takes, for
// the same login, as Markdown: the processor time of the server and of PostgreSQL for
// a request, and the requests a second. It is the median of the rounds; the spread is
// between the largest of a round and the smallest.
func WriteRatios(w io.Writer, samples []Sample) {
	if len(samples) == 0 {
		return
	}
	type key struct{ system, login, operation string }
	rounds, first := map[key][]Sample{}, samples[0].System
	var keys []key
	for _, s := range samples {
		k := key{s.System, s.Login, s.Operation}
		if rounds[k] == nil && s.System != first {
			keys = append(keys, k)
		}
		rounds[k] = append(rounds[k], s)
	}
	if len(keys) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s to\n\n| | login | operation | server CPU | spread | PostgreSQL CPU | requests/s | peak RSS |\n|---|---|---|--:|--:|--:|--:|--:|\n", first)
	for _, k := range keys {
		theirs, own := rounds[k], rounds[key{first, k.login, k.operation}]
		ratio := func(of func(Sample) float64) []float64 {
			all := make([]float64, min(len(theirs), len(own)))
			for i := range all {
				all[i] = of(own[i]) / of(theirs[i])
			}
			return all
		}
		server := ratio(func(s Sample) float64 { return float64(s.Server) })
		fmt.Fprintf(w, "| %s | %s | %s | %.2f | %.2f–%.2f | %.2f | %.2f | %.2f |\n", k.system, k.login, k.operation,
			median(server), slices.Min(server), slices.Max(server),
			median(ratio(func(s Sample) float64 { return float64(s.Postgres) })),
			median(ratio(func(s Sample) float64 { return s.PerSecond })),
			median(ratio(func(s Sample) float64 { return float64(s.PeakMemory) })))
	}
}

// WriteStatements writes which statements each operation makes, as Markdown.
func WriteStatements(w io.Writer, counts []Count) {
	for _, c := range counts {
		fmt.Fprintf(w, "\n%s, %s: %.4g statements\n\n", c.Login, c.Operation, c.Sum())
		for _, s := range c.Statements {
			fmt.Fprintf(w, "- %.4g × %s ms `%s`\n", s.PerRequest, millis(s.Time), strings.ReplaceAll(s.Text, "`", "'"))
		}
	}
}

func statements(counts []Count, login, operation string) string {
	for _, c := range counts {
		if c.Login == login && c.Operation == operation {
			return fmt.Sprintf("%.4g", c.Sum())
		}
	}
	return ""
}

func distinct(samples []Sample, of func(Sample) string) (all []string) {
	for _, s := range samples {
		if !slices.Contains(all, of(s)) {
			all = append(all, of(s))
		}
	}
	return all
}

func values[T any](samples []Sample, of func(Sample) T) []T {
	all := make([]T, len(samples))
	for i, s := range samples {
		all[i] = of(s)
	}
	return all
}

// median is the value in the middle, of two the smaller one.
func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.3f", float64(d)/float64(time.Millisecond))
}
