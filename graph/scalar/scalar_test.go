package scalar_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"clinicgraph/graph/scalar"
	"clinicgraph/internal/fault"
)

var ctx = context.Background()

// written gives what is sent for a value.
func written(t interface{ Fatal(...any) }, m graphql.ContextMarshaler) string {
	var b bytes.Buffer
	if err := m.MarshalGQLContext(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func refuses(t *testing.T, err error) {
	t.Helper()
	if f, ok := fault.As(err); !ok || f.Code != fault.CodeBadUserInput {
		t.Errorf("want a fault of the input, got %v", err)
	}
}

func TestNumbers(t *testing.T) {
	t.Run("an Int has 32 bits, both ways", func(t *testing.T) {
		for _, n := range []int64{math.MinInt32, -1, 0, math.MaxInt32} {
			if got, err := scalar.UnmarshalInt(ctx, n); err != nil || int64(got) != n {
				t.Error(n, got, err)
			}
		}
		for _, n := range []int64{math.MinInt32 - 1, math.MaxInt32 + 1, 1 << 40} {
			_, err := scalar.UnmarshalInt(ctx, n)
			refuses(t, err)
			if err := scalar.MarshalInt(int(n)).MarshalGQLContext(ctx, &bytes.Buffer{}); err == nil {
				t.Errorf("%d was written as an Int", n)
			}
		}
	})
	t.Run("an Int64 is what JSON carries exactly", func(t *testing.T) {
		for _, n := range []int64{-scalar.MaxSafe, 0, scalar.MaxSafe} {
			if got := written(t, scalar.MarshalInt64(n)); got != string(must(json.Marshal(n))) {
				t.Error(got)
			}
		}
		for _, n := range []int64{scalar.MaxSafe + 1, -scalar.MaxSafe - 1, math.MaxInt64, math.MinInt64} {
			_, err := scalar.UnmarshalInt64(ctx, n)
			refuses(t, err)
			if err := scalar.MarshalInt64(n).MarshalGQLContext(ctx, &bytes.Buffer{}); err == nil {
				t.Errorf("%d was written as an Int64", n)
			}
		}
	})
	t.Run("what is no whole number is refused", func(t *testing.T) {
		for _, v := range []any{"1", 1.5, math.NaN(), math.Inf(1), true, nil, json.Number("1.0"), json.Number("1e3"), json.Number("99999999999999999999"), []any{1}} {
			_, err := scalar.UnmarshalInt64(ctx, v)
			refuses(t, err)
		}
	})
	t.Run("every form of a number is read", func(t *testing.T) {
		for _, v := range []any{7, int32(7), int64(7), 7.0, json.Number("7")} {
			if got, err := scalar.UnmarshalInt64(ctx, v); err != nil || got != 7 {
				t.Errorf("%T: %d, %v", v, got, err)
			}
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestID(t *testing.T) {
	id := uuid.MustParse("01890a5d-ac96-8abc-8def-0123456789ab")
	if got := written(t, scalar.MarshalID(id)); got != `"`+id.String()+`"` {
		t.Error(got)
	}
	if got, err := scalar.UnmarshalID(ctx, id.String()); err != nil || got != id {
		t.Error(got, err)
	}
	for _, v := range []any{"", "x", "01890A5D-AC96-8ABC-8DEF-0123456789AB", "{01890a5d-ac96-8abc-8def-0123456789ab}", "01890a5dac968abc8def0123456789ab", 1, nil} {
		_, err := scalar.UnmarshalID(ctx, v)
		refuses(t, err)
	}
}

func TestTime(t *testing.T) {
	t.Run("an instant survives, in UTC and microseconds", rapid.MakeCheck(func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-62135596799, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 999999999).Draw(t, "nanos"))
		var s string
		if err := json.Unmarshal([]byte(written(t, scalar.MarshalTime(at))), &s); err != nil {
			t.Fatal(err)
		}
		got, err := scalar.UnmarshalTime(ctx, s)
		if err != nil || !got.Equal(at.Truncate(time.Microsecond)) || got.Location() != time.UTC {
			t.Fatal(at, s, got, err)
		}
	}))
	t.Run("any offset is read", func(t *testing.T) {
		got, err := scalar.UnmarshalTime(ctx, "2026-03-29T02:30:00.123456789+02:00")
		if want := time.Date(2026, 3, 29, 0, 30, 0, 123456000, time.UTC); err != nil || !got.Equal(want) {
			t.Fatal(got, err)
		}
	})
	t.Run("what is no instant is refused", func(t *testing.T) {
		for _, v := range []any{"", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+23:00", 1767225600, nil} {
			_, err := scalar.UnmarshalTime(ctx, v)
			refuses(t, err)
		}
	})
	t.Run("the zero time is null", func(t *testing.T) {
		if got := written(t, scalar.MarshalTime(time.Time{})); got != "null" {
			t.Error(got)
		}
	})
}

func TestFaultsNameTheArgument(t *testing.T) {
	at := graphql.WithPathContext(ctx, graphql.NewPathWithField("where"))
	at = graphql.WithPathContext(at, graphql.NewPathWithField("idIn"))
	at = graphql.WithPathContext(at, graphql.NewPathWithIndex(2))
	_, err := scalar.UnmarshalID(at, "x")
	if f, ok := fault.As(err); !ok || f.Fields[0].Path != "where.idIn.2" {
		t.Fatal(err)
	}
}
