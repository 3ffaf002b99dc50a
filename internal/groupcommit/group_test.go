package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicgraph/internal/groupcommit"
)

var (
	errAway   = errors.New("the disk is away")
	errPoison = errors.New("poison")
)

// disk is what items are written to. It holds each write until it is let go, when it is
// told to.
type disk struct {
	mu       sync.Mutex
	writes   []string // in their order; those of one caller alone in brackets
	fails    func(items []string) error
	together chan struct{} // nil: at once
	alone    chan struct{}
}

func (d *disk) group() *groupcommit.Group[string] {
	write := func(items []string, form string, held chan struct{}) error {
		if held != nil {
			<-held
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.fails != nil {
			if err := d.fails(items); err != nil {
				return err
			}
		}
		d.writes = append(d.writes, fmt.Sprintf(form, strings.Join(items, " ")))
		return nil
	}
	return &groupcommit.Group[string]{
		Together: func(items []string) error { return write(items, "%s", d.together) },
		Alone:    func(items []string) error { return write(items, "[%s]", d.alone) },
		Size:     func(item string) int { return len(item) },
		Away:     func(err error) bool { return errors.Is(err, errAway) },
	}
}

// callers put items at once, one after the other joining, and collect what they are told.
type callers struct {
	group *groupcommit.Group[string]
	mu    sync.Mutex
	told  map[string]error
}

func (c *callers) put(ctx context.Context, items ...string) {
	go func() {
		err := c.group.Put(ctx, items)
		c.mu.Lock()
		defer c.mu.Unlock()
		if _, twice := c.told[items[0]]; twice {
			panic("told twice")
		}
		c.told[items[0]] = err
	}()
	synctest.Wait()
}

func (c *callers) want(t *testing.T, want map[string]error) {
	t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.told) != len(want) {
		t.Errorf("told %v, want %v", c.told, want)
	}
	for who, err := range want {
		if got, ok := c.told[who]; !ok || !errors.Is(got, err) {
			t.Errorf("%s was told %v, want %v", who, got, err)
		}
	}
}

func (d *disk) want(t *testing.T, want ...string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.writes, want) {
		t.Errorf("written %q, want %q", d.writes, want)
	}
}

