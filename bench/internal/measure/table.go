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

// WriteTable writes the medians of the samples as Markdown, a table for each
// login. Spread is the largest server time of a round over the smallest: what is
// less apart than this says nothing. Others is the most processors that anything
// else kept busy in a round. Counts may be nil.
func WriteTable(w io.Writer, samples []Sample, counts []Count) {
	for _, login := range distinct(samples, func(s Sample) string { return s.Login }) {
		of := slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool { return s.Login != login })
		fmt.Fprintf(w, "\n%s:\n\n", login)
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
