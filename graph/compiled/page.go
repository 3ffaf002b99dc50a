package compiled

import (
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/internal/paging"
)

// page is what a level gives as a connection: its size, its order, where it begins.
type page struct {
	program    program // of the connection; a hole in it is `edges`
	size       int
	last       bool // cut from the end: rows come the other way round
	ahead      bool // one row more tells whether another page follows
	list       paging.List
	order      *ent.Column // nil: by id
	after      *input      // nil: from the beginning
	before     *input
	where      predicate
	counted    bool
	cursors    bool // of every row
	start, end bool // of the page
	id, value  int  // columns that cursors are made of
	count      int  // column of the total
}

// small is a plain list, of at most as many rows as the largest page, the oldest first.
func (c *compiler) small(l *level, e *entity, f graphql.CollectedField) error {
	if len(f.Arguments) > 0 {
		return unplanned("arguments of a list")
	}
	b := c.builder(l)
	base := b.source(e, nil)
	if err := b.object(&l.program, base, f.Selections); err != nil {
		return err
	}
	l.limit, l.direction = paging.MaxSize, paging.OrderDirectionAsc
	return b.finish(base)
}

// page reads the arguments of a connection and what is selected of it.
func (c *compiler) page(l *level, e *entity, f graphql.CollectedField) error {
	pg := &page{list: paging.List{Kind: e.name, Order: idColumn, Direction: paging.OrderDirectionDesc}}
	l.page = pg
	if err := c.bounds(pg, e, f); err != nil {
		return err
	}
	b := c.builder(l)
	base := b.source(e, nil)
	rows, err := b.selection(l, pg, base, f.Selections)
	if err != nil {
		return err
	}
	l.limit, l.direction, l.order = pg.size, pg.list.Direction, pg.order
	if pg.last {
		l.direction = l.direction.Reverse()
	}
	if pg.ahead {
		l.limit++
	}
	l.countOnly = !rows
	if pg.counted && l.parents != nil && !c.engine.postgres() {
		return unplanned("counts of each parent on SQLite")
	}
	return b.finish(base)
}

// bounds reads first, last, after, before, orderBy and where.
func (c *compiler) bounds(pg *page, e *entity, f graphql.CollectedField) error {
	var first, last *int
	for _, a := range f.Arguments {
		in := c.input(a.Value)
		if in.value == nil {
			continue
		}
		var err error
		switch a.Name {
		case "first":
			first, err = c.number(in)
		case "last":
			last, err = c.number(in)
		case "after":
			pg.after = &in
		case "before":
			pg.before = &in
		case "where":
			pg.where, err = c.filter(e, in)
		case "orderBy":
			err = c.ordered(pg, e, in)
		default:
			err = unplanned("argument " + a.Name)
		}
		if err != nil {
			return err
		}
	}
	first, last, err := paging.Bounds(first, last)
	if err != nil {
		return unplanned("page size")
	}
	if pg.last = last != nil; pg.last {
		pg.size = *last
	} else {
		pg.size = *first
	}
	return nil
}

func (c *compiler) number(in input) (*int, error) {
	n, err := readers["Int"](c.ctx, in.value)
	if err != nil {
		return nil, unplanned("page size")
	}
	i := n.(int)
	return &i, nil
}

func (c *compiler) ordered(pg *page, e *entity, in input) error {
	by, ok := in.value.(map[string]any)
	if !ok {
		return unplanned("order")
	}
	direction, given := by["direction"].(string)
	if _, there := by["direction"]; there && !given {
		return unplanned("order")
	}
	if !given {
		direction = string(paging.OrderDirectionAsc) // the schema's default
	}
	field, _ := by["field"].(string)
	column := e.orders[field]
	pg.list.Direction = paging.OrderDirection(direction)
	if column == nil || pg.list.Direction.Validate() != nil {
		return unplanned("order")
	}
	if column.Name != idColumn {
		pg.order = column
	}
	pg.list.Order = column.Name
	return nil
}

