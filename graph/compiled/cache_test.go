package compiled

import (
	"strconv"
	"strings"
	"testing"
)

// TestDocumentsAreBounded: what is used longest ago goes first, at the bound and not
// before.
func TestDocumentsAreBounded(t *testing.T) {
	const each = 1000 + documentOverhead
	c := newDocumentCache(3 * each)
	key := func(i int) documentKey { return documentKey{text: strings.Repeat(strconv.Itoa(i), 1000)} }
	reads := 0
	get := func(i int) *heldDocument { return c.get(key(i), func() *document { reads++; return &document{} }) }
	for i := range 3 {
		get(i)
	}
	get(0) // now 1 is the one that was used longest ago
	if n, bytes := c.size(); n != 3 || bytes != 3*each || reads != 3 {
		t.Fatalf("%d documents of %d bytes after %d reads", n, bytes, reads)
	}
	get(3)
	if n, bytes := c.size(); n != 3 || bytes != 3*each {
		t.Fatalf("one more is %d documents of %d bytes", n, bytes)
	}
	if get(0); reads != 4 {
		t.Error("the one that was used had to go")
	}
	if get(1); reads != 5 {
		t.Error("the one that was not used was kept")
	}
	t.Run("plans count", func(t *testing.T) {
		c.grown(get(1), 2*each)
		if n, bytes := c.size(); n != 1 || bytes != 3*each {
			t.Errorf("%d documents of %d bytes", n, bytes)
		}
	})
	t.Run("what has gone does not count", func(t *testing.T) {
		gone := get(1)
		get(2)
		get(3)
		get(4)
		_, before := c.size()
		c.grown(gone, each)
		if _, after := c.size(); after != before {
			t.Errorf("%d bytes, then %d", before, after)
		}
	})
}

// TestFormsAreBounded: a document that comes in ever new forms keeps as many as it may.
func TestFormsAreBounded(t *testing.T) {
	var c formCache
	first, _ := c.get([]byte("0"))
	first.bytes = 7
	for i := 1; i < mostForms; i++ {
		if _, freed := c.get(strconv.AppendInt(nil, int64(i), 10)); freed != 0 {
			t.Fatalf("form %d of %d made others go", i+1, mostForms)
		}
	}
	if again, _ := c.get([]byte("0")); again != first {
		t.Error("a form within the bound was made anew")
	}
	if _, freed := c.get([]byte("one more")); freed != 7 || len(c.forms) != 1 {
		t.Errorf("one more freed %d bytes and left %d forms", freed, len(c.forms))
	}
}

// TestCallersAreBounded looks at what a form remembers of who asks.
func TestCallersAreBounded(t *testing.T) {
	f := &form{callers: map[caller]*bound{}}
	for i := range mostCallers + 1 {
		f.remember(caller{deleted: i%2 == 0}, &bound{})
	}
	if len(f.callers) != 2 {
		t.Errorf("%d callers of two", len(f.callers))
	}
	for i := range 2 * mostCallers {
		if len(f.callers) > mostCallers {
			t.Fatalf("%d callers", len(f.callers))
		}
		f.callers[caller{RuleKey: keyed(i)}] = &bound{}
		f.remember(caller{RuleKey: keyed(-1 - i)}, &bound{})
	}
}
