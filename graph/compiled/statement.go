package compiled

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"clinicgraph/ent"
	"clinicgraph/internal/paging"
)

// level is one statement of a plan and what becomes of its rows: the object or page at
// a root, or what hangs on all rows of another level.
type level struct {
	text   string
	places []any
	width  int // columns

	program  program
	page     *page
	children []*level
	doors    [][]door // of each source, in the order of their bits

	id        *place        // the one object of this id
	parents   *ent.Relation // the edge that leads here; nil at a root
	repeats   bool          // one object may hang on several rows of the parents
	countOnly bool
	limit     int
	order     *ent.Column // nil: by id
	direction paging.OrderDirection
	key       int // column with the id of the parent, where there is one
	present   int // column that is NULL where there is no row but a count

	builder *builder // until the plan is made
}

// finish has the level's columns complete and its statement written.
func (b *builder) finish(base *source) error {
	l, pg := b.level, b.level.page
	if pg != nil && (l.countOnly && (pg.after != nil || pg.before != nil || !pg.counted)) {
		return unplanned("page of which nothing is asked")
	}
	base.need(idColumn)
	if l.order != nil {
		base.need(l.order.Name)
	}
	l.key, l.present = -1, -1
	if l.parents != nil {
		l.key = b.parentKey(base)
	}
	if pg != nil && pg.counted {
		n := `"c"."n"`
		if b.fenced() {
			n = `"t0"."c.n"`
		}
		pg.count = b.expression(n, slotInt)
		if !l.countOnly {
			l.present = b.column(base, idColumn, slotUUID)
		}
	}
	if len(b.read) == 0 {
		b.column(base, idColumn, slotUUID)
	}
	l.width = len(b.read)
	for _, s := range b.sources {
		l.doors = append(l.doors, s.doors)
	}
	l.builder = b
	return b.failed
}

// parentKey is the column by which rows find their parents.
func (b *builder) parentKey(base *source) int {
	switch {
	case b.fenced():
		return b.expression(`"t0"."p.id"`, slotUUID)
	case b.engine.postgres():
		return b.expression(`"p"."id"`, slotUUID)
	}
	return b.column(base, b.level.parents.Columns[0], slotUUID)
}

// fenced says whether the rows of all parents are found before anything is joined to
// them: PostgreSQL would else join to the few rows of each parent by itself, and read a
// small table whole as many times. No column of a table has a dot in its name.
func (b *builder) fenced() bool {
	return b.engine.postgres() && b.level.parents != nil && !b.level.countOnly && len(b.sources) > 1
}

// write makes the statement's text. Its arguments have the numbers after those before;
// keys is where the ids of the parents come from, as SQL.
func (b *builder) write(before []any, keys string) (text string, args []any, err error) {
	l, base := b.level, b.sources[0]
	args = before
	part := func(s *sql.Selector) string {
		s.SetTotal(len(args))
		text, more := s.Query()
		if err == nil {
			err = s.Err()
		}
		args = append(args, more...)
		return text
	}
	var from strings.Builder
	lateral := ""
	if l.parents != nil && b.engine.postgres() {
		from.WriteString(" FROM " + keys)
		lateral = "LATERAL "
	}
	if l.page != nil && l.page.counted {
		s := b.from(base.entity)
		s.Select("COUNT(*) AS \"n\"")
		b.narrow(s, l)
		if from.Len() > 0 {
			from.WriteString(" CROSS JOIN LATERAL (" + part(s) + `) AS "c"`)
		} else {
			from.WriteString(" FROM (" + part(s) + `) AS "c"`)
		}
	}
	if !l.countOnly {
		s := b.rows(base)
		switch {
		case from.Len() == 0:
			from.WriteString(" FROM (" + part(s) + `) AS "t0"`)
		case l.page != nil && l.page.counted:
			from.WriteString(" LEFT JOIN " + lateral + "(" + part(s) + `) AS "t0" ON TRUE`)
		default:
			from.WriteString(" CROSS JOIN " + lateral + "(" + part(s) + `) AS "t0"`)
		}
	}
	if b.fenced() {
		beside := `, "p"."id" AS "p.id"`
		if l.page != nil && l.page.counted {
			beside += `, "c"."n" AS "c.n"`
		}
		inner := from.String()
		from.Reset()
		from.WriteString(` FROM (SELECT "t0".*` + beside + inner + ` OFFSET 0) AS "t0"`)
	}
	for _, s := range b.sources[1:] {
		joined := b.from(s.entity)
		joined.Select(joined.Columns(s.columns...)...)
		b.rule(s.reached(), joined)
		fmt.Fprintf(&from, ` LEFT JOIN (%s) AS "%s" ON "%s"."%s" = "%s"."%s"`, part(joined), s.name, s.name, s.to, s.parent.name, s.from)
	}
	if b.numbered() {
		from.WriteString(` WHERE "t0"."row_number" <= ` + strconv.Itoa(l.limit))
	}
	if l.limit > 0 && !l.countOnly {
		from.WriteString(" ORDER BY " + b.orderOf(`"t0".`))
	}
	columns := make([]string, len(b.read))
	for i, r := range b.read {
		columns[i] = r.text
	}
	return "SELECT " + strings.Join(columns, ", ") + from.String(), args, err
}

