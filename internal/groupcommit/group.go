// Package groupcommit owns how writes that come at once share one commit: while one is
// on its way, those of other callers gather, and all of them go with the next (DeWitt
// et al., "Implementation Techniques for Main Memory Database Systems", 1984). There is
// no clock in it: where nobody else writes, nobody waits for company. It never knows
// what is written, and tells nobody that it is lasting before it is.
package groupcommit

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Bounds of what one write takes, and of what waits for the next. What does not fit is
// written by its caller.
const (
	ItemsAtOnce  = 1000
	BytesAtOnce  = 1 << 20
	waitingItems = 8 * ItemsAtOnce
	waitingBytes = 8 * BytesAtOnce
)

// secondTry is how long after its beginning a write that failed may still be taken
// apart. Who has waited longer is told.
const secondTry = 2 * time.Second

// Group writes items of many callers. Its fields are set before it is used, and it is
// not copied.
type Group[T any] struct {
	// Together writes items of several callers, at most ItemsAtOnce of BytesAtOnce, all
	// or none. Alone writes those of one, however many. Both have timeouts of their own,
	// and Alone does no harm where Together has written the same and could not say so.
	Together, Alone func([]T) error

	// Size is about how many bytes an item takes.
	Size func(T) int

	// Away says of an error that nothing can be written at the moment, whatever it is.
	Away func(error) bool

	mu      sync.Mutex
	waiting []*entry[T]
	items   int // that wait
	bytes   int
	ahead   int // items on their way
	writing bool
	closed  bool
	work    sync.WaitGroup // the writer, and what was taken apart
}

// entry is what one caller has written.
type entry[T any] struct {
	items []T
	bytes int
	done  chan error // takes one, once the items are lasting or will not be
}

// Put has the items written, all or none, and returns nil once they are lasting. When
// ctx ends before, it gives the cause of that; the items are written all the same, if
// they can be.
func (g *Group[T]) Put(ctx context.Context, items []T) error {
	if len(items) == 0 {
		return nil
	}
	e := &entry[T]{items: items, done: make(chan error, 1)}
	for _, item := range items {
		e.bytes += g.Size(item)
	}
	joined, first := g.join(e)
	if !joined {
		return attempt(g.Alone, items)
	}
	if first {
		go g.write()
	}
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for the commit: %w", context.Cause(ctx))
	}
}

// Close waits until all that was put is written, as long as ctx lasts. Whoever comes
// later writes alone.
func (g *Group[T]) Close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	done := make(chan struct{})
	go func() { g.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the last commit: %w", ctx.Err())
	}
}

// Waiting is how many items are on their way, and how many wait for the next write.
func (g *Group[T]) Waiting() (ahead, behind int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ahead, g.items
}

// join has the entry written with others, and says whether it will be; first says that
// nobody writes at the moment, so that the caller begins.
func (g *Group[T]) join(e *entry[T]) (joined, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || len(e.items) > ItemsAtOnce || e.bytes > BytesAtOnce ||
		g.items+len(e.items) > waitingItems || g.bytes+e.bytes > waitingBytes {
		return false, false
	}
	g.waiting, g.items, g.bytes = append(g.waiting, e), g.items+len(e.items), g.bytes+e.bytes
	if first = !g.writing; first {
		g.writing = true
		g.work.Add(1)
	}
	return true, first
}

// next takes the oldest of what waits, as much as one write takes. Nothing is the end
// of the writer.
func (g *Group[T]) next() []*entry[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, items, bytes := 0, 0, 0
	for _, e := range g.waiting {
		if items+len(e.items) > ItemsAtOnce || bytes+e.bytes > BytesAtOnce {
			break
		}
		n, items, bytes = n+1, items+len(e.items), bytes+e.bytes
	}
	batch := g.waiting[:n:n]
	g.waiting, g.items, g.bytes = g.waiting[n:], g.items-items, g.bytes-bytes
	g.writing, g.ahead = n > 0, items
	return batch
}

// rest takes all that waits.
func (g *Group[T]) rest() []*entry[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := g.waiting
	g.waiting, g.items, g.bytes = nil, 0, 0
	return all
}

// write writes until nothing waits.
func (g *Group[T]) write() {
	defer g.work.Done()
	for batch := g.next(); len(batch) > 0; batch = g.next() {
		g.together(batch)
	}
}

// together writes the entries in one go. When that fails, each is written alone, while
// the next go is on its way: what is wrong with one is the failure of nobody else. Not
// so when nothing can be written, or the time is up.
func (g *Group[T]) together(batch []*entry[T]) {
	items := batch[0].items
	if len(batch) > 1 {
		items = nil
		for _, e := range batch {
			items = append(items, e.items...)
		}
	}
	began := time.Now()
	err := attempt(g.Together, items)
	late, away := time.Since(began) > secondTry, err != nil && g.Away(err)
	switch {
	case err == nil, late && !away, away && !late:
		tell(batch, err)
	case away: // those who have come meanwhile would wait as long once more
		tell(append(batch, g.rest()...), err)
	default:
		for _, e := range batch {
			g.work.Go(func() { e.done <- attempt(g.Alone, e.items) })
		}
	}
}

func tell[T any](batch []*entry[T], err error) {
	for _, e := range batch {
		e.done <- err
	}
}

// attempt makes an error of a panic: on a goroutine that is nobody's it would end the
// program.
func attempt[T any](write func([]T) error, items []T) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return write(items)
}
