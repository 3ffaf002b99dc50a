package fsm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/fsm"
	"clinicgraph/internal/fsm/fsmtest"
)

type light string

type move = fsm.Move[light]

var lights = fsm.New("light",
	move{To: "RED", Verb: "switchOn"},
	move{From: "RED", To: "GREEN", Verb: "go"},
	move{From: "RED", To: "GREEN", Verb: "wave"},
	move{From: "RED", To: "RED", Verb: "wait"},
	move{From: "GREEN", To: "RED", Verb: "stop"},
	move{From: "GREEN", To: "OFF", Verb: "switchOff"},
	move{From: "RED", To: "OFF", Verb: "switchOff"},
	move{From: "OFF", To: "RED", Verb: "repair", Correction: true},
)

func TestTable(t *testing.T) {
	fsmtest.Check(t, lights, `
		new: RED
		RED: GREEN RED OFF
		GREEN: RED OFF`)
	fsmtest.Corrections(t, lights, `OFF: RED`)

	t.Run("lists each state and verb once, in its order", func(t *testing.T) {
		if diff := cmp.Diff([]light{"RED", "GREEN", "OFF"}, lights.States()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]light{"GREEN", "RED", "OFF"}, lights.Next("RED")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"go", "wave", "wait", "switchOff"}, lights.Verbs("RED")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("knows where a verb may start", func(t *testing.T) {
		if diff := cmp.Diff([]light{"GREEN", "RED"}, lights.Sources("switchOff", "OFF")); diff != "" {
			t.Error(diff)
		}
		if got := lights.Sources("switchOn", "RED"); got != nil {
			t.Errorf("making is no move from %v", got)
		}
		if diff := cmp.Diff([]light{"OFF"}, lights.Sources("repair", "RED")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("keeps corrections apart", func(t *testing.T) {
		if lights.CanMove("OFF", "RED") || !lights.CanCorrect("OFF", "RED") || lights.CanCorrect("RED", "GREEN") {
			t.Error("a correction is taken for a move, or a move for a correction")
		}
		if !lights.Terminal("OFF") || lights.Terminal("RED") || lights.Terminal("BLUE") {
			t.Error("only OFF is final")
		}
	})
	t.Run("cannot be changed through what it gives away", func(t *testing.T) {
		lights.Next("RED")[0], lights.States()[0], lights.Moves()[0].To = "BLUE", "BLUE", "BLUE"
		if !lights.CanMove("RED", "GREEN") || lights.States()[0] != "RED" || lights.Moves()[0].To != "RED" {
			t.Error("the table has changed")
		}
	})
}

func TestRefusalsSayWhatIsAllowed(t *testing.T) {
	for _, tc := range []struct {
		from, to light
		want     string
	}{
		{"GREEN", "GREEN", "The light is GREEN and cannot become GREEN; it can become RED or OFF."},
		{"RED", "BLUE", "The light is RED and cannot become BLUE; it can become GREEN, RED or OFF."},
		{"OFF", "RED", "The light is OFF, which is final; it cannot become RED."},
		{"", "GREEN", "The light cannot begin as GREEN; it begins as RED."},
		{"BLUE", "RED", "The light is BLUE and cannot become RED; it can become nothing."},
	} {
		t.Run(string(tc.from+" to "+tc.to), func(t *testing.T) {
			f, ok := fault.As(lights.Check(tc.from, tc.to))
			if !ok || f.Code != fault.CodeInvalidTransition || f.Message != tc.want {
				t.Errorf("got %v, want %q", f, tc.want)
			}
		})
	}
}

func TestNewRefusesBadTables(t *testing.T) {
	for name, moves := range map[string][]move{
		"a row without an end":          {{Verb: "go"}},
		"a row without a verb":          {{To: "RED"}},
		"a repeated row":                {{To: "RED", Verb: "go"}, {To: "RED", Verb: "go"}},
		"a state that nothing leads to": {{To: "RED", Verb: "go"}, {From: "GREEN", To: "RED", Verb: "go"}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			fsm.New("light", moves...)
		})
	}
}
