package compiled

import (
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"
)

// chain is all levels below a root as one statement, so that a document is one round
// trip: each level is a table of the WITH clause that the next ones take their parents
// from, and the rows of all come one level after the other. Columns of one kind share
// places. PostgreSQL appends in the order that is written, and reads these tables once
// and in the order in which they were made, since they are MATERIALIZED and since
// such scans are not made in parallel.
type chain struct {
	text    string
	places  []any
	levels  []*level
	parents []int // of each level, its number; -1 of the first
	width   int
}

// Longer statements, or with more arguments, are not kept prepared (package store).
const (
	longestChain   = 8 << 10
	mostChainPlace = 50
)

// casts are the types under which columns share places.
var casts = map[slot]string{
	slotUUID: "uuid", slotText: "text", slotInt: "bigint", slotBool: "boolean", slotTime: "timestamptz", slotJSON: "text",
}

// link makes the chain of a root; nil where there is nothing to join, or too much.
func (c *compiler) link(top *level) (*chain, error) {
	if !c.engine.postgres() || len(top.children) == 0 {
		return nil, nil
	}
	ch := &chain{}
	var tables []string
	var add func(l *level, parent int, keys string) error
	add = func(l *level, parent int, keys string) error {
		at := len(ch.levels)
		ch.levels, ch.parents = append(ch.levels, l), append(ch.parents, parent)
		text, args, err := l.builder.write(ch.places, keys)
		if err != nil {
			return err
		}
		ch.places = args
		names := make([]string, l.width)
		for i := range names {
			names[i] = fmt.Sprintf(`"c%d"`, i)
		}
		tables = append(tables, fmt.Sprintf(`"l%d"(%s) AS MATERIALIZED (%s)`, at, strings.Join(names, ", "), text))
		for i, child := range l.children {
			id := fmt.Sprintf(`"l%d"."c%d"`, at, l.holeOf(i))
			distinct := ""
			if child.repeats {
				distinct = "DISTINCT "
			}
			keys := fmt.Sprintf(`(SELECT %s%s AS "id" FROM "l%d" WHERE %s IS NOT NULL) AS "p"`, distinct, id, at, id)
			if err := add(child, at, keys); err != nil {
				return err
			}
		}
		return nil
	}
	if err := add(top, -1, ""); err != nil {
		return nil, err
	}
	selects, moves := ch.shared()
	ch.text = ofOne("WITH " + strings.Join(tables, ", ") + " " + strings.Join(selects, " UNION ALL "))
	if len(ch.text) > longestChain || len(ch.places) > mostChainPlace {
		return nil, nil
	}
	for i, l := range ch.levels {
		l.move(moves[i])
	}
	return ch, nil
}

// shared gives each column of each level its place, and the selects that put it there.
// The first place is the number of the level.
func (ch *chain) shared() (selects []string, moves [][]int) {
	var kinds []slot // of the places behind the first
	for _, l := range ch.levels {
		taken := map[slot]int{} // how many places of a kind the level has taken
		move := make([]int, l.width)
		for i, column := range l.builder.read {
			place, skip := -1, taken[column.kind]
			for at, kind := range kinds {
				if kind == column.kind {
					if skip == 0 {
						place = at
						break
					}
					skip--
				}
			}
			if place < 0 {
				place = len(kinds)
				kinds = append(kinds, column.kind)
			}
			taken[column.kind]++
			move[i] = place + 1
		}
		moves = append(moves, move)
	}
	ch.width = len(kinds) + 1
	for at := range ch.levels {
		columns := make([]string, len(kinds))
		for i, kind := range kinds {
			columns[i] = "NULL::" + casts[kind]
		}
		for i, place := range moves[at] {
			columns[place-1] = fmt.Sprintf(`"l%d"."c%d"::%s`, at, i, casts[kinds[place-1]])
		}
		selects = append(selects, fmt.Sprintf(`SELECT %d, %s FROM "l%d"`, at, strings.Join(columns, ", "), at))
	}
	return selects, moves
}

// holeOf is the column by whose ids the child hangs on the level.
func (l *level) holeOf(child int) int {
	for _, s := range l.program {
		if s.op == opHole && s.child == child {
			return s.column
		}
	}
	panic("compiled: a level that nothing leads to")
}

// move has the level find its columns where the chain has them.
func (l *level) move(to []int) {
	for i := range l.program {
		s := &l.program[i]
		switch s.op {
		case opValue, opObject, opShown, opHole:
			s.column = to[s.column]
		case opMoney:
			s.column, s.child = to[s.column], to[s.child]
		}
	}
	if pg := l.page; pg != nil {
		if pg.cursors || pg.start || pg.end {
			pg.id = to[pg.id]
			if pg.order != nil {
				pg.value = to[pg.value]
			}
		}
		if pg.counted {
			pg.count = to[pg.count]
		}
	}
	if l.key >= 0 {
		l.key = to[l.key]
	}
	if l.present >= 0 {
		l.present = to[l.present]
	}
}

// chain runs the one statement and hands each row to its level.
func (r *run) chain(ch *chain) (*answer, error) {
	all := make([]*answer, len(ch.levels))
	for i, l := range ch.levels {
		all[i] = answerOf(l)
		if parent := ch.parents[i]; parent >= 0 {
			all[parent].below = append(all[parent].below, all[i])
		}
	}
	top := all[0]
	rows, args, err := r.query(ch.text, ch.places, top.args)
	top.args = args
	if err == nil {
		err = r.deal(all, ch.width, rows)
	}
	if err != nil {
		top.release()
		return nil, err
	}
	return top, nil
}

func (r *run) deal(all []*answer, width int, rows *sql.Rows) (err error) {
	defer func() {
		if shut := rows.Close(); err == nil {
			err = shut
		}
	}()
	s := scratchOf(width)
	defer s.release()
	for rows.Next() {
		if err := rows.Scan(s.into...); err != nil {
			return err
		}
		at, ok := s.cells[0].value.(int64)
		if !ok || at < 0 || int(at) >= len(all) {
			return errDropped
		}
		if err := r.row(all[at], s.cells); err != nil {
			return err
		}
	}
	return rows.Err()
}
