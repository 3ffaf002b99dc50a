package events

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"clinicgraph/internal/ids"
)

func TestAMessageSurvivesTheWayBetweenServers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(ids.Kinds()).Draw(t, "kind")
		sent := Event{Entity: kind.String(), ID: ids.New(kind), Version: rapid.Int32Range(0, 1<<31-1).Draw(t, "version")}
		if rapid.Bool().Draw(t, "for one") {
			sent.For = ids.New(ids.User)
		}
		text := message{"0123456789abcdef", &sent}.encode()
		got, ok := decode(text)
		if !ok || got.instance != "0123456789abcdef" || got.event == nil {
			t.Fatalf("%q is not understood: %+v", text, got)
		}
		if diff := cmp.Diff(sent, *got.event); diff != "" {
			t.Fatal(diff)
		}
		if len(text) > 150 {
			t.Fatalf("%q is longer than promised", text)
		}
	})
}

func TestWhatIsNoMessageIsNotUnderstood(t *testing.T) {
	booking := ids.New(ids.Booking).String()
	for _, text := range []string{
		"", " ", "a b", "a Booking " + booking, "a Booking " + booking + " x", "a Booking " + booking + " -1",
		"a Booking " + booking + " 1 2", "a Booking " + booking + " 99999999999", "a Booking " + booking + " 1 nobody", "a Booking " + booking + " 1 " + booking + " 2", "a Booking nobody 1",
		"a Order " + booking + " 1", "a Booking 00000000-0000-0000-0000-000000000000 1",
	} {
		if m, ok := decode(text); ok {
			t.Errorf("%q is read as %+v", text, m)
		}
	}
	if m, ok := decode("0123456789abcdef"); !ok || m.event != nil {
		t.Errorf("the message that some are missing is read as %+v, %t", m, ok)
	}
}
