package paging

import (
	"fmt"
	"io"
	"strconv"

	"entgo.io/ent/dialect/sql"

	"clinicgraph/internal/fault"
)

// OrderDirection is the direction of a list.
type OrderDirection string

// The two directions, spelled as in the graph and in SQL.
const (
	OrderDirectionAsc  OrderDirection = "ASC"
	OrderDirectionDesc OrderDirection = "DESC"
)

// Validate refuses what is no direction.
func (o OrderDirection) Validate() error {
	if o != OrderDirectionAsc && o != OrderDirectionDesc {
		return fault.Invalid("orderBy.direction", "The direction is ASC or DESC.")
	}
	return nil
}

func (o OrderDirection) String() string { return string(o) }

// OrderTermOption is the direction as ent's builders take it.
func (o OrderDirection) OrderTermOption() sql.OrderTermOption {
	if o == OrderDirectionAsc {
		return sql.OrderAsc()
	}
	return sql.OrderDesc()
}

// Reverse gives the other direction.
func (o OrderDirection) Reverse() OrderDirection {
	if o == OrderDirectionDesc {
		return OrderDirectionAsc
	}
	return OrderDirectionDesc
}

// MarshalGQL writes the value of the enum OrderDirection.
func (o OrderDirection) MarshalGQL(w io.Writer) {
	_, _ = io.WriteString(w, strconv.Quote(o.String()))
}

// UnmarshalGQL reads the value of the enum OrderDirection.
func (o *OrderDirection) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("order direction is a %T, not a string", v)
	}
	*o = OrderDirection(s)
	return o.Validate()
}

// CursorsPredicate keeps the rows after the one cursor and before the other in a
// list of the given direction, whichever end the page is cut from. Either cursor
// may be nil; both have passed Check.
func CursorsPredicate(after, before *Cursor, idField, field string, direction OrderDirection) []func(*sql.Selector) {
	var predicates []func(*sql.Selector)
	for _, bound := range []struct {
		cursor    *Cursor
		direction OrderDirection
	}{{after, direction}, {before, direction.Reverse()}} {
		if bound.cursor == nil {
			continue
		}
		predicates = append(predicates, beyond(bound.cursor, idField, field, bound.direction))
	}
	return predicates
}

// beyond keeps the rows past the cursor.
func beyond(c *Cursor, idField, field string, direction OrderDirection) func(*sql.Selector) {
	columns, values := []string{idField}, []any{c.ID}
	if c.Value != nil {
		columns, values = []string{field, idField}, []any{c.Value, c.ID}
	}
	return func(s *sql.Selector) {
		qualified := make([]string, len(columns))
		for i, column := range columns {
			qualified[i] = s.C(column)
		}
		if direction == OrderDirectionAsc {
			s.Where(sql.CompositeGT(qualified, values...))
		} else {
			s.Where(sql.CompositeLT(qualified, values...))
		}
	}
}
