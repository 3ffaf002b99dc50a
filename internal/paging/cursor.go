package paging

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strconv"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/fault"
)

// List names an ordered list: what its cursors belong to. A cursor of another
// entity, column or direction is none of this list.
type List struct {
	Kind      string // ent type name
	Order     string // column
	Direction OrderDirection
}

// Cursor is a place in a list: the row's id and, unless the list is ordered by
// id, the value it is ordered by. Clients get it sealed and can read nothing of
// it.
type Cursor struct {
	List  List
	ID    uuid.UUID
	Value any // nil, string, int64, bool, uuid.UUID or time.Time
}

// NewCursor makes the cursor of a row. The value of an order column is a string,
// an integer, a boolean, an id or a time, or a named type of one of these; a
// cursor with another value cannot be sent.
func NewCursor(list List, id uuid.UUID, value any) Cursor {
	return Cursor{List: list, ID: id, Value: normal(value)}
}

// normal reduces a value to the types that a cursor carries.
func normal(v any) any {
	switch v := v.(type) {
	case nil, uuid.UUID:
		return v
	case time.Time:
		return v.UTC()
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.String:
		return r.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int()
	case reflect.Bool:
		return r.Bool()
	default:
		return v
	}
}

// Check refuses a cursor that does not belong to the list; arg is the argument
// that it came in by. A nil cursor belongs everywhere.
func (c *Cursor) Check(arg string, list List) error {
	if c == nil || c.List == list {
		return nil
	}
	return fault.Invalid(arg, "This cursor does not belong to this list.")
}

// CheckBoth checks the cursors of a list's two ends. Of two that do not belong to it
// the first is named, so that the same request has the same answer.
func CheckBoth(after, before *Cursor, list List) error {
	if err := after.Check("after", list); err != nil {
		return err
	}
	return before.Check("before", list)
}

// MarshalGQLContext seals the cursor with the key in the context.
func (c Cursor) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	key, ok := keyFrom(ctx)
	if !ok {
		return errNoKey
	}
	sealed, err := key.Seal(c)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, strconv.Quote(sealed))
	return err
}

// UnmarshalGQLContext opens a cursor with the key in the context. What was not
// sealed here is let through and refused by Check, which knows the argument's
// name.
func (c *Cursor) UnmarshalGQLContext(ctx context.Context, v any) error {
	key, ok := keyFrom(ctx)
	if !ok {
		return errNoKey
	}
	s, _ := v.(string)
	opened, err := key.Open(s)
	if err != nil {
		opened = Cursor{} // of no list
	}
	*c = opened
	return nil
}

var errNoKey = errors.New("no cursor key in the context")
