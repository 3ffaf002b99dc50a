package compiled

import (
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"clinicgraph/ent"
)

type predicate = func(*sql.Selector)

// filter makes of `where` what the generated filters make of it; nil where nothing is
// asked for. An object inside that asks for nothing is an error of the caller's, and
// no plan.
func (c *compiler) filter(e *entity, in input) (predicate, error) {
	if e.where == nil {
		return nil, unplanned("filter")
	}
	entries, err := c.object(in)
	if err != nil {
		return nil, err
	}
	var all []predicate
	for _, x := range entries {
		def := e.where.Fields.ForName(x.name)
		if def == nil {
			return nil, unplanned("filter " + x.name)
		}
		// The executor asks the door of what is given, be it null.
		if c.needs, err = directives(def.Directives, c.needs); err != nil {
			return nil, err
		}
		if x.value == nil {
			continue
		}
		p, err := c.condition(e, x, def.Type.Name())
		if err != nil {
			return nil, err
		}
		if p != nil {
			all = append(all, p)
		}
	}
	switch len(all) {
	case 0:
		return nil, nil
	case 1:
		return all[0], nil
	}
	return sql.AndPredicates(all...), nil
}

// condition is one argument of a filter.
func (c *compiler) condition(e *entity, x entry, typeName string) (predicate, error) {
	switch x.name {
	case "not":
		p, err := c.filter(e, x.input)
		if err == nil && p == nil {
			err = unplanned("filter that is empty")
		}
		if err != nil {
			return nil, err
		}
		return sql.NotPredicates(p), nil
	case "and", "or":
		parts, err := c.filters(e, x.input)
		switch {
		case err != nil || len(parts) == 0:
			return nil, err
		case len(parts) == 1:
			return parts[0], nil
		case x.name == "and":
			return sql.AndPredicates(parts...), nil
		}
		return sql.OrPredicates(parts...), nil
	}
	column, edge, op := e.filtered(x.name)
	switch {
	case edge != nil:
		return c.across(e, edge, op, x.input)
	case column != nil && column.Name == "created_at" && ent.Meta[e.name].AppendOnly:
		return nil, unplanned("filter by the time of entries, which resolvers find by their ids")
	case column != nil:
		return c.compared(column, op, x.input, typeName)
	}
	return nil, unplanned("filter " + x.name)
}

func (c *compiler) filters(e *entity, in input) ([]predicate, error) {
	var parts []predicate
	for _, x := range c.list(in) {
		p, err := c.filter(e, x)
		if err == nil && p == nil {
			err = unplanned("filter that is empty")
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// across is a condition about what an edge leads to, among the rows that the caller
// may see of it.
func (c *compiler) across(e *entity, edge *ent.Relation, op string, in input) (predicate, error) {
	to := c.engine.entities[edge.Entity]
	if to == nil {
		return nil, unplanned("filter")
	}
	step := e.step(edge, to)
	with := []predicate{func(s *sql.Selector) { c.rule(reached{to, ""}, s) }}
	c.reach(reached{to, ""})
	if op == "hasWith" {
		parts, err := c.filters(to, in)
		if err != nil || len(parts) == 0 {
			return nil, err
		}
		with = append(with, parts...)
	}
	p := func(s *sql.Selector) {
		sqlgraph.HasNeighborsWith(s, step, func(s *sql.Selector) {
			for _, w := range with {
				w(s)
			}
		})
	}
	if is, _ := in.value.(bool); op == "has" && !is {
		return sql.NotPredicates(p), nil
	}
	return p, nil
}

var comparisons = map[string]func(string, any) func(*sql.Selector){
	"": sql.FieldEQ, "NEQ": sql.FieldNEQ, "GT": sql.FieldGT, "GTE": sql.FieldGTE, "LT": sql.FieldLT, "LTE": sql.FieldLTE,
}

// likes are the comparisons that look at parts of a text.
var likes = map[string]func(col, text string) *sql.Predicate{
	"Contains": sql.Contains, "HasPrefix": sql.HasPrefix, "EqualFold": sql.EqualFold, "ContainsFold": sql.ContainsFold,
}

func (c *compiler) compared(column *ent.Column, op string, in input, typeName string) (predicate, error) {
	switch op {
	case "IsNil", "NotNil":
		switch is, _ := in.value.(bool); { // its value is part of the form
		case !is:
			return nil, nil
		case op == "IsNil":
			return sql.FieldIsNull(column.Name), nil
		}
		return sql.FieldNotNull(column.Name), nil
	case "In", "NotIn":
		return c.within(column, op == "In", in, typeName)
	}
	if like := likes[op]; like != nil {
		return c.like(column, like, in)
	}
	read, err := c.engine.reader(typeName)
	if err != nil {
		return nil, err
	}
	p, err := c.place(in, read)
	if err != nil {
		return nil, err
	}
	return comparisons[op](column.Name, p), nil
}

// like has ent's predicate put its signs around the text. SQLite writes another
// statement for texts with such signs in them, and is left to the executor.
func (c *compiler) like(column *ent.Column, like func(col, text string) *sql.Predicate, in input) (predicate, error) {
	if c.engine.dialect != dialect.Postgres {
		return nil, unplanned("parts of texts on SQLite")
	}
	p, err := c.text(in, func(text string) any {
		made := like("c", text)
		made.SetDialect(dialect.Postgres)
		_, args := made.Query()
		return args[0]
	})
	if err != nil {
		return nil, err
	}
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) { b.Join(&placed{like(s.C(column.Name), ""), []any{p}}) }))
	}, nil
}

