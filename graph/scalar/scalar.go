// Package scalar owns how the graph's scalars are read and written: ids, numbers
// within their ranges, instants. It never knows an entity. What does not fit is
// a fault at the path of the argument.
package scalar

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"clinicgraph/internal/fault"
)

// MaxSafe is the largest Int64 either side of zero: what a JSON number carries
// exactly in every client.
const MaxSafe = 1<<53 - 1

// MarshalInt writes an Int: 32 bits by the specification. A value that does not
// fit is a defect and an error, never cut off.
func MarshalInt(v int) graphql.ContextMarshaler {
	return number(int64(v), math.MinInt32, math.MaxInt32, "Int")
}

// UnmarshalInt reads an Int of 32 bits.
func UnmarshalInt(ctx context.Context, v any) (int, error) {
	n, err := integer(ctx, v, math.MinInt32, math.MaxInt32)
	return int(n), err
}

// MarshalInt64 writes an Int64 as a JSON number.
func MarshalInt64(v int64) graphql.ContextMarshaler {
	return number(v, -MaxSafe, MaxSafe, "Int64")
}

// UnmarshalInt64 reads an Int64.
func UnmarshalInt64(ctx context.Context, v any) (int64, error) {
	return integer(ctx, v, -MaxSafe, MaxSafe)
}

func number(v, least, most int64, scalar string) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(_ context.Context, w io.Writer) error {
		if v < least || v > most {
			return fmt.Errorf("%d does not fit %s", v, scalar)
		}
		_, err := io.WriteString(w, strconv.FormatInt(v, 10))
		return err
	})
}

// integer reads a whole number in the forms that literals and JSON variables
// come in. Strings are none: a client that sends one has the type wrong.
func integer(ctx context.Context, v any, least, most int64) (int64, error) {
	var (
		n  int64
		ok bool
	)
	switch v := v.(type) {
	case int:
		n, ok = int64(v), true
	case int32:
		n, ok = int64(v), true
	case int64:
		n, ok = v, true
	case float64:
		// JSON without json.Number. Up to MaxSafe the conversion is exact.
		n, ok = int64(v), v == math.Trunc(v) && math.Abs(v) <= MaxSafe
	case json.Number:
		parsed, err := strconv.ParseInt(v.String(), 10, 64)
		n, ok = parsed, err == nil
	}
	if !ok || n < least || n > most {
		return 0, fault.Invalid(at(ctx), "This must be a whole number between %d and %d.", least, most)
	}
	return n, nil
}

// MarshalID writes an id.
func MarshalID(id uuid.UUID) graphql.ContextMarshaler {
	return text(id.String())
}

// UnmarshalID reads an id in the form that MarshalID writes, and no other: two
// spellings of one id would be two keys in a client's cache.
func UnmarshalID(ctx context.Context, v any) (uuid.UUID, error) {
	s, ok := v.(string)
	if ok {
		if id, err := uuid.Parse(s); err == nil && id.String() == s {
			return id, nil
		}
	}
	return uuid.Nil, fault.Invalid(at(ctx), "This is not an id.")
}

// MarshalTime writes an instant as RFC 3339 in UTC, in microseconds at most. The
// zero time, which no column holds, is null.
func MarshalTime(t time.Time) graphql.ContextMarshaler {
	if t.IsZero() {
		return graphql.ContextWriterFunc(func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "null")
			return err
		})
	}
	return text(t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano))
}

// UnmarshalTime reads RFC 3339 with any offset and gives UTC. Both databases keep
// microseconds; what is finer is dropped.
func UnmarshalTime(ctx context.Context, v any) (time.Time, error) {
	if s, ok := v.(string); ok {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err == nil && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 {
			return t.UTC().Truncate(time.Microsecond), nil
		}
	}
	return time.Time{}, fault.Invalid(at(ctx), "This must be a time as RFC 3339, such as 2026-01-31T09:30:00Z.")
}

// text writes a string that needs no escapes in JSON.
func text(s string) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `"`+s+`"`)
		return err
	})
}

// at is the path of the value that is being read, below its field: "first",
// "input.startsAt", "where.idIn.0".
func at(ctx context.Context) string {
	var path []string
	for p := graphql.GetPathContext(ctx); p != nil; p = p.Parent {
		switch {
		case p.Index != nil:
			path = append(path, strconv.Itoa(*p.Index))
		case p.Field != nil:
			path = append(path, *p.Field)
		}
	}
	slices.Reverse(path)
	return strings.Join(path, ".")
}
