package transport

import (
	"context"
	"sync"
	"time"
)

// ender is an open connection that lasts: a socket or an event stream.
type ender interface {
	leave() // ends it in good order
	cut()   // ends it at once
	ping()  // makes sure that somebody is there; it may take its time
}

// Streams are the open sockets and event streams of a server.
type Streams struct {
	mu      sync.Mutex
	open    map[ender]int // and in which second of the rhythm each is asked whether it is there
	next    int
	closing bool
	empty   chan struct{} // closed with the last of them
	quiet   chan struct{} // ends the pings; nil while there is nobody to ask
}

// pingSeconds is how often a connection is asked whether it is there. They take
// turns, so that ten thousand are not asked at once.
const pingSeconds = 25

// add takes a connection in, unless the server is stopping.
func (s *Streams) add(e ender) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	if len(s.open) == 0 {
		s.open, s.empty, s.quiet = map[ender]int{}, make(chan struct{}), make(chan struct{})
		go s.keep(s.quiet)
	}
	s.next = (s.next + 1) % pingSeconds
	s.open[e] = s.next
	return true
}

func (s *Streams) remove(e ender) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.open[e]; !there {
		return
	}
	if delete(s.open, e); len(s.open) == 0 {
		close(s.empty)
		close(s.quiet)
	}
}

// keep asks the connections in turn whether they are there.
func (s *Streams) keep(quiet chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for second := 0; ; second = (second + 1) % pingSeconds {
		select {
		case <-quiet:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		for e, turn := range s.open {
			if turn == second {
				go e.ping()
			}
		}
		s.mu.Unlock()
	}
}

// Stopping says whether new connections are refused.
func (s *Streams) Stopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// Close takes no more connections in and ends those that are open: sockets with
// the code 1001, so that clients connect elsewhere. What is still there when ctx
// ends is cut.
func (s *Streams) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	all := make([]ender, 0, len(s.open))
	for e := range s.open {
		all = append(all, e)
	}
	empty := s.empty
	s.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	for _, e := range all {
		e.leave()
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
	}
	for _, e := range all {
		go e.cut()
	}
	return ctx.Err()
}
