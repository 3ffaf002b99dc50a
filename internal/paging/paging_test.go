package paging_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/paging"
)

func key(t interface{ Fatal(...any) }, secret string) *paging.Key {
	k, err := paging.NewKey([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const secret = "a secret of some length"

func TestBounds(t *testing.T) {
	n := func(n int) *int { return &n }
	for _, c := range []struct {
		name                string
		first, last         *int
		wantFirst, wantLast *int
		faultAt             string
	}{
		{"nothing asked for is twenty", nil, nil, n(20), nil, ""},
		{"none is a size", n(0), nil, n(0), nil, ""},
		{"a hundred is the most", n(100), nil, n(100), nil, ""},
		{"a hundred from the end", nil, n(100), nil, n(100), ""},
		{"one more is refused", n(101), nil, nil, nil, "first"},
		{"one more from the end is refused", nil, n(101), nil, nil, "last"},
		{"less than none is refused", n(-1), nil, nil, nil, "first"},
		{"less than none from the end is refused", nil, n(-1), nil, nil, "last"},
		{"both ends are refused", n(1), n(1), nil, nil, "last"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, last, err := paging.Bounds(c.first, c.last)
			if c.faultAt != "" {
				if f, ok := fault.As(err); !ok || f.Code != fault.CodeBadUserInput || f.Fields[0].Path != c.faultAt {
					t.Fatalf("want a fault at %s, got %v", c.faultAt, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]*int{c.wantFirst, c.wantLast}, []*int{first, last}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// cursors draws any cursor that a list can have.
func cursors() *rapid.Generator[paging.Cursor] {
	return rapid.Custom(func(t *rapid.T) paging.Cursor {
		list := paging.List{
			Kind:      rapid.StringMatching(`[A-Z][A-Za-z]{0,20}`).Draw(t, "kind"),
			Order:     rapid.StringMatching(`[a-z_]{1,20}`).Draw(t, "order"),
			Direction: rapid.SampledFrom([]paging.OrderDirection{paging.OrderDirectionAsc, paging.OrderDirectionDesc}).Draw(t, "direction"),
		}
		var value any
		switch rapid.IntRange(0, 5).Draw(t, "type") {
		case 1:
			value = rapid.String().Draw(t, "string")
		case 2:
			value = rapid.Int64().Draw(t, "int")
		case 3:
			value = rapid.Bool().Draw(t, "bool")
		case 4:
			value = uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
		case 5:
			value = time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 999999999).Draw(t, "nanos"))
		}
		return paging.NewCursor(list, uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")), value)
	})
}

func TestSeal(t *testing.T) {
	k := key(t, secret)
	t.Run("what is sealed opens to the same", rapid.MakeCheck(func(t *rapid.T) {
		c := cursors().Draw(t, "cursor")
		sealed, err := k.Seal(c)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := k.Open(sealed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, opened); diff != "" {
			t.Fatal(diff)
		}
	}))
	t.Run("one changed letter opens nothing", rapid.MakeCheck(func(t *rapid.T) {
		sealed, err := k.Seal(cursors().Draw(t, "cursor"))
		if err != nil {
			t.Fatal(err)
		}
		i := rapid.IntRange(0, len(sealed)-1).Draw(t, "place")
		letter := rapid.SampledFrom([]byte("ABCDabcd0123-_")).
			Filter(func(l byte) bool { return l != sealed[i] }).Draw(t, "letter")
		changed := sealed[:i] + string(letter) + sealed[i+1:]
		if c, err := k.Open(changed); err == nil {
			t.Fatalf("opened %v", c)
		}
	}))
	t.Run("any text opens nothing and does no harm", rapid.MakeCheck(func(t *rapid.T) {
		if c, err := k.Open(rapid.String().Draw(t, "text")); err == nil {
			t.Fatalf("opened %v", c)
		}
	}))
	t.Run("another key opens nothing", func(t *testing.T) {
		sealed, err := k.Seal(paging.NewCursor(paging.List{Kind: "Booking"}, uuid.Nil, nil))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := key(t, "another secret, as long").Open(sealed); err == nil {
			t.Fatal("opened")
		}
	})
	t.Run("it shows no value", func(t *testing.T) {
		sealed, err := k.Seal(paging.NewCursor(paging.List{Kind: "User", Order: "name"}, uuid.Nil, "canary"))
		if err != nil || strings.Contains(sealed, "canary") || strings.Contains(sealed, "Y2FuYXJ5") {
			t.Fatal(sealed, err)
		}
	})
	t.Run("a value that no list is ordered by is an error", func(t *testing.T) {
		if _, err := k.Seal(paging.NewCursor(paging.List{}, uuid.Nil, 1.5)); err == nil {
			t.Fatal("sealed a float")
		}
	})
	t.Run("a short secret is refused", func(t *testing.T) {
		if _, err := paging.NewKey([]byte("short")); err == nil {
			t.Fatal("taken")
		}
	})
}

func TestCursor(t *testing.T) {
	ctx := paging.WithKey(context.Background(), key(t, secret))
	list := paging.List{Kind: "Booking", Order: "starts_at", Direction: paging.OrderDirectionDesc}
	sent := func(l paging.List) string {
		var b bytes.Buffer
		if err := paging.NewCursor(l, uuid.Max, "x").MarshalGQLContext(ctx, &b); err != nil {
			t.Fatal(err)
		}
		return strings.Trim(b.String(), `"`)
	}
	came := func(s string) *paging.Cursor {
		var c paging.Cursor
		if err := c.UnmarshalGQLContext(ctx, s); err != nil {
			t.Fatal(err)
		}
		return &c
	}
	t.Run("it belongs to its list", func(t *testing.T) {
		if err := came(sent(list)).Check("after", list); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("none belongs everywhere", func(t *testing.T) {
		if err := (*paging.Cursor)(nil).Check("after", list); err != nil {
			t.Fatal(err)
		}
	})
	for name, s := range map[string]string{
		"of another entity":    sent(paging.List{Kind: "Order", Order: list.Order, Direction: list.Direction}),
		"of another column":    sent(paging.List{Kind: list.Kind, Order: "ends_at", Direction: list.Direction}),
		"of another direction": sent(paging.List{Kind: list.Kind, Order: list.Order, Direction: paging.OrderDirectionAsc}),
		"of nobody":            "AAAA",
		"that is empty":        "",
	} {
		t.Run("one "+name+" is a fault of the argument", func(t *testing.T) {
			f, ok := fault.As(came(s).Check("before", list))
			if !ok || f.Code != fault.CodeBadUserInput || f.Fields[0].Path != "before" {
				t.Fatal(f)
			}
		})
	}
	t.Run("of two that are at fault the first is named, each time", func(t *testing.T) {
		for range 50 {
			f, ok := fault.As(paging.CheckBoth(came("AAAA"), came("AAAA"), list))
			if !ok || f.Fields[0].Path != "after" {
				t.Fatal(f)
			}
		}
		if f, ok := fault.As(paging.CheckBoth(nil, came("AAAA"), list)); !ok || f.Fields[0].Path != "before" {
			t.Fatal(f)
		}
		if err := paging.CheckBoth(came(sent(list)), nil, list); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("without a key it is neither read nor written", func(t *testing.T) {
		var c paging.Cursor
		if err := c.UnmarshalGQLContext(context.Background(), sent(list)); err == nil {
			t.Error("read")
		}
		if err := c.MarshalGQLContext(context.Background(), &bytes.Buffer{}); err == nil {
			t.Error("written")
		}
	})
	t.Run("named types are reduced", func(t *testing.T) {
		type status string
		if got := paging.NewCursor(list, uuid.Nil, status("PENDING")).Value; fmt.Sprintf("%T", got) != "string" {
			t.Errorf("%T", got)
		}
	})
}