var listOfOne = regexp.MustCompile(` IN \(\$(\d+)\)`)

// ofOne writes lists of one place as a comparison, by which PostgreSQL can follow the
// order of an index: of somebody who belongs to one unit the rows are those of a list.
func ofOne(text string) string { return listOfOne.ReplaceAllString(text, " = $$$1") }

// numbered says whether the rows of each parent are numbered: without LATERAL there is
// no other way to have so many of each.
func (b *builder) numbered() bool { return b.level.parents != nil && !b.engine.postgres() }

// rows selects the level's rows from their own table.
func (b *builder) rows(base *source) *sql.Selector {
	l := b.level
	s := b.from(base.entity)
	s.Select(s.Columns(base.columns...)...)
	b.narrow(s, l)
	if l.page != nil {
		l.page.beyond(s)
	}
	if b.numbered() {
		s.AppendSelectExprAs(sql.RowNumber().PartitionBy(s.C(l.parents.Columns[0])).
			OrderExpr(sql.ExprFunc(func(w *sql.Builder) { w.WriteString(b.orderOf("")) })), "row_number")
		return s
	}
	if l.limit > 0 || l.page != nil {
		term := sql.Asc
		if l.direction == paging.OrderDirectionDesc {
			term = sql.Desc
		}
		if l.order != nil {
			s.OrderBy(term(s.C(l.order.Name)))
		}
		s.OrderBy(term(s.C(idColumn)))
		s.Limit(l.limit)
	}
	return s
}

// narrow keeps the rows that the caller may see and asks for.
func (b *builder) narrow(s *sql.Selector, l *level) {
	b.rule(b.sources[0].reached(), s)
	if l.page != nil && l.page.where != nil {
		l.page.where(s)
	}
	if l.id != nil {
		s.Where(sql.EQ(s.C(idColumn), l.id))
	}
	if l.parents != nil {
		b.ofParents(s, l)
	}
}

// ofParents keeps the rows that the edge leads to.
func (b *builder) ofParents(s *sql.Selector, l *level) {
	if !b.engine.postgres() {
		keys := &place{func(r *run) (any, error) { return r.keys, nil }}
		s.Where(sql.P(func(w *sql.Builder) {
			w.Ident(s.C(l.parents.Columns[0])).WriteString(" IN (SELECT value FROM json_each(").Arg(keys).WriteString("))")
		}))
		return
	}
	if l.parents.Rel != sqlgraph.M2M {
		s.Where(sql.P(func(w *sql.Builder) { w.Ident(s.C(l.parents.Columns[0])).WriteString(` = "p"."id"`) }))
		return
	}
	owner, here := l.parents.Columns[0], l.parents.Columns[1]
	if l.parents.Inverse {
		owner, here = here, owner
	}
	between := sql.Dialect(b.engine.dialect).Table(l.parents.Table)
	s.Where(sql.P(func(w *sql.Builder) {
		w.Ident(s.C(idColumn)).WriteString(" IN (SELECT ").Ident(between.C(here)).WriteString(" FROM ").Ident(l.parents.Table).
			WriteString(" WHERE ").Ident(between.C(owner)).WriteString(` = "p"."id")`)
	}))
}

func (b *builder) orderOf(table string) string {
	l := b.level
	by := table + `"` + idColumn + `" ` + string(l.direction)
	if l.order != nil {
		by = table + `"` + l.order.Name + `" ` + string(l.direction) + ", " + by
	}
	return by
}

// postgres says whether this is the dialect of PostgreSQL.
func (e *Engine) postgres() bool { return e.dialect == dialect.Postgres }

// keysOfRequest is where the ids of the parents come from, as an argument.
const keysOfRequest = `unnest($1::uuid[]) AS "p"("id")`

// standalone writes the statements of a level and those below it, each on its own.
func (l *level) standalone() error {
	var before []any
	if l.parents != nil && l.builder.engine.postgres() {
		before = []any{&place{func(r *run) (any, error) { return r.keys, nil }}}
	}
	var err error
	if l.text, l.places, err = l.builder.write(before, keysOfRequest); err != nil {
		return err
	}
	l.text = ofOne(l.text)
	for _, child := range l.children {
		if err := child.standalone(); err != nil {
			return err
		}
	}
	return nil
}