// placed is a predicate with other arguments.
type placed struct {
	*sql.Predicate
	args []any
}

// Query implements sql.Querier.
func (p *placed) Query() (string, []any) {
	text, args := p.Predicate.Query()
	if len(args) != len(p.args) {
		panic(fmt.Sprintf("compiled: %d arguments for %d", len(p.args), len(args)))
	}
	return text, p.args
}

// within is a list. PostgreSQL gets it as one array, so that lists of any length are
// one plan; elsewhere its length is part of the form.
func (c *compiler) within(column *ent.Column, in bool, x input, typeName string) (predicate, error) {
	read, err := c.engine.reader(typeName)
	if err != nil {
		return nil, err
	}
	elements := c.list(x)
	var places []any
	for _, element := range elements {
		p, err := c.place(element, read)
		if err != nil {
			return nil, err
		}
		places = append(places, p)
	}
	texts := column.Type == field.TypeString || column.Type == field.TypeEnum || column.Type == field.TypeUUID
	if c.engine.dialect != dialect.Postgres || !texts {
		if in {
			return sql.FieldIn(column.Name, places...), nil
		}
		return sql.FieldNotIn(column.Name, places...), nil
	}
	array := &place{func(r *run) (any, error) { return r.array(places) }}
	if x.literal == nil {
		array = &place{func(r *run) (any, error) { return r.arrayOf(dig(r.variables[x.variable], x.path), read) }}
	}
	op := " = ANY("
	if !in {
		op = " <> ALL("
	}
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) { b.Ident(s.C(column.Name)).WriteString(op).Arg(array).WriteString(")") }))
	}, nil
}

func (r *run) array(places []any) (any, error) {
	texts := make(pq.StringArray, len(places))
	for i, p := range places {
		v, err := p.(*place).value(r)
		if err != nil {
			return nil, err
		}
		texts[i] = textOf(v)
	}
	return texts.Value()
}

func (r *run) arrayOf(value any, read reader) (any, error) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	texts := make(pq.StringArray, len(list))
	for i, element := range list {
		v, err := read(r.ctx, element)
		if err != nil {
			return nil, err
		}
		texts[i] = textOf(v)
	}
	return texts.Value()
}

func textOf(v any) string {
	if id, ok := v.(uuid.UUID); ok {
		return id.String()
	}
	return v.(string)
}