// selection reads what is asked of the connection, and says whether that takes rows.
func (b *builder) selection(l *level, pg *page, base *source, set ast.SelectionSet) (rows bool, err error) {
	fields, err := b.fields(set, []string{base.entity.name + "Connection"})
	if err != nil {
		return false, err
	}
	p, edges := &pg.program, 0
	p.text("{")
	for i, f := range fields {
		p.key(i, f.Alias)
		switch f.Name {
		case "__typename":
			p.text(`"` + base.entity.name + `Connection"`)
		case "totalCount":
			pg.counted = true
			*p = append(*p, step{op: opCount})
		case "pageInfo":
			rows = true
			if err := b.info(p, pg, f.Selections); err != nil {
				return false, err
			}
		case "edges":
			if rows = true; edges > 0 {
				return false, unplanned("edges under two names")
			}
			edges++
			*p = append(*p, step{op: opEdges})
			if err := b.edges(l, pg, base, f.Selections); err != nil {
				return false, err
			}
		default:
			return false, unplanned("field " + base.entity.name + "Connection." + f.Name)
		}
	}
	p.text("}")
	if pg.cursors || pg.start || pg.end {
		pg.id = b.column(base, idColumn, slotUUID)
		if pg.order != nil {
			pg.value = b.column(base, pg.order.Name, slotOf(pg.order.Type))
		}
	}
	return rows, nil
}

func (b *builder) info(p *program, pg *page, set ast.SelectionSet) error {
	fields, err := b.fields(set, []string{"PageInfo"})
	if err != nil {
		return err
	}
	p.text("{")
	for i, f := range fields {
		p.key(i, f.Alias)
		switch f.Name {
		case "__typename":
			p.text(`"PageInfo"`)
		case "hasNextPage":
			pg.ahead = pg.ahead || !pg.last
			*p = append(*p, step{op: opHasNext})
		case "hasPreviousPage":
			pg.ahead = pg.ahead || pg.last
			*p = append(*p, step{op: opHasPrevious})
		case "startCursor":
			pg.start = true
			*p = append(*p, step{op: opStart})
		case "endCursor":
			pg.end = true
			*p = append(*p, step{op: opEnd})
		default:
			return unplanned("field PageInfo." + f.Name)
		}
	}
	p.text("}")
	return nil
}

func (b *builder) edges(l *level, pg *page, base *source, set ast.SelectionSet) error {
	fields, err := b.fields(set, []string{base.entity.name + "Edge"})
	if err != nil {
		return err
	}
	p, nodes := &l.program, 0
	p.text("{")
	for i, f := range fields {
		p.key(i, f.Alias)
		switch f.Name {
		case "__typename":
			p.text(`"` + base.entity.name + `Edge"`)
		case "cursor":
			pg.cursors = true
			*p = append(*p, step{op: opCursor})
		case "node":
			if nodes++; nodes > 1 {
				return unplanned("edges with two nodes")
			}
			if err := b.object(p, base, f.Selections); err != nil {
				return err
			}
		default:
			return unplanned("field " + base.entity.name + "Edge." + f.Name)
		}
	}
	p.text("}")
	return nil
}

// beyond keeps the rows past the cursors, as the pages of the executor do.
func (pg *page) beyond(s *sql.Selector) {
	for _, bound := range []struct {
		at        *input
		direction paging.OrderDirection
	}{{pg.after, pg.list.Direction}, {pg.before, pg.list.Direction.Reverse()}} {
		if bound.at == nil {
			continue
		}
		in := *bound.at
		columns := []string{s.C(idColumn)}
		values := []any{&place{func(r *run) (any, error) { c, err := r.cursor(pg, in); return c.ID, err }}}
		if pg.order != nil {
			columns = []string{s.C(pg.order.Name), s.C(idColumn)}
			values = []any{&place{func(r *run) (any, error) { c, err := r.cursor(pg, in); return c.Value, err }}, values[0]}
		}
		if bound.direction == paging.OrderDirectionAsc {
			s.Where(sql.CompositeGT(columns, values...))
		} else {
			s.Where(sql.CompositeLT(columns, values...))
		}
	}
}

// cursor opens a cursor of the request, once. One of another list or another user is
// the executor's to refuse.
func (r *run) cursor(pg *page, in input) (paging.Cursor, error) {
	text := in.value
	if in.literal == nil {
		text = dig(r.variables[in.variable], in.path)
	}
	if s, ok := text.(string); ok && r.opened.text == s && s != "" && r.opened.list == pg.list {
		return r.opened.cursor, nil
	}
	var c paging.Cursor
	if err := c.UnmarshalGQLContext(r.ctx, text); err != nil {
		return c, err
	}
	if c.Check("", pg.list) != nil || (c.Value == nil) != (pg.order == nil) {
		return c, errDropped
	}
	if s, ok := text.(string); ok {
		r.opened.text, r.opened.list, r.opened.cursor = s, pg.list, c
	}
	return c, nil
}
