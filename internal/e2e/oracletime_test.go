package e2e

import (
	"slices"
	"strings"
)

// What an answer takes may tell as much as what is in it. Time itself is measured by
// bench/timing; here the work is compared that could make a difference: the statements.

// refusal asks for what is closed to the caller, with a right guess and with a wrong
// one, by POST and over a socket: the same is answered, and for neither is anything asked
// of the database.
func (o *oracle) refusal(what string, ask func(guess any) (document string, v vars), right, wrong any) {
	t := o.diary.t
	t.Helper()
	o.closed++
	if o.line == nil {
		o.line = o.socket()
	}
	var said, told []string
	for _, guess := range []any{right, wrong} {
		document, v := ask(guess)
		ran := o.statementsOf("Guess", func() {
			a := o.do(document, v)
			if code := a.code(); code != "FORBIDDEN" && code != "GRAPHQL_VALIDATION_FAILED" {
				t.Errorf("%s asks %s: %s", o.name, what, a.body)
			}
			said = append(said, a.bytes())
			id := o.line.begin(document, v)
			told = append(told, strings.ReplaceAll(requestIDs.ReplaceAllString(o.line.hear().text, ""), `"`+id+`"`, ""))
		})
		if len(ran) > 0 {
			t.Errorf("%s asks %s, which is refused: the database is asked %q", o.name, what, ran)
		}
	}
	if said[0] != said[1] || told[0] != told[1] {
		t.Errorf("%s asks %s: a right guess is answered\n%s\n%s\na wrong one\n%s\n%s", o.name, what, said[0], told[0], said[1], told[1])
	}
}

// closedList asks a list that is closed to the caller, with each of its filters.
func (o *oracle) closedList(l list) {
	where, reached := l.args.ForName("where"), o.reached[l.entity]
	if where == nil {
		return
	}
	for _, g := range o.guesses(l.entity, 0, 0) {
		o.refusal(l.what+" "+g.what, func(guess any) (string, vars) {
			return `query Guess($w: ` + where.Type.String() + `) { ` + l.what + `(where: $w) { totalCount } }`, vars{"w": guess}
		}, g.where, g.wrong)
	}
	if !reached { // nothing that is answered rests on it
		delete(o.reached, l.entity)
	}
}

// alike asks each pair by itself: a right guess about a row that the caller does not see
// has the same statements run as a wrong one.
func (o *oracle) alike() {
	t := o.diary.t
	t.Helper()
	for _, p := range o.pairs {
		right, wrong := o.asked[p[0]], o.asked[p[1]]
		document := `query Guess($w: ` + right.kind + `) { ` + right.field + ` }`
		ask := func(where any) []string {
			return o.statementsOf("Guess", func() { o.do(document, vars{"w": where}) })
		}
		ask(wrong.where) // a document may be answered in another way from the second time on
		yes, no := ask(right.where), ask(wrong.where)
		if !slices.Equal(yes, no) || len(yes) == 0 {
			t.Errorf("%s: a right guess runs\n%q\na wrong one\n%q", right.what, yes, no)
		}
		o.timed++
	}
}
