package compiled

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"clinicgraph/graph/scalar"
	"clinicgraph/internal/access"
)

// keyed is a rule key of its own.
func keyed(i int) access.RuleKey {
	v := &access.Viewer{UserID: uuid.NewSHA1(uuid.Nil, []byte{byte(i), byte(i >> 8), byte(i >> 16)})}
	v.Adopt(&access.Effective{})
	return v.RuleKey()
}

// TestTextsAreWrittenAsByTheExecutor draws any text, valid UTF-8 or not.
func TestTextsAreWrittenAsByTheExecutor(t *testing.T) {
	same := func(t interface{ Fatalf(string, ...any) }, s string) {
		var want bytes.Buffer
		graphql.MarshalString(s).MarshalGQL(&want)
		for _, v := range []any{s, []byte(s)} {
			if got, ok := encodeText(nil, v); !ok || string(got) != want.String() {
				t.Fatalf("%q is %s, not %s", s, got, want.String())
			}
		}
	}
	for c := range 256 {
		same(t, "a"+string([]byte{byte(c)})+"z")
	}
	rapid.Check(t, func(t *rapid.T) {
		same(t, rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text"))
	})
}

// TestTimesAreWrittenAsByTheExecutor draws times with any fraction and offset.
func TestTimesAreWrittenAsByTheExecutor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-62135596799, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 999999999).Draw(t, "nanos"))
		if zone := rapid.IntRange(-14*3600, 14*3600).Draw(t, "zone"); zone != 0 {
			at = at.In(time.FixedZone("", zone))
		}
		var want bytes.Buffer
		if err := scalar.MarshalTime(at).MarshalGQLContext(context.Background(), &want); err != nil {
			t.Fatal(err)
		}
		got, ok := encodeTime(nil, at)
		if !ok || string(got) != want.String() {
			t.Fatalf("%s, not %s", got, want.String())
		}
	})
}

// TestWhatDoesNotFitIsTheExecutors: a value that it would refuse, or write otherwise,
// is not written.
func TestWhatDoesNotFitIsTheExecutors(t *testing.T) {
	for name, c := range map[string]struct {
		encode encoder
		value  any
	}{
		"an Int of more than 32 bits": {encodeInt32, int64(1) << 31}, "a small one": {encodeInt32, -int64(1)<<31 - 1},
		"an Int64 that JSON does not carry": {encodeInt64, int64(scalar.MaxSafe) + 1}, "a small Int64": {encodeInt64, -int64(scalar.MaxSafe) - 1},
		"the zero time": {encodeTime, time.Time{}}, "a text for a time": {encodeTime, "2026-01-31"},
		"an enum with a quote": {encodeRaw, `A"B`}, "a short id": {encodeUUID, "abc"}, "a number for an id": {encodeUUID, int64(1)},
		"a text for a flag": {encodeBool, "true"}, "two for a flag": {encodeBool, int64(2)}, "a day of 25 hours": {encodeLocalTime, int64(1440)},
		"no object": {encodeMap, "[1]"}, "null for an object": {encodeMap, "null"}, "no list": {encodeTexts, `{"a":1}`}, "numbers": {encodeTexts, "[1]"},
	} {
		if got, ok := c.encode(nil, c.value); ok {
			t.Errorf("%s was written as %s", name, got)
		}
	}
	for name, c := range map[string]struct {
		encode encoder
		value  any
		want   string
	}{
		"the largest Int": {encodeInt32, int64(1)<<31 - 1, "2147483647"}, "the largest Int64": {encodeInt64, int64(scalar.MaxSafe), "9007199254740991"},
		"the last minute": {encodeLocalTime, int64(1439), `"23:59"`}, "midnight": {encodeLocalTime, int64(0), `"00:00"`},
		"an object": {encodeMap, `{"b":1,"a":"<"}`, "{\"a\":\"\\u003c\",\"b\":1}\n"}, "texts": {encodeTexts, `["a","\n"]`, `["a","\n"]`}, "none": {encodeTexts, `[]`, `[]`},
	} {
		if got, ok := c.encode(nil, c.value); !ok || string(got) != c.want {
			t.Errorf("%s is %s, %v; not %s", name, got, ok, c.want)
		}
	}
}
