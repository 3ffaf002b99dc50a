// Package fsm owns the form of a state machine: a table of moves as data, and
// the questions that verbs, docs and clients ask of it. It never changes a state
// itself and knows nothing of any particular thing that has one.
package fsm

import (
	"fmt"
	"slices"
	"strings"

	"clinicgraph/internal/fault"
)

// Move is one row of a table: the verb (or job) that takes a thing from one
// state to another. An empty From is the making of the thing. The same pair may
// stand in several rows, with one verb each.
type Move[S ~string] struct {
	From, To S
	Verb     string
	// Correction marks a move that puts right a mistake, by a verb with a
	// permission and a reason of its own. It leads out of final states too.
	Correction bool
}

// Table is the state machine of one sort of thing. It is made by New and never
// changes.
type Table[S ~string] struct {
	noun        string
	moves       []Move[S]
	states      []S
	next        map[S][]S // ordinary moves, in the order of the table
	corrections map[S][]S
}

// New makes the table of a noun such as "booking". It panics when a row lacks
// its end or its verb, stands there twice, or when a state cannot be reached:
// tables are written in code and built when the program starts.
func New[S ~string](noun string, moves ...Move[S]) *Table[S] {
	t := &Table[S]{noun: noun, moves: moves, next: map[S][]S{}, corrections: map[S][]S{}}
	seen := map[Move[S]]bool{}
	for _, m := range moves {
		if m.To == "" || m.Verb == "" || seen[m] {
			panic(fmt.Sprintf("fsm: the %s has a bad or repeated row %+v", noun, m))
		}
		seen[m] = true
		if !slices.Contains(t.states, m.To) {
			t.states = append(t.states, m.To)
		}
		ways := t.next
		if m.Correction {
			ways = t.corrections
		}
		if !slices.Contains(ways[m.From], m.To) {
			ways[m.From] = append(ways[m.From], m.To)
		}
	}
	for _, m := range moves {
		if m.From != "" && !slices.Contains(t.states, m.From) {
			panic(fmt.Sprintf("fsm: nothing leads the %s to %s", noun, m.From))
		}
	}
	return t
}

// CanMove says whether an ordinary verb leads from one state to the other; from
// "" it says whether a thing may be made in that state.
func (t *Table[S]) CanMove(from, to S) bool { return slices.Contains(t.next[from], to) }

// CanCorrect says whether a correction leads from one state to the other.
func (t *Table[S]) CanCorrect(from, to S) bool { return slices.Contains(t.corrections[from], to) }

// Check is nil where CanMove is true, and else INVALID_TRANSITION with the
// states that are allowed instead.
func (t *Table[S]) Check(from, to S) error {
	if t.CanMove(from, to) {
		return nil
	}
	if from == "" {
		return fault.New(fault.CodeInvalidTransition, "The %s cannot begin as %s; it begins as %s.", t.noun, to, list(t.next[from]))
	}
	if t.Terminal(from) {
		return fault.New(fault.CodeInvalidTransition, "The %s is %s, which is final; it cannot become %s.", t.noun, from, to)
	}
	return fault.New(fault.CodeInvalidTransition, "The %s is %s and cannot become %s; it can become %s.", t.noun, from, to, list(t.next[from]))
}

// Next lists the states that ordinary verbs lead to, in the order of the table.
func (t *Table[S]) Next(from S) []S { return slices.Clone(t.next[from]) }

// Sources lists the states from which the verb leads to the given state, for
// `UPDATE … WHERE status IN (…)`. The making of the thing is not among them.
func (t *Table[S]) Sources(verb string, to S) []S {
	var from []S
	for _, m := range t.moves {
		if m.Verb == verb && m.To == to && m.From != "" {
			from = append(from, m.From)
		}
	}
	return from
}

// Verbs lists the ordinary verbs that a thing in the state allows, each once, in
// the order of the table.
func (t *Table[S]) Verbs(from S) []string {
	var verbs []string
	for _, m := range t.moves {
		if m.From == from && !m.Correction && !slices.Contains(verbs, m.Verb) {
			verbs = append(verbs, m.Verb)
		}
	}
	return verbs
}

// Terminal says whether the state is final: no ordinary verb leads out of it. A
// state that is not of this table is no state at all and not final either.
func (t *Table[S]) Terminal(s S) bool {
	return len(t.next[s]) == 0 && slices.Contains(t.states, s)
}

// States lists all states, in the order in which the table reaches them.
func (t *Table[S]) States() []S { return slices.Clone(t.states) }

// Moves gives the rows, for the docs and for tests.
func (t *Table[S]) Moves() []Move[S] { return slices.Clone(t.moves) }

func list[S ~string](states []S) string {
	if len(states) == 0 {
		return "nothing"
	}
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " or " + words[last]
	}
	return words[0]
}
