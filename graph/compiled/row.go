package compiled

import (
	"errors"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"clinicgraph/internal/paging"
)

// read writes each row as text.
func (r *run) read(a *answer, rows *sql.Rows) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	s := scratchOf(a.level.width)
	defer s.release()
	for rows.Next() {
		if err := rows.Scan(s.into...); err != nil {
			return err
		}
		if err := r.row(a, s.cells); err != nil {
			return err
		}
	}
	return rows.Err()
}

// row finds the group of a row and writes it there.
func (r *run) row(a *answer, cells []cell) error {
	l, g := a.level, &a.whole
	if l.key >= 0 {
		key, ok := textual(cells[l.key].value)
		if !ok {
			return errDropped
		}
		if g = a.groups[key]; g == nil {
			if a.groups == nil {
				a.groups = map[string]*group{}
			}
			g = &group{}
			a.groups[key] = g
		}
	}
	if l.page != nil && l.page.counted {
		total, ok := cells[l.page.count].value.(int64)
		if !ok {
			return errDropped
		}
		g.total = total
	}
	if l.countOnly || l.present >= 0 && cells[l.present].value == nil {
		return nil
	}
	if l.page != nil {
		if len(g.rows) == l.page.size {
			g.more = true
			return nil
		}
		if err := l.page.mark(g, cells); err != nil {
			return err
		}
	}
	return r.steps(a, g, cells)
}

// mark notes the cursors that the page needs of the row.
func (pg *page) mark(g *group, cells []cell) error {
	first := len(g.rows) == 0
	if !pg.cursors && !pg.start && !pg.end {
		return nil
	}
	id, ok := subject(cells[pg.id].value)
	if !ok {
		return errDropped
	}
	var value any
	if pg.order != nil {
		if value = cells[pg.value].value; value == nil {
			return errDropped
		}
		if b, is := value.([]byte); is {
			value = string(b)
		}
	}
	g.end = paging.NewCursor(pg.list, id, value)
	if first {
		g.start = g.end
	}
	return nil
}

// steps writes one row.
func (r *run) steps(a *answer, g *group, cells []cell) error {
	b := a.text
	made := span{from: len(b), firstHole: len(a.holes), firstSight: len(a.sights), seen: 1}
	program := a.level.program
	for i := 0; i < len(program); i++ {
		s := &program[i]
		if s.op == opText {
			b = append(b, s.text...)
			continue
		}
		if s.op == opCursor {
			text, err := sealed(r.ctx, &g.end, b)
			if err != nil {
				return err
			}
			b = text
			continue
		}
		v := cells[s.column].value
		ok := true
		switch {
		case s.op == opObject && v != nil:
			made.seen |= s.bit
		case s.op == opObject && s.null != nil:
			b = append(b, s.null...)
			i = s.jump
		case s.op == opValue && v != nil:
			b, ok = s.encode(b, v)
		case s.op == opValue && s.null != nil:
			b = append(b, s.null...)
		case s.op == opMoney:
			b, ok = encodeMoney(b, v, cells[s.child].value)
		case s.op == opShown && v != nil:
			ok = a.see(s.child, v, made.firstSight)
		case s.op == opHole && v != nil:
			var key string
			key, ok = textual(v)
			a.holes = append(a.holes, hole{len(b), s.child, key})
		default:
			ok = false
		}
		if !ok {
			a.text = b
			return errDropped
		}
	}
	made.to, made.lastHole, made.lastSight = len(b), len(a.holes), len(a.sights)
	a.text = b
	g.rows = append(g.rows, made)
	return nil
}

// sight is whose personal fields are shown, and which.
type sight struct {
	whose  uuid.UUID
	fields uint64
}

// see notes that the row shows the personal field with that bit. It is told when the
// answer is complete, and of rows that are in it: a plan that is dropped has shown
// nothing, and neither has a row that only says whether there is another page.
func (a *answer) see(bit int, id any, first int) bool {
	whose, ok := subject(id)
	if !ok {
		return false
	}
	if n := len(a.sights); n == first || a.sights[n-1].whose != whose {
		a.sights = append(a.sights, sight{whose: whose})
	}
	a.sights[len(a.sights)-1].fields |= 1 << bit
	return true
}
