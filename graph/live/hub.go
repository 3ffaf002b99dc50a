// Package live turns the news of what changed into what each subscriber may see.
// It owns the streams that are open, reads each change again with the rights that
// the subscriber has at that moment, shares what equal subscribers read, and ends
// what has lost its right to go on. It never writes to a connection and never
// decides who may see what: the door and the row rules do.
package live

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/events"
	"clinicgraph/internal/fault"
)

const (
	// readers is how many changes are read again at once. Each needs a connection
	// to the database; requests need the rest of the pool.
	readers = 4
	// readTimeout bounds the reading of one change.
	readTimeout = 5 * time.Second
)

// Limits bound what is kept open. All are positive.
type Limits struct {
	Streams int // of this server
	PerUser int // of one user on this server
	Buffer  int // messages that wait for one subscriber
}

// Hub knows who is subscribed to what.
type Hub struct {
	Limits Limits
	// Renew reads again what a viewer's rights rest on. Errors: UNAUTHENTICATED
	// when session or account have ended.
	Renew func(context.Context, *access.Viewer) (*access.Viewer, error)
	Log   *slog.Logger

	count atomic.Uint64 // of events: what was read before one is not good after it
	crew  crew

	mu       sync.Mutex
	streams  int
	users    map[uuid.UUID]int // streams of each
	sessions map[uuid.UUID]*session
	groups   map[Key]*group
	topics   map[topic]map[*group]struct{}
}

// topic is what a group hears of: an entity, or one object of it.
type topic struct {
	entity string
	id     uuid.UUID // zero: all
}

// NewHub makes a hub without subscribers.
func NewHub(limits Limits, renew func(context.Context, *access.Viewer) (*access.Viewer, error), log *slog.Logger) *Hub {
	return &Hub{
		Limits: limits, Renew: renew, Log: log, crew: crew{size: readers},
		users: map[uuid.UUID]int{}, sessions: map[uuid.UUID]*session{},
		groups: map[Key]*group{}, topics: map[topic]map[*group]struct{}{},
	}
}

// Streams counts the open streams.
func (h *Hub) Streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.streams
}

// Subscriptions counts the operations that run on them.
func (h *Hub) Subscriptions() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.groups {
		n += len(g.members)
	}
	return n
}

// Listener is what the bus tells the hub.
func (h *Hub) Listener() events.Listener {
	return events.Listener{Changed: h.changed, Interrupted: h.recheckAll, Lost: h.lost}
}

// changed takes in one event. It does not wait.
func (h *Hub) changed(e events.Event) {
	now := h.count.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e.Entity {
	case ent.TypeUserSession, ent.TypeApiToken:
		if s := h.sessions[e.ID]; s != nil {
			s.recheck()
		}
	case ent.TypeUser:
		for _, s := range h.sessions {
			if s.user == e.ID {
				s.recheck()
			}
		}
	case ent.TypeUserRole, ent.TypeUserPermission, ent.TypeRole, ent.TypeRolePermission:
		for _, s := range h.sessions {
			s.recheck()
		}
	default:
		for _, t := range []topic{{entity: e.Entity}, {e.Entity, e.ID}} {
			for g := range h.topics[t] {
				if g.concerned(e) {
					g.add(change{e, now})
				}
			}
		}
	}
}

// recheckAll looks at the rights of everybody again.
func (h *Hub) recheckAll() {
	h.count.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sessions {
		s.recheck()
	}
}

var errMissed = fault.New(fault.CodeUnavailable, "Changes may have been missed. Please subscribe again, and read anew what you show.")

// lost ends every subscription: nobody knows what it has missed.
func (h *Hub) lost() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.groups {
		g.end(errMissed)
	}
}

// crew runs jobs in the order in which they come, size of them at once. It has
// no goroutine while there is nothing to do.
type crew struct {
	size int

	mu   sync.Mutex
	busy int
	jobs []func()
}

func (c *crew) do(job func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.jobs = append(c.jobs, job)
	if c.busy < c.size {
		c.busy++
		go c.work()
	}
}

func (c *crew) work() {
	for {
		c.mu.Lock()
		if len(c.jobs) == 0 {
			c.busy--
			c.jobs = nil
			c.mu.Unlock()
			return
		}
		job := c.jobs[0]
		c.jobs[0] = nil
		c.jobs = c.jobs[1:]
		c.mu.Unlock()
		job()
	}
}
