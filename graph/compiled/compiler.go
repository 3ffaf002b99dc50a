package compiled

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/internal/ids"
)

// compiler makes one plan.
type compiler struct {
	engine *Engine
	oc     *graphql.OperationContext
	ctx    context.Context

	reached []reached // whose rules are asked
	rulings []*ruling // and what they are for the caller at hand
	doors   []door
	needs   []door
	narrows []narrow
	failed  error
}

// fail notes the first thing that no statement can be made of, where no error can be
// returned.
func (c *compiler) fail(err error) {
	if c.failed == nil {
		c.failed = err
	}
}

// compile makes the plan of the operation; one with an error where there is none.
func (c *compiler) compile() *plan {
	p := &plan{}
	if p.err = c.roots(p); p.err == nil {
		p.err = c.failed
	}
	if p.err == nil {
		p.err = c.statements(p)
	}
	if p.err != nil {
		return &plan{err: p.err, bytes: documentOverhead}
	}
	p.doors, p.needs, p.narrows = c.doors, c.needs, c.narrows
	for _, r := range p.roots {
		p.bytes += int64(len(r.text)) + r.level.weight()
		if r.chain != nil {
			p.bytes += int64(len(r.chain.text))
		}
	}
	return p
}

// statements writes one statement for everything below a root where that works, else
// one for each level.
func (c *compiler) statements(p *plan) error {
	for i := range p.roots {
		r := &p.roots[i]
		if r.level == nil {
			continue
		}
		var err error
		if r.chain, err = c.link(r.level); err == nil && r.chain == nil {
			err = r.level.standalone()
		}
		if err != nil {
			return err
		}
		r.level.forget()
	}
	return c.failed
}

// forget lets go of what only the making of a plan needs.
func (l *level) forget() {
	if l == nil {
		return
	}
	l.builder = nil
	for _, child := range l.children {
		child.forget()
	}
}

// weight is about how many bytes a level takes.
func (l *level) weight() int64 {
	if l == nil {
		return 0
	}
	const ofStep, ofPlace, ofLevel = 112, 64, 512
	n := int64(ofLevel + len(l.text) + ofPlace*len(l.places) + ofStep*len(l.program))
	for _, s := range l.program {
		n += int64(len(s.text))
	}
	if l.page != nil {
		n += int64(ofStep * len(l.page.program))
	}
	for _, child := range l.children {
		n += child.weight()
	}
	return n
}

func (c *compiler) roots(p *plan) error {
	fields, err := c.fields(c.oc.Operation.SelectionSet, []string{"Query"})
	if err != nil {
		return err
	}
	text := program{}
	text.text("{")
	for i, f := range fields {
		text.key(i, f.Alias)
		if f.Name == "__typename" {
			text.text(`"Query"`)
			continue
		}
		l, err := c.root(f)
		if err != nil {
			return err
		}
		p.roots = append(p.roots, root{text: text[0].text, level: l})
		text = program{{op: opText}}
	}
	if len(p.roots) == 0 {
		return unplanned("nothing is asked for")
	}
	if rest := text[0].text; len(rest) > 0 {
		p.roots = append(p.roots, root{text: rest})
	}
	return nil
}

// root makes the level of one root field.
func (c *compiler) root(f graphql.CollectedField) (*level, error) {
	def := c.engine.schema.Query.Fields.ForName(f.Name)
	if def == nil || c.engine.resolved["Query."+f.Name] {
		return nil, unplanned("field Query." + f.Name)
	}
	doors, err := doorsOf(c.engine.schema, def)
	if err != nil {
		return nil, err
	}
	c.needs = addDoors(c.needs, doors...)
	if f.Name == "node" {
		return c.node(f)
	}
	if name, pages := strings.CutSuffix(def.Type.Name(), "Connection"); pages && c.engine.entities[name] != nil {
		l := &level{}
		return l, c.page(l, c.engine.entities[name], f)
	}
	e := c.engine.entities[def.Type.Name()]
	if e == nil || len(def.Arguments) != 1 || def.Arguments[0].Name != idColumn || def.Type.Elem != nil {
		return nil, unplanned("field Query." + f.Name)
	}
	return c.byID(e, c.input(f.Arguments.ForName(idColumn).Value), f.Selections)
}

func (c *compiler) byID(e *entity, id input, set ast.SelectionSet) (*level, error) {
	at, err := c.place(id, readers["ID"])
	if err != nil {
		return nil, err
	}
	l := &level{id: at}
	b := c.builder(l)
	base := b.source(e, nil)
	if err := b.object(&l.program, base, set); err != nil {
		return nil, err
	}
	return l, b.finish(base)
}

// node reads the one object that an id names: its type is in the id, which is why the
// form of a document with `node` rests on the type. The type's own door is asked.
func (c *compiler) node(f graphql.CollectedField) (*level, error) {
	id := c.input(f.Arguments.ForName(idColumn).Value)
	v, err := readers["ID"](c.ctx, id.value)
	if err != nil {
		return nil, unplanned("argument")
	}
	kind, _ := ids.KindOf(v.(uuid.UUID))
	e := c.engine.entities[kind.String()]
	if e == nil {
		return nil, unplanned("node of no entity")
	}
	if c.needs, err = directives(e.def.Directives, c.needs); err != nil {
		return nil, err
	}
	return c.byID(e, id, f.Selections)
}
