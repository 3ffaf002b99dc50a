package httpserver

import (
	"sync"
	"time"
)

// untilNext is how long refusals wait for each other at most. Within 50 ms they are
// to be answered.
const untilNext = 4 * time.Millisecond

// beat lets what is not urgent happen together, every few milliseconds. One thing
// done a hundred times in a row costs a processor much less than done in between
// others: its caches are warm, and whoever waits for the answers is woken once.
type beat struct {
	mu   sync.Mutex
	next chan struct{} // closed at the next one; nil: nobody waits
}

// wait returns with everybody else who waits now.
func (b *beat) wait() {
	b.mu.Lock()
	if b.next == nil {
		b.next = make(chan struct{})
		time.AfterFunc(untilNext, b.now)
	}
	next := b.next
	b.mu.Unlock()
	<-next
}

func (b *beat) now() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.next)
	b.next = nil
}
