// Package paging owns how lists are cut into pages: the size of a page, the
// order, the cursor that says where a page ends. Generated code and the graph
// use it alike. It never runs a query and knows no entity.
package paging

import (
	"entgo.io/ent/dialect/sql"

	"clinicgraph/internal/fault"
)

// The size of a page in rows, on every level of a document.
const (
	DefaultSize = 20
	MaxSize     = 100
)

// Info is the PageInfo of a connection.
type Info struct {
	HasNextPage     bool    `json:"hasNextPage"`
	HasPreviousPage bool    `json:"hasPreviousPage"`
	StartCursor     *Cursor `json:"startCursor"`
	EndCursor       *Cursor `json:"endCursor"`
}

// Bounds settles the size of a page: exactly one of the results is non-nil.
// Without a wish it is the first DefaultSize rows. Both at once, less than
// zero and more than MaxSize are faults of the argument.
func Bounds(first, last *int) (*int, *int, error) {
	switch {
	case first != nil && last != nil:
		return nil, nil, fault.Invalid("last", "Ask for `first` or for `last`, not for both.")
	case last != nil:
		return nil, last, within("last", *last)
	case first != nil:
		return first, nil, within("first", *first)
	default:
		size := DefaultSize
		return &size, nil, nil
	}
}

func within(arg string, n int) error {
	if n < 0 || n > MaxSize {
		return fault.Invalid(arg, "`%s` must be between 0 and %d.", arg, MaxSize)
	}
	return nil
}

// Limit gives the rows to fetch for settled bounds: one more than the page
// shows, so that no count is needed to know whether another page follows.
func Limit(first, last *int) int {
	if last != nil {
		return *last + 1
	}
	return *first + 1
}

// LimitPerRow keeps at most limit rows of each group with the same value of the
// column partitionBy, in the given order. It makes pages of nested lists: one
// page per parent in one statement.
func LimitPerRow(partitionBy string, limit int, orderBy ...sql.Querier) func(*sql.Selector) {
	return func(s *sql.Selector) {
		d := sql.Dialect(s.Dialect())
		s.SetDistinct(false)
		with := d.With("src_query").
			As(s.Clone()).
			With("limited_query").
			As(
				d.Select("*").
					AppendSelectExprAs(sql.RowNumber().PartitionBy(partitionBy).OrderExpr(orderBy...), "row_number").
					From(d.Table("src_query")),
			)
		t := d.Table("limited_query").As(s.TableName())
		*s = *d.Select(s.UnqualifiedColumns()...).
			From(t).
			Where(sql.LTE(t.C("row_number"), limit)).
			// Numbering rows does not order them. The order is the page's and not that
			// of the numbers: a row that several groups share is read once.
			OrderExpr(orderBy...).
			Prefix(with)
	}
}
