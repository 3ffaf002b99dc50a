package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"clinicgraph/ent"
)

// maxSample bounds N of sampled:N: a rule that keeps less says off.
const maxSample = 1_000_000

// bounded are the events whose volume may be bounded, and what becomes of them
// where nobody says anything. Every other event is always on record: refusals,
// reads of other people's data, changes of permissions and of accounts, tries that
// failed. A new event is so until somebody puts it here.
var bounded = map[string]Rule{
	EventRefresh:        Always,
	EventLogin:          Always,
	EventLogout:         Always,
	EventFactorAsked:    Always,
	EventReauthenticate: Always,
	EventEmailVerify:    Always,
	EventOwnDataRead:    Off,
}

// Rule says how many events of a kind are put on record: one of so many.
type Rule uint32

// The rules besides "one of N".
const (
	Off    Rule = 0
	Always Rule = 1
)

// ParseRule reads always, off or sampled:N.
func ParseRule(text string) (Rule, error) {
	switch text {
	case "always":
		return Always, nil
	case "off":
		return Off, nil
	}
	if number, ok := strings.CutPrefix(text, "sampled:"); ok {
		if n, err := strconv.ParseUint(number, 10, 32); err == nil && 1 < n && n <= maxSample {
			return Rule(n), nil
		}
	}
	return Always, fmt.Errorf("%q is none of always, off and sampled:N with N from 2 to %d", text, maxSample)
}

// Rules say which events are put on record. The zero value is the defaults.
type Rules struct {
	rules map[string]Rule
	seen  map[string]*atomic.Uint64
}

// NewRules gives the defaults with what the settings say, EVENT=RULE each. What
// must stay on record is refused, whatever the rule.
func NewRules(settings []string) (Rules, error) {
	r := Rules{rules: maps.Clone(bounded), seen: map[string]*atomic.Uint64{}}
	said := map[string]bool{}
	for _, setting := range settings {
		event, text, _ := strings.Cut(strings.TrimSpace(setting), "=")
		rule, err := ParseRule(text)
		_, may := bounded[event]
		switch {
		case !may:
			return Rules{}, fmt.Errorf("%q is not among the events whose volume may be bounded: %s", event, strings.Join(Bounded(), ", "))
		case err != nil:
			return Rules{}, fmt.Errorf("of %s: %w", event, err)
		case said[event]:
			return Rules{}, fmt.Errorf("of %s: said twice", event)
		}
		said[event], r.rules[event] = true, rule
	}
	for event := range r.rules {
		r.seen[event] = &atomic.Uint64{}
	}
	return r, nil
}

// Bounded lists the events whose volume may be bounded.
func Bounded() []string { return slices.Sorted(maps.Keys(bounded)) }

// Of gives the rule of an event.
func (r Rules) Of(event string) Rule {
	rules := r.rules
	if rules == nil {
		rules = bounded
	}
	if rule, ok := rules[event]; ok {
		return rule
	}
	return Always
}

// keeps says whether this one event is put on record. Of N the first is.
func (r Rules) keeps(event string) bool {
	switch rule := r.Of(event); {
	case rule <= Always:
		return rule == Always
	case r.seen[event] == nil:
		return true
	default:
		return (r.seen[event].Add(1)-1)%uint64(rule) == 0
	}
}

// Hook leaves out what the rules do not put on record, whoever writes it, also as
// part of a verb's transaction. RecordReads has settled which reads are written:
// those go through, since a bulk creation cannot leave one out.
func (r Rules) Hook() ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			event, _ := m.Field("event")
			if name, ok := event.(string); ok && name != EventOwnDataRead && !r.keeps(name) {
				return &ent.AuditLog{}, nil
			}
			return next.Mutate(ctx, m)
		})
	}
}
