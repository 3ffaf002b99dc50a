package compiled

import (
	"context"
	"errors"
	"sync"

	"entgo.io/ent/dialect/sql"

	"clinicgraph/internal/access"
	"clinicgraph/internal/paging"
)

// errDropped hands a request that a plan has begun to the executor.
var errDropped = errors.New("compiled: not as the plan expects")

// run is one request at work on a plan.
type run struct {
	ctx       context.Context
	engine    *Engine
	viewer    *access.Viewer
	variables map[string]any
	rulings   []*ruling
	keys      any // ids of the parents of the level at hand
	sights    []sight

	opened struct { // the cursor that was opened last
		text   string
		list   paging.List
		cursor paging.Cursor
	}
}

// cell takes a value of the driver as it is.
type cell struct{ value any }

// Scan implements sql.Scanner. A []byte is good until the next row, and written by then.
func (c *cell) Scan(value any) error { c.value = value; return nil }

// answer is what a level has come to: the rows as text, in groups by parent.
type answer struct {
	level  *level
	text   []byte
	holes  []hole
	sights []sight
	whole  group
	groups map[string]*group
	below  []*answer
	seen   uint64 // sources of which an object was written
	args   []any
}

// hole is where the text of a row goes on with what another level has.
type hole struct {
	at, child int
	key       string
}

// span is one row: its text, its holes, whose personal fields are in it, and of which
// sources there was an object. Not every row that is read is written.
type span struct {
	from, to, firstHole, lastHole, firstSight, lastSight int
	seen                                                 uint64
}

// group is the rows of one parent.
type group struct {
	rows       []span
	more       bool // there is a row beyond the page
	total      int64
	start, end paging.Cursor
}

// scratch is what reading the rows of a statement takes, kept for others.
type scratch struct {
	cells []cell
	into  []any
}

var scratches = sync.Pool{New: func() any { return &scratch{} }}

func scratchOf(width int) *scratch {
	s := scratches.Get().(*scratch)
	if cap(s.cells) < width {
		s.cells, s.into = make([]cell, width), make([]any, width)
		for i := range s.cells {
			s.into[i] = &s.cells[i]
		}
	}
	s.cells, s.into = s.cells[:width], s.into[:width]
	return s
}

func (s *scratch) release() {
	for i := range s.cells {
		s.cells[i].value = nil
	}
	scratches.Put(s)
}

var answers = sync.Pool{New: func() any { return &answer{} }}

func answerOf(l *level) *answer {
	a := answers.Get().(*answer)
	*a = answer{level: l, text: a.text[:0], holes: a.holes[:0], sights: a.sights[:0], args: a.args[:0], whole: group{rows: a.whole.rows[:0]}}
	return a
}

// mostKept bounds the text that an answer keeps for others.
const mostKept = 256 << 10

func (a *answer) release() {
	for _, below := range a.below {
		below.release()
	}
	clear(a.args)
	if cap(a.text) > mostKept {
		a.text = nil
	}
	clear(a.holes[:cap(a.holes)])
	a.groups, a.below = nil, nil
	answers.Put(a)
}

// query sends a statement with the values of the request in their places.
func (r *run) query(text string, places []any, args []any) (*sql.Rows, []any, error) {
	for _, p := range places {
		here, ok := p.(*place)
		if !ok {
			args = append(args, p)
			continue
		}
		v, err := here.value(r)
		if err != nil {
			return nil, args, err
		}
		args = append(args, v)
	}
	rows := &sql.Rows{}
	return rows, args, r.engine.db.Query(r.ctx, text, args, rows)
}

// level runs the statement of a level, and then those of the levels below for all
// its rows at once.
func (r *run) level(l *level, keys any) (*answer, error) {
	a := answerOf(l)
	r.keys = keys
	rows, args, err := r.query(l.text, l.places, a.args)
	a.args = args
	if err == nil {
		err = r.read(a, rows)
	}
	if err != nil {
		a.release()
		return nil, err
	}
	for i, child := range l.children {
		keys, some := a.keysFor(i, r.engine.postgres())
		if !some {
			a.below = append(a.below, answerOf(child))
			continue
		}
		below, err := r.level(child, keys)
		if err != nil {
			a.release()
			return nil, err
		}
		a.below = append(a.below, below)
	}
	return a, nil
}

// check looks at what the levels below will be asked with before anything runs: the
// executor refuses a bad argument whether or not there is a row that it is for.
func (r *run) check(l *level) error {
	for _, child := range l.children {
		for _, p := range child.places {
			if here, ok := p.(*place); ok {
				if _, err := here.value(r); err != nil {
					return err
				}
			}
		}
		if err := r.check(child); err != nil {
			return err
		}
	}
	return nil
}

// keysFor gives the ids that a level below has rows of, as one argument.
func (a *answer) keysFor(child int, postgres bool) (keys any, some bool) {
	var seen map[string]bool
	if a.level.children[child].repeats {
		seen = map[string]bool{}
	}
	open, quote, shut := byte('['), `"`, byte(']')
	if postgres {
		open, quote, shut = '{', "", '}'
	}
	list := []byte{open}
	for _, h := range a.holes {
		if h.child != child || seen[h.key] {
			continue
		}
		if seen != nil {
			seen[h.key] = true
		}
		if some {
			list = append(list, ',')
		}
		list = append(append(append(list, quote...), h.key...), quote...)
		some = true
	}
	return string(append(list, shut)), some
}
