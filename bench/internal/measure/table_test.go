//go:build linux

package measure_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/bench/internal/measure"
)

func TestTableShowsTheMedians(t *testing.T) {
	var samples []measure.Sample
	for i, ms := range []time.Duration{30, 10, 20} {
		samples = append(samples,
			measure.Sample{
				System: "x", Login: "a", Operation: "Q1", Requests: 7, PerSecond: float64(ms), P50: ms * time.Millisecond, P99: 2 * ms * time.Millisecond,
				Server: ms * time.Microsecond, Postgres: ms * 10 * time.Microsecond, AnswerBytes: int64(ms), PeakMemory: int64(i) << 20, Others: 0.1 * float64(i),
			},
			measure.Sample{System: "x", Login: "b", Operation: "M1", Requests: 1, PerSecond: 1, Server: time.Millisecond})
	}
	counts := []measure.Count{
		{"a", "nothing", []measure.Statement{{"SELECT 0", 9, 0}}},
		{"a", "Q1", []measure.Statement{{"SELECT `1`", 2.5, time.Millisecond}, {"COMMIT", 1, 0}}},
	}
	var out strings.Builder
	measure.WriteTable(&out, samples, counts)
	measure.WriteStatements(&out, counts[1:])
	want := `
x, a:

| | server CPU ms | PostgreSQL CPU ms | requests/s | p50 ms | p99 ms | statements | answer bytes | peak RSS MiB | spread | others |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| Q1 | 0.020 | 0.200 | 20 | 20.000 | 40.000 | 3.5 | 20 | 2 | 3.00 | 0.20 |

x, b:

| | server CPU ms | PostgreSQL CPU ms | requests/s | p50 ms | p99 ms | statements | answer bytes | peak RSS MiB | spread | others |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| M1 | 1.000 | 0.000 | 1 | 0.000 | 0.000 |  | 0 | 0 | 1.00 | 0.00 |

a, Q1: 3.5 statements

` + "- 2.5 × 1.000 ms `SELECT '1'`\n- 1 × 0.000 ms `COMMIT`\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestRatiosAreMediansOfTheRounds(t *testing.T) {
	var samples []measure.Sample
	for _, ms := range []time.Duration{30, 10, 20} {
		samples = append(samples,
			measure.Sample{System: "x", Login: "a", Operation: "Q1", PerSecond: 5, Server: ms * time.Millisecond, Postgres: 3 * time.Millisecond, PeakMemory: 6},
			measure.Sample{System: "y", Login: "a", Operation: "Q1", PerSecond: 10, Server: 10 * time.Millisecond, Postgres: 2 * time.Millisecond, PeakMemory: 3},
			measure.Sample{System: "x", Login: "a", Operation: "M1", PerSecond: 1})
	}
	var out strings.Builder
	measure.WriteRatios(&out, samples)
	want := `
x to

| | login | operation | server CPU | spread | PostgreSQL CPU | requests/s | peak RSS |
|---|---|---|--:|--:|--:|--:|--:|
| y | a | Q1 | 2.00 | 1.00–3.00 | 1.50 | 0.50 | 2.00 |
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("ratios (-want +got):\n%s", diff)
	}
	out.Reset()
	measure.WriteRatios(&out, samples[:1])
	measure.WriteRatios(&out, nil)
	measure.WriteTable(&out, nil, nil)
	if out.Len() > 0 {
		t.Errorf("without a peer: %s", out.String())
	}
}

func TestTargetsThatAreMissedAreBold(t *testing.T) {
	var samples []measure.Sample
	for _, ms := range []time.Duration{30, 10, 20} {
		samples = append(samples,
			measure.Sample{System: "x", Login: "a", Operation: "Q5", PerSecond: 50, Server: ms * time.Millisecond, Postgres: 3 * time.Millisecond, PeakMemory: 6},
			measure.Sample{System: "ceiling", Login: "a", Operation: "Q5", PerSecond: 10, Server: 10 * time.Millisecond, Postgres: 3 * time.Millisecond, PeakMemory: 3},
			measure.Sample{System: "postgraphile", Login: "a", Operation: "Q5", PerSecond: 10, PeakMemory: 600})
	}
	var out strings.Builder
	measure.WriteTargets(&out, samples, false)
	want := `
Targets, as ratios:

| | login | target | reached |
|---|---|--:|---|
| server CPU : ceiling | a | ≤ 1.3 | Q5 **2.00** (1.00–3.00) |
| PostgreSQL CPU : ceiling | a | ≤ 1.1 | Q5 1.00 (1.00–1.00) |
| peak memory : postgraphile | a | ≤ 0.1 | Q5 0.01 (0.01–0.01) |
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("pinned (-want +got):\n%s", diff)
	}
	out.Reset()
	measure.WriteTargets(&out, samples, true)
	if want := "| requests/s : postgraphile | a | ≥ 4 | Q5 5.00 (5.00–5.00) |\n"; !strings.HasSuffix(out.String(), want) || strings.Contains(out.String(), "CPU") {
		t.Errorf("shared: %s", out.String())
	}
	out.Reset()
	measure.WriteTargets(&out, nil, false)
	if out.Len() > 0 {
		t.Errorf("of nothing: %s", out.String())
	}
}
