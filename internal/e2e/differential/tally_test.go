package differential

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// counters are those of the engine.
type counters struct {
	hits, dropped uint64
	fallbacks     map[string]uint64
}

// tally counts how documents were answered, by what is in them: an answer that is
// equal because nothing was compiled proves nothing.
type tally struct {
	all     map[string]*share
	codes   map[string]int
	reasons map[string]int
}

// share are the documents of a category.
type share struct {
	documents int // all
	fine      int // answered without an error
	hits      int // of the fine ones those that a plan has answered
	refused   int // of the others those that a plan has answered
	dropped   int // begun by a plan and handed on
}

func newTally() *tally {
	return &tally{all: map[string]*share{}, codes: map[string]int{}, reasons: map[string]int{}}
}

func (t *tally) note(d document, o outcome, before, after counters) {
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Extensions struct{ Code string } }
	}
	_ = json.Unmarshal(o.body, &answer)
	code := "OK"
	if len(answer.Errors) > 0 {
		code = answer.Errors[0].Extensions.Code
	}
	t.codes[code]++
	for reason, n := range after.fallbacks {
		if n > before.fallbacks[reason] {
			t.reasons[reason]++
		}
	}
	for _, category := range append([]string{"all", d.kind}, d.uses...) {
		s := t.all[category]
		if s == nil {
			s = &share{}
			t.all[category] = s
		}
		s.documents++
		hit := after.hits > before.hits
		switch {
		case code == "OK" && hit:
			s.fine++
			s.hits++
		case code == "OK":
			s.fine++
		case hit:
			s.refused++
		}
		if after.dropped > before.dropped {
			s.dropped++
		}
	}
}

func (t *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n%-26s %9s %9s %9s %9s %9s\n", t.codes, "", "documents", "fine", "hits", "refused", "dropped")
	for _, name := range slices.Sorted(maps.Keys(t.all)) {
		s := t.all[name]
		fmt.Fprintf(&b, "%-26s %9d %9d %8d%% %9d %9d\n", name, s.documents, s.fine, 100*s.hits/max(1, s.fine), s.refused, s.dropped)
	}
	reasons := slices.SortedFunc(maps.Keys(t.reasons), func(a, b string) int { return t.reasons[b] - t.reasons[a] })
	for _, reason := range reasons[:min(len(reasons), 60)] {
		fmt.Fprintf(&b, "%6d %s\n", t.reasons[reason], reason)
	}
	return b.String()
}

// least is the share of the fine documents of a category, in hundredths, that a plan
// must have answered. They are set some points below what was counted.
var least = map[string]int{
	"all": 50, "written": 50, "by id": 60, "connection": 58, "node": 38, "nested connection": 10, "count": 40, "order": 48, "where": 38,
	"condition on an edge": 25, "cursor": 42, "first": 50, "last": 42, "page info": 45, "fragment": 30, "inline fragment": 30, "fragment on an interface": 33,
	"merged": 32, "skip or include": 36, "variable": 50, "absent": 40, "null": 35, "default": 40, "alias": 45,
	"permission of a field": 30, "personal": 30,
}

// mustHold fails the test where too few documents were answered by plans, or too few
// were answered at all.
func (t *tally) mustHold(tb testing.TB, c *clinic) {
	tb.Helper()
	if all := t.all["all"]; all.fine*100 < all.documents*45 {
		tb.Errorf("%s: only %d of %d documents were answered without an error", c.dialect, all.fine, all.documents)
	}
	for category, percent := range least {
		s := t.all[category]
		switch {
		case s == nil || s.fine < 20:
			continue // a short run
		case 100*s.hits < percent*s.fine:
			tb.Errorf("%s: of %d documents with %s a plan has answered %d, want %d of a hundred", c.dialect, s.fine, category, s.hits, percent)
		}
	}
}
