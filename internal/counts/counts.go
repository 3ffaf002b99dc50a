// Package counts owns how many bookings there are of each unit, status and day: what
// long lists are counted by. Triggers of the database keep the numbers, in the
// transaction of each change (see the migration booking_counts). The package asks them
// where they answer exactly what was asked, puts them together, and finds out whether
// they are right. It never estimates.
package counts

import (
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"
)

// fewest whole days are worth it: fewer are counted as fast in the index.
const fewest = 3

// How a count of bookings begins: one that is a statement, as ent writes it, and one
// inside of another, as the plans of reads have it, with what ends it.
var (
	alone  = [2]string{`SELECT COUNT("bookings"."id") FROM "bookings" WHERE `, "SELECT COUNT(`bookings`.`id`) FROM `bookings` WHERE "}
	inside = [2]string{`FROM (SELECT COUNT(*) AS "n" FROM "bookings" WHERE `, "FROM (SELECT COUNT(*) AS \"n\" FROM `bookings` WHERE "}
)

const ending = `) AS "c"`

// Faster gives a statement that finds the same as one that counts bookings, and its
// arguments: whole days by their numbers, and what is left over at either end booking
// by booking, all in one snapshot. A statement that it does not know through and through
// it gives back as it is. It is asked before each statement that only reads.
func Faster(database string) func(query string, args []any) (string, []any) {
	numbered, i := database == dialect.Postgres, 0
	if !numbered {
		i = 1
	}
	return func(query string, args []any) (string, []any) {
		if where, ok := strings.CutPrefix(query, alone[i]); ok {
			if s, used := byDays(where, args, numbered); s != nil && used == len(args) {
				return s.text.String(), s.args
			}
			return query, args
		}
		before, rest, ok := strings.Cut(query, inside[i])
		if !ok || strings.ContainsAny(query, "'") || strings.ContainsAny(before, "?$") {
			return query, args
		}
		where, after, ok := strings.Cut(rest, ending)
		if !ok {
			return query, args
		}
		s, used := byDays(where, args, numbered)
		if s == nil {
			return query, args
		}
		text := before + "FROM (" + s.text.String() + " AS n" + ending + shifted(after, len(s.args)-used)
		return text, append(s.args, args[used:]...)
	}
}

// shifted counts the placeholders of a text from another number on.
func shifted(text string, by int) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "$")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		end := 0
		for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
			end++
		}
		n, _ := strconv.Atoi(rest[:end])
		b.WriteString("$" + itoa(n+by))
		text = rest[end:]
	}
}

// byDays writes the count anew, and says how many arguments the condition has; nil where
// it is not known, or not worth it.
func byDays(where string, args []any, numbered bool) (*statement, int) {
	q, used, ok := read(where, args)
	if !ok {
		return nil, 0
	}
	first, last := q.days()
	if !first.IsZero() && !last.IsZero() && last.Sub(first) < fewest*day {
		return nil, 0
	}
	s := &statement{places: numbered}
	s.text.WriteString("SELECT CAST((SELECT coalesce(sum(n), 0) FROM booking_counts")
	s.byDays(q, first, last)
	s.text.WriteByte(')')
	if !first.IsZero() && (q.fromOpen || !first.Equal(q.from)) {
		s.rest(q, "<", first)
	}
	if !last.IsZero() && (q.toShut || !last.Equal(q.to)) {
		s.rest(q, ">=", last)
	}
	s.text.WriteString(" AS bigint)")
	return s, used
}

const day = 24 * time.Hour

// days gives the first whole day and the one after the last, both in UTC; zero where
// there is no end.
func (q question) days() (first, last time.Time) {
	if !q.from.IsZero() {
		first = q.from.UTC().Truncate(day)
		if q.fromOpen || first.Before(q.from) {
			first = first.Add(day)
		}
	}
	if !q.to.IsZero() {
		last = q.to.UTC().Truncate(day)
	}
	return first, last
}

// statement is what is being written.
type statement struct {
	text   strings.Builder
	args   []any
	places bool // numbered
}

func (s *statement) argument(v any) {
	s.args = append(s.args, v)
	if !s.places {
		s.text.WriteByte('?')
		return
	}
	s.text.WriteString("$" + itoa(len(s.args)))
}

// byDays narrows the numbers of days to what was asked.
func (s *statement) byDays(q question, first, last time.Time) {
	word := " WHERE "
	term := func(text string) {
		s.text.WriteString(word + text)
		word = " AND "
	}
	if !first.IsZero() {
		term("day >= ")
		s.argument(first.Format(time.DateOnly))
	}
	if !last.IsZero() {
		term("day < ")
		s.argument(last.Format(time.DateOnly))
	}
	if q.noUnit {
		term("unit_id IS NULL")
	}
	for _, column := range []struct {
		name   string
		values []any
	}{{"status", q.states}, {"unit_id", q.units}} {
		if column.values == nil {
			continue
		}
		if column.name == "unit_id" && q.unitArray {
			term("unit_id = ANY(")
			s.argument(column.values[0])
			s.text.WriteByte(')')
			continue
		}
		term(column.name + " IN (")
		for i, v := range column.values {
			if i > 0 {
				s.text.WriteString(", ")
			}
			s.argument(v)
		}
		s.text.WriteByte(')')
	}
}

// rest counts the bookings at one end, as they were asked for. Of two bounds on a column
// SQLite goes by the first: the end comes before what was asked.
func (s *statement) rest(q question, bound string, end time.Time) {
	s.text.WriteString(" + (SELECT count(*) FROM bookings WHERE bookings.starts_at " + bound + " ")
	s.argument(end)
	s.text.WriteString(" AND (")
	where := q.where
	for _, arg := range q.args {
		at := strings.IndexAny(where, "?$")
		s.text.WriteString(where[:at])
		s.argument(arg)
		where = strings.TrimLeft(where[at+1:], "0123456789")
	}
	s.text.WriteString(where + "))")
}

func itoa(n int) string { return strconv.Itoa(n) }
