package counts

import (
	"slices"
	"strings"
	"time"
)

// question is a count of bookings that days can answer: of some units and states,
// between two moments. What stands in no field is not asked for.
type question struct {
	where            string // as it was asked
	args             []any
	units, states    []any // nil: all
	unitArray        bool  // the units are one argument, an array of PostgreSQL
	noUnit           bool  // those without a unit alone
	from, to         time.Time
	fromOpen, toShut bool // "> from" and "<= to", where usual is ">=" and "<"
}

var unquoted = strings.NewReplacer(`"`, "", "`", "")

// read reads the condition of a count, and gives how many arguments it has. It knows
// conjunctions of comparisons of unit, state and start with arguments, for bookings that
// are not deleted, and what ent writes for "or nothing"; it takes nothing that it does not
// know.
func read(where string, args []any) (q question, used int, ok bool) {
	p := &parser{rest: unquoted.Replace(where), args: args}
	p.where = p.rest
	said := p.or()
	p.question.args = args[:p.next]
	return p.question, p.next, said == conjunction && p.rest == "" && p.live && !p.failed
}

// truth is what a part of a condition says.
type truth int

const (
	conjunction truth = iota // what was noted in the question
	never
)

type parser struct {
	question

	rest   string
	args   []any
	next   int
	live   bool
	failed bool
}

func (p *parser) fail() truth { p.failed = true; return never }

func (p *parser) take(text string) (ok bool) {
	p.rest, ok = strings.CutPrefix(p.rest, text)
	return ok
}

// or takes alternatives of which one at most can be.
func (p *parser) or() truth {
	said := p.and()
	for p.take(" OR ") {
		other := p.and()
		switch {
		case other == never:
		case said == never:
			said = other
		default:
			return p.fail()
		}
	}
	return said
}

func (p *parser) and() truth {
	said := p.term()
	for p.take(" AND ") {
		if p.term() == never || said == never {
			return p.fail() // nothing matches, and days need not say so
		}
	}
	return said
}

func (p *parser) term() truth {
	switch {
	case p.take("("):
		said := p.or()
		if !p.take(")") {
			return p.fail()
		}
		return said
	case p.take("FALSE"):
		return never
	case p.take("bookings.deleted_at IS NULL"):
		p.live = true
		return conjunction
	case p.take("bookings.unit_id"):
		if p.take(" IS NULL") {
			p.noUnit = true
			return conjunction
		}
		if p.units == nil && p.take(" = ANY(") {
			v, ok := p.argument()
			if p.units, p.unitArray = []any{v}, true; !ok || !p.take(")") {
				return p.fail()
			}
			return conjunction
		}
		return p.among(&p.units)
	case p.take("bookings.status"):
		return p.among(&p.states)
	case p.take("bookings.starts_at"):
		return p.bound()
	}
	return p.fail()
}

// among takes "= $1" and "IN ($1, $2)", once for a column.
func (p *parser) among(values *[]any) truth {
	if *values != nil {
		return p.fail()
	}
	if p.take(" = ") {
		v, ok := p.argument()
		*values = []any{v}
		if !ok {
			return p.fail()
		}
		return conjunction
	}
	if !p.take(" IN (") {
		return p.fail()
	}
	for {
		v, ok := p.argument()
		if !ok {
			return p.fail()
		}
		*values = append(*values, v)
		if p.take(")") {
			return conjunction
		}
		if !p.take(", ") {
			return p.fail()
		}
	}
}

// bound takes one end of the time, each once.
func (p *parser) bound() truth {
	operators := []string{" >= ", " > ", " <= ", " < "}
	i := slices.IndexFunc(operators, p.take)
	v, ok := p.argument()
	at, isTime := v.(time.Time)
	if i < 0 || !ok || !isTime {
		return p.fail()
	}
	end, flag := &p.from, &p.fromOpen
	if i > 1 {
		end, flag = &p.to, &p.toShut
	}
	if !end.IsZero() || at.IsZero() {
		return p.fail()
	}
	*end, *flag = at, i == 1 || i == 2
	return conjunction
}

// argument takes a placeholder: "?", or "$" and the number of the next argument.
func (p *parser) argument() (any, bool) {
	if p.next == len(p.args) {
		return nil, false
	}
	v := p.args[p.next]
	p.next++
	return v, p.take("?") || p.take("$"+itoa(p.next)) && (p.rest == "" || p.rest[0] < '0' || p.rest[0] > '9')
}
