package store

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// TestStmtCache_is_a_list_by_last_use compares the cache with a plain slice,
// newest first.
func TestStmtCache_is_a_list_by_last_use(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 4).Draw(t, "limit")
		cache := newStmtCache(limit)
		var model []string
		texts := rapid.SliceOf(rapid.IntRange(0, 6)).Draw(t, "texts")
		for i, n := range texts {
			text := strconv.Itoa(n)
			found := cache.get(text)
			at := slices.Index(model, text)
			if (found != nil) != (at >= 0) {
				t.Fatalf("get(%s) found it: %t, model: %t", text, found != nil, at >= 0)
			}
			switch {
			case at >= 0 && i%5 == 4:
				cache.remove(found)
				model = slices.Delete(model, at, at+1)
			case at >= 0:
				model = slices.Insert(slices.Delete(model, at, at+1), 0, text)
			default:
				_, evicted := cache.put(text, nil)
				if (evicted != nil) != (len(model) == limit) {
					t.Fatalf("put(%s) evicted %v with %d of %d", text, evicted, len(model), limit)
				}
				if evicted != nil {
					if last := model[limit-1]; evicted.text != last {
						t.Fatalf("evicted %s, want %s", evicted.text, last)
					}
					model = model[:limit-1]
				}
				model = slices.Insert(model, 0, text)
			}
			if diff := cmp.Diff(model, cache.texts(), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("after %s:\n%s", text, diff)
			}
		}
	})
}

// texts walks the ring both ways.
func (c *stmtCache) texts() []string {
	var forward, back []string
	for s := c.newest.next; s != &c.newest; s = s.next {
		forward = append(forward, s.text)
	}
	for s := c.newest.prev; s != &c.newest; s = s.prev {
		back = append(back, s.text)
	}
	slices.Reverse(back)
	if !slices.Equal(forward, back) || len(forward) != len(c.byText) {
		return []string{"the ring is broken"}
	}
	return forward
}
