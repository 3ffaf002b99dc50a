//go:build linux

package measure

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Target is a line of the table of targets: how often the first system may take what
// another takes, for each of some operations.
type Target struct {
	What       string // "server CPU", "PostgreSQL CPU", "peak memory" or "requests/s"
	Of         string // the other system
	Operations []string
	Aim        float64
	AtLeast    bool // more is better
}

// Targets are those that one run of the benchmark can show. Requests a second are
// compared where nobody is pinned, since each system has all processors there.
var Targets = []Target{
	{"server CPU", "ceiling", []string{"Q1", "Q2", "Q3", "Q4"}, 1.5, false},
	{"server CPU", "ceiling", []string{"Q5"}, 1.3, false},
	{"server CPU", "ceiling", []string{"M1"}, 1.5, false},
	{"PostgreSQL CPU", "ceiling", []string{"Q1", "Q2", "Q3", "Q4", "Q5", "M1"}, 1.1, false},
	{"server CPU", "postgraphile", []string{"Q1", "Q2", "Q3", "M1"}, 0.28, false},
	{"server CPU", "mercurius", []string{"Q1", "Q3", "M1"}, 0.35, false},
	{"server CPU", "mercurius", []string{"Q5"}, 0.8, false},
	{"peak memory", "postgraphile", []string{"Q1", "Q2", "Q3", "Q4", "Q5", "M1"}, 0.1, false},
	{"requests/s", "postgraphile", []string{"Q1"}, 4, true},
	{"requests/s", "postgraphile", []string{"Q2", "Q3"}, 2.5, true},
	{"requests/s", "postgraphile", []string{"Q5"}, 4, true},
	{"requests/s", "postgraphile", []string{"M1"}, 2, true},
}

var quantities = map[string]func(Sample) float64{
	"server CPU":     func(s Sample) float64 { return float64(s.Server) },
	"PostgreSQL CPU": func(s Sample) float64 { return float64(s.Postgres) },
	"peak memory":    func(s Sample) float64 { return float64(s.PeakMemory) },
	"requests/s":     func(s Sample) float64 { return s.PerSecond },
}

// WriteTargets writes the targets and what was reached, as Markdown: medians of the
// rounds, and the least and the most of them. Targets that the samples say nothing about
// are left out; what is missed is in bold.
func WriteTargets(w io.Writer, samples []Sample, shared bool) {
	var lines []string
	for _, t := range Targets {
		if (t.What == "requests/s") != shared {
			continue
		}
		for _, login := range distinct(samples, func(s Sample) string { return s.Login }) {
			var said []string
			for _, operation := range t.Operations {
				if text := t.reached(samples, login, operation); text != "" {
					said = append(said, operation+" "+text)
				}
			}
			if len(said) > 0 {
				lines = append(lines, fmt.Sprintf("| %s : %s | %s | %s%.4g | %s |", t.What, t.Of, login, map[bool]string{false: "≤ ", true: "≥ "}[t.AtLeast], t.Aim, strings.Join(said, ", ")))
			}
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(w, "\nTargets, as ratios:\n\n| | login | target | reached |\n|---|---|--:|---|\n%s\n", strings.Join(lines, "\n"))
	}
}

// reached is the ratio of an operation, "" where one of the two was not measured.
func (t Target) reached(samples []Sample, login, operation string) string {
	of := func(system string) (rounds []float64) {
		for _, s := range samples {
			if s.System == system && s.Login == login && s.Operation == operation {
				rounds = append(rounds, quantities[t.What](s))
			}
		}
		return rounds
	}
	own, theirs := of(samples[0].System), of(t.Of)
	ratios := make([]float64, min(len(own), len(theirs)))
	if len(ratios) == 0 {
		return ""
	}
	for i := range ratios {
		ratios[i] = own[i] / theirs[i]
	}
	middle := median(ratios)
	text := fmt.Sprintf("%.2f", middle)
	if t.AtLeast && middle < t.Aim || !t.AtLeast && middle > t.Aim {
		text = "**" + text + "**"
	}
	return fmt.Sprintf("%s (%.2f–%.2f)", text, slices.Min(ratios), slices.Max(ratios))
}

// WriteStart writes how long the server took from its start to its first answers, its
// migrations looked at.
func WriteStart(w io.Writer, starts []time.Duration) {
	if len(starts) == 0 {
		return
	}
	fmt.Fprintf(w, "\nStart to first answer: %s s (%s–%s of %d), target 0.2\n", seconds(median(starts)), seconds(slices.Min(starts)), seconds(slices.Max(starts)), len(starts))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
