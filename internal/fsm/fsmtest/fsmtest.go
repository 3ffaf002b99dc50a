// Package fsmtest owns the checks that every state machine has to pass. Only
// tests import it.
package fsmtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/fsm"
)

// Check compares the table with what is wanted, one line per state in the form
// "FROM: TO TO …", with "new" for the making of a thing and without final
// states; then it walks the table at random.
func Check[S ~string](t *testing.T, table *fsm.Table[S], want string) {
	t.Helper()
	t.Run("has the wanted moves", func(t *testing.T) {
		if diff := cmp.Diff(lines(want), lines(Describe(table, table.CanMove))); diff != "" {
			t.Errorf("moves (-want +got):\n%s", diff)
		}
	})
	t.Run("can always be brought to an end", func(t *testing.T) {
		for _, s := range table.States() {
			if !endsFrom(table, s) {
				t.Errorf("from %s no final state can be reached", s)
			}
		}
	})
	t.Run("keeps to the table on random walks", rapid.MakeCheck(func(t *rapid.T) { walk(t, table) }))
}

// Corrections compares the corrections of the table with what is wanted, in the
// form of Check.
func Corrections[S ~string](t *testing.T, table *fsm.Table[S], want string) {
	t.Helper()
	if diff := cmp.Diff(lines(want), lines(Describe(table, table.CanCorrect))); diff != "" {
		t.Errorf("corrections (-want +got):\n%s", diff)
	}
}

// Describe writes the moves that can says are there, in the form of Check.
func Describe[S ~string](table *fsm.Table[S], can func(from, to S) bool) string {
	var b strings.Builder
	for _, from := range append([]S{""}, table.States()...) {
		var to []string
		for _, s := range table.States() {
			if can(from, s) {
				to = append(to, string(s))
			}
		}
		if len(to) == 0 {
			continue
		}
		name := string(from)
		if from == "" {
			name = "new"
		}
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(to, " "))
	}
	return b.String()
}

// walk makes a thing and moves it at random, for at most 20 steps, while every
// other way to ask the table gives the same answer.
func walk[S ~string](t *rapid.T, table *fsm.Table[S]) {
	state := rapid.SampledFrom(table.Next("")).Draw(t, "made as")
	for range 20 {
		next := table.Next(state)
		if table.Terminal(state) != (len(next) == 0) || len(next) == 0 != (len(table.Verbs(state)) == 0) {
			t.Fatalf("%s: Terminal, Next and Verbs disagree", state)
		}
		for _, to := range append(table.States(), "", "NO_SUCH_STATE") {
			allowed, err := slices.Contains(next, to), table.Check(state, to)
			if table.CanMove(state, to) != allowed || (err == nil) != allowed {
				t.Fatalf("%s to %s: CanMove and Check (%v) disagree with Next", state, to, err)
			}
			if err != nil {
				refused(t, err, next)
			}
		}
		if len(next) == 0 {
			return
		}
		to := rapid.SampledFrom(next).Draw(t, "to")
		if !slices.ContainsFunc(table.Verbs(state), func(v string) bool { return slices.Contains(table.Sources(v, to), state) }) {
			t.Fatalf("no verb leads from %s to %s", state, to)
		}
		state = to
	}
}

func refused[S ~string](t *rapid.T, err error, next []S) {
	f, ok := fault.As(err)
	if !ok || f.Code != fault.CodeInvalidTransition {
		t.Fatalf("the refusal is %v", err)
	}
	for _, s := range next {
		if !strings.Contains(f.Message, string(s)) {
			t.Fatalf("%q does not say that %s is allowed", f.Message, s)
		}
	}
}

func endsFrom[S ~string](table *fsm.Table[S], s S) bool {
	seen := []S{s}
	for i := 0; i < len(seen); i++ {
		if table.Terminal(seen[i]) {
			return true
		}
		for _, to := range table.Next(seen[i]) {
			if !slices.Contains(seen, to) {
				seen = append(seen, to)
			}
		}
	}
	return false
}

// lines makes two descriptions comparable: the order of lines and of the states
// in a line says nothing.
func lines(s string) []string {
	var all []string
	for line := range strings.Lines(s) {
		from, to, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		states := strings.Fields(to)
		slices.Sort(states)
		all = append(all, from+": "+strings.Join(states, " "))
	}
	slices.Sort(all)
	return all
}