// inBubble runs a story on a clock of its own, with a disk that holds what is written
// together.
func inBubble(t *testing.T, story func(t *testing.T, d *disk, c *callers)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{together: make(chan struct{})}
		c := &callers{group: d.group(), told: map[string]error{}}
		story(t, d, c)
		if err := c.group.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatComesDuringACommitGoesWithTheNext(t *testing.T) {
	inBubble(t, func(t *testing.T, d *disk, c *callers) {
		for _, items := range [][]string{{"a"}, {"b1", "b2"}, {"c"}, {"d"}} {
			c.put(t.Context(), items...)
		}
		c.want(t, nil) // nobody is told before
		d.together <- struct{}{}
		c.want(t, map[string]error{"a": nil})
		d.together <- struct{}{}
		c.want(t, map[string]error{"a": nil, "b1": nil, "c": nil, "d": nil})
		d.want(t, "a", "b1 b2 c d")
		close(d.together) // and where nobody else writes, nobody waits
		c.put(t.Context(), "e")
		c.want(t, map[string]error{"a": nil, "b1": nil, "c": nil, "d": nil, "e": nil})
		if err := c.group.Put(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

func TestPoisonIsTheFailureOfNobodyElse(t *testing.T) {
	inBubble(t, func(t *testing.T, d *disk, c *callers) {
		d.fails = func(items []string) error {
			if slices.Contains(items, "poison") {
				return errPoison
			}
			return nil
		}
		d.alone = make(chan struct{})
		for _, item := range []string{"a", "b", "poison", "c"} {
			c.put(t.Context(), item)
		}
		d.together <- struct{}{}
		d.together <- struct{}{}
		c.put(t.Context(), "d")
		d.together <- struct{}{} // others do not wait for what was taken apart
		c.want(t, map[string]error{"a": nil, "d": nil})
		close(d.alone)
		c.want(t, map[string]error{"a": nil, "b": nil, "c": nil, "d": nil, "poison": errPoison})
		slices.Sort(d.writes)
		d.want(t, "[b]", "[c]", "a", "d")
	})
}

func TestAnOutageIsToldAtOnce(t *testing.T) {
	for _, test := range []struct {
		name  string
		err   error
		takes time.Duration
		late  error // what those are told who came while the write was on its way
	}{
		{"gone", errAway, 0, nil},
		{"no connection in time", errAway, time.Second, nil},
		{"frozen", errAway, 4500 * time.Millisecond, errAway},
		{"slow", errPoison, 4 * time.Second, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, d *disk, c *callers) {
				d.fails = func(items []string) error {
					if slices.Contains(items, "b") {
						return test.err
					}
					return nil
				}
				for _, item := range []string{"a", "b", "c"} {
					c.put(t.Context(), item)
				}
				d.together <- struct{}{}
				synctest.Wait()
				c.put(t.Context(), "d")
				time.Sleep(test.takes) // of the bubble
				d.together <- struct{}{}
				written := []string{"a"}
				if test.late == nil {
					d.together <- struct{}{}
					written = append(written, "d")
				}
				c.want(t, map[string]error{"a": nil, "b": test.err, "c": test.err, "d": test.late})
				d.want(t, written...)
			})
		})
	}
}

func TestWhoGoesAwayIsWrittenAllTheSame(t *testing.T) {
	inBubble(t, func(t *testing.T, d *disk, c *callers) {
		why := errors.New("the client has gone")
		ctx, leave := context.WithCancelCause(t.Context())
		c.put(ctx, "a")
		c.put(ctx, "b")
		leave(why)
		c.want(t, map[string]error{"a": why, "b": why})
		c.put(ctx, "late")
		c.want(t, map[string]error{"a": why, "b": why, "late": why})
		close(d.together)
		synctest.Wait()
		d.want(t, "a", "b late")
	})
}

func TestCloseWaitsForWhatWasPut(t *testing.T) {
	inBubble(t, func(t *testing.T, d *disk, c *callers) {
		c.put(t.Context(), "a")
		c.put(t.Context(), "b")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.group.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closed while a write was on its way: %v", err)
		}
		closed := make(chan error)
		go func() { closed <- c.group.Close(t.Context()) }()
		synctest.Wait()
		c.put(t.Context(), "after") // alone, and at once
		c.want(t, map[string]error{"after": nil})
		close(d.together)
		if err := <-closed; err != nil {
			t.Error(err)
		}
		d.want(t, "[after]", "a", "b")
		c.want(t, map[string]error{"a": nil, "b": nil, "after": nil})
	})
}

func TestAPanicIsAnError(t *testing.T) {
	inBubble(t, func(t *testing.T, d *disk, c *callers) {
		close(d.together)
		d.fails = func(items []string) error {
			if slices.Contains(items, "bomb") {
				panic("boom")
			}
			return nil
		}
		if err := c.group.Put(t.Context(), []string{"bomb"}); err == nil || !strings.Contains(err.Error(), "boom") {
			t.Error(err)
		}
		if err := c.group.Put(t.Context(), []string{"a"}); err != nil {
			t.Error(err)
		}
	})
}

func TestBounds(t *testing.T) {
	inBubble(t, func(t *testing.T, d *disk, c *callers) {
		many := func(name string, n, size int) []string {
			items := slices.Repeat([]string{strings.Repeat("x", size)}, n)
			items[0] = name + items[0][len(name):]
			return items
		}
		told := map[string]error{}
		joins := func(n, size int, yes bool) {
			t.Helper()
			items := many(fmt.Sprintf("%04d", len(c.told)+1000*len(d.writes)), n, size)
			before := len(d.writes)
			c.put(t.Context(), items...)
			if wrote := len(d.writes) > before; wrote == yes {
				t.Errorf("%d items of %d bytes: written alone %v", n, size, wrote)
			}
			if !yes {
				told[items[0]] = nil
			}
		}
		c.put(t.Context(), "first") // and held
		joins(groupcommit.ItemsAtOnce+1, 10, false)
		joins(1, groupcommit.BytesAtOnce+1, false)
		for i := range 8 { // each as much as one write takes
			c.put(t.Context(), many(fmt.Sprintf("full-%d", i), groupcommit.ItemsAtOnce, 10)...)
		}
		joins(1, 10, false) // no room
		c.want(t, told)
		for range 9 {
			d.together <- struct{}{}
		}
		synctest.Wait()
		for i, n := range []int{groupcommit.ItemsAtOnce + 1, 1, 1, 1, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000} {
			if got := len(strings.Fields(d.writes[i])); got != n {
				t.Errorf("write %d has %d items, want %d", i, got, n)
			}
		}
	})
}

// TestNothingIsLostOrWrittenTwice has callers come as they like.
func TestNothingIsLostOrWrittenTwice(t *testing.T) {
	d := &disk{fails: func(items []string) error {
		if len(items) > 4 && strings.HasSuffix(items[0], "7") {
			return errPoison
		}
		return nil
	}}
	group, before := d.group(), sync.Map{}
	const callers, each = 50, 20
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for n := range each {
				item := fmt.Sprintf("%d.%d", caller, n)
				if err := group.Put(t.Context(), []string{item}); err != nil {
					t.Error(err)
				}
				before.Store(item, true)
			}
		})
	}
	all.Wait()
	seen, last := map[string]int{}, map[string]int{}
	for _, write := range d.writes {
		for _, item := range strings.Fields(strings.Trim(write, "[]")) {
			seen[item]++
			caller, n, _ := strings.Cut(item, ".")
			if fmt.Sprint(last[caller]) != n {
				t.Errorf("%s before %d of the same caller", item, last[caller])
			}
			last[caller]++
		}
	}
	for item, n := range seen {
		if n != 1 {
			t.Errorf("%s written %d times", item, n)
		}
	}
	if len(seen) != callers*each {
		t.Errorf("%d of %d written", len(seen), callers*each)
	}
	t.Logf("%d items in %d writes", len(seen), len(d.writes))
}
