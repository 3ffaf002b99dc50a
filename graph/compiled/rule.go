package compiled

import (
	"context"
	"strconv"

	"entgo.io/ent/dialect/sql"

	"clinicgraph/internal/access"
)

// ruling is the row rule of an entity for one caller: its text decides the plan, its
// arguments are bound at each request.
type ruling struct {
	rules []predicate
	text  string // "": every row
	args  []any
}

// reached are rows of an entity, and the entity whose rows an edge to one leads from;
// "" where the rows are reached in another way.
type reached struct {
	on   *entity
	from string
}

// ruled asks the rule and renders it alone, over the entity's plain table.
func (e *Engine) ruled(ctx context.Context, rows reached) (*ruling, error) {
	r := &ruling{rules: e.rules(ctx, rows.on.name, rows.from)}
	d := sql.Dialect(e.dialect)
	s := d.Select().From(d.Table(rows.on.table)).WithContext(ctx)
	for _, rule := range r.rules {
		rule(s)
	}
	if s.HasJoins() {
		return nil, unplanned("rule that joins")
	}
	if p := s.P(); p != nil {
		p.SetDialect(e.dialect)
		r.text, r.args = p.Query()
	}
	return r, s.Err()
}

// rule narrows a step of a statement to the rows that the caller may see. The rule is
// rendered in its place by ent, on a table of the same name or alias, and its
// arguments become places.
func (c *compiler) rule(rows reached, s *sql.Selector) {
	at := c.reach(rows)
	r := c.rulings[at]
	if r.text == "" {
		return
	}
	alone := sql.Dialect(c.engine.dialect).Select().From(s.Table()).WithContext(c.ctx)
	for _, rule := range r.rules {
		rule(alone)
	}
	args := make([]any, len(r.args))
	for i := range args {
		args[i] = &place{func(run *run) (any, error) { return run.rulings[at].args[i], nil }}
	}
	p := &placed{alone.P(), args}
	// ent sets parentheses around an OR that it sees. In here it sees none.
	s.Where(sql.P(func(b *sql.Builder) { b.WriteString("(").Join(p).WriteString(")") }))
}

// reach notes that the statement asks the rule of rows, and gives its number.
func (c *compiler) reach(rows reached) int {
	for i, known := range c.reached {
		if known == rows {
			return i
		}
	}
	r, err := c.engine.ruled(c.ctx, rows)
	if err != nil {
		c.fail(err)
		r = &ruling{}
	}
	c.reached, c.rulings = append(c.reached, rows), append(c.rulings, r)
	return len(c.reached) - 1
}

// caller is all that the row rules know of who asks: equal callers have equal rules.
type caller struct {
	access.RuleKey
	deleted bool
}

func callerOf(ctx context.Context, v *access.Viewer) caller {
	return caller{v.RuleKey(), access.SeesDeleted(ctx)}
}

// ruleKey is the texts of the rules, which decide the plan beside the form.
func ruleKey(rulings []*ruling) string {
	var b []byte
	for _, r := range rulings {
		b = strconv.AppendInt(b, int64(len(r.text)), 10)
		b = append(append(b, ':'), r.text...)
	}
	return string(b)
}
