package compiled

import (
	"bytes"
	"context"

	"clinicgraph/internal/paging"
)

// object writes the one object of a level.
func (r *run) object(b []byte, a *answer) ([]byte, error) {
	if len(a.whole.rows) != 1 {
		return b, errDropped // not there, or not the caller's: the executor says so
	}
	return r.span(b, a, a.whole.rows[0])
}

// group writes the rows of one parent: as a list, or as a page.
func (r *run) group(b []byte, a *answer, g *group) ([]byte, error) {
	pg := a.level.page
	if pg == nil {
		return r.list(b, a, g, false)
	}
	var err error
	for i := range pg.program {
		switch s := &pg.program[i]; s.op {
		case opText:
			b = append(b, s.text...)
		case opEdges:
			b, err = r.list(b, a, g, pg.last)
		case opCount:
			b = appendCount(b, g.total)
		case opHasNext:
			b, _ = encodeBool(b, pg.before != nil || !pg.last && g.more)
		case opHasPrevious:
			b, _ = encodeBool(b, pg.after != nil || pg.last && g.more)
		case opStart:
			b, err = r.bound(b, g, pg.last)
		case opEnd:
			b, err = r.bound(b, g, !pg.last)
		}
		if err != nil {
			return b, err
		}
	}
	return b, nil
}

// bound writes the cursor of the first row that was read, or of the last.
func (r *run) bound(b []byte, g *group, last bool) ([]byte, error) {
	switch {
	case len(g.rows) == 0:
		return append(b, "null"...), nil
	case last:
		return sealed(r.ctx, &g.end, b)
	}
	return sealed(r.ctx, &g.start, b)
}

func (r *run) list(b []byte, a *answer, g *group, backwards bool) ([]byte, error) {
	b = append(b, '[')
	for i := range g.rows {
		if i > 0 {
			b = append(b, ',')
		}
		at := i
		if backwards {
			at = len(g.rows) - 1 - i
		}
		var err error
		if b, err = r.span(b, a, g.rows[at]); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// nobody is the group of a parent without rows.
var nobody = &group{}

// span writes one row with its holes filled.
func (r *run) span(b []byte, a *answer, s span) ([]byte, error) {
	r.sights = append(r.sights, a.sights[s.firstSight:s.lastSight]...)
	a.seen |= s.seen
	from := s.from
	for _, h := range a.holes[s.firstHole:s.lastHole] {
		b = append(b, a.text[from:h.at]...)
		from = h.at
		below := a.below[h.child]
		g := below.groups[h.key]
		if g == nil {
			g = nobody
		}
		var err error
		if b, err = r.group(b, below, g); err != nil {
			return b, err
		}
	}
	return append(b, a.text[from:s.to]...), nil
}

// sealed appends a cursor as the caller may have it.
func sealed(ctx context.Context, c *paging.Cursor, b []byte) ([]byte, error) {
	w := bytes.NewBuffer(b)
	err := c.MarshalGQLContext(ctx, w)
	return w.Bytes(), err
}

// uses notes by which permissions the objects of an answer were shown: what there was
// nothing of has asked nobody.
func (r *run) uses(a *answer) {
	for i, doors := range a.level.doors {
		if a.seen&(1<<i) != 0 {
			use(r.viewer, doors)
		}
	}
	for _, below := range a.below {
		r.uses(below)
	}
}
