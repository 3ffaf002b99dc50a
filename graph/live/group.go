package live

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/google/uuid"

	"clinicgraph/internal/access"
	"clinicgraph/internal/events"
	"clinicgraph/internal/fault"
)

// Nothing is what a Source's Read gives where the subscriber is told nothing.
var Nothing = errors.New("live: nothing to tell")

// maxWaiting is how many objects of a group wait to be read again. A group that
// falls behind further ends: it would tell of things long past.
const maxWaiting = 1000

// Key names equal subscriptions: of one session, and with the same document,
// operation and variables.
type Key [32]byte

// Source says what a subscription tells of.
type Source[T any] struct {
	Entity string
	ID     uuid.UUID // zero: all objects of the entity
	Key    Key
	// Door says whether the viewer in the context may still subscribe.
	Door func(context.Context) error
	// Read gives what is told after an event, for the viewer in the context, or
	// Nothing. Several subscribers read what it gives at once.
	Read func(context.Context, events.Event) (T, error)
}

// change is an event and its number.
type change struct {
	events.Event
	count uint64
}

// group are equal subscriptions of one session: each change is read once for all
// of them, one change after the other.
type group struct {
	hub     *Hub
	key     Key
	topic   topic
	session *session
	ctx     context.Context // of the first of them, without its end
	door    func(context.Context) error
	read    func(context.Context, events.Event) (any, error)

	// Under the hub's lock.
	members map[*member]struct{}
	waiting map[uuid.UUID]change // by object
	order   []uuid.UUID          // in which they wait
	running bool
}

// member is one subscription of a group.
type member struct {
	*operation
	give func(any) bool // false: its buffer is full
}

// Subscribe gives the channel on which values for the operation of ctx arrive
// until ctx ends. The channel is never closed.
func Subscribe[T any](ctx context.Context, h *Hub, s Source[T]) (<-chan T, error) {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		return nil, errors.New("live: a subscription outside of a stream")
	}
	values := make(chan T, h.Limits.Buffer)
	m := &member{op, func(v any) bool {
		select {
		case values <- v.(T):
			return true
		default:
			return false
		}
	}}
	read := func(ctx context.Context, e events.Event) (any, error) { return s.Read(ctx, e) }
	g := h.join(m, s.Key, topic{s.Entity, s.ID}, &group{
		hub: h, key: s.Key, topic: topic{s.Entity, s.ID}, session: op.stream.session,
		ctx: context.WithoutCancel(ctx), door: s.Door, read: read, members: map[*member]struct{}{},
	})
	context.AfterFunc(ctx, func() { g.leave(m) })
	return values, nil
}

// join adds a member to its group, which is made when there is none.
func (h *Hub) join(m *member, key Key, t topic, made *group) *group {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.groups[key]
	if g == nil {
		g = made
		h.groups[key] = g
		if h.topics[t] == nil {
			h.topics[t] = map[*group]struct{}{}
		}
		h.topics[t][g] = struct{}{}
		g.session.groups[g] = struct{}{}
	}
	g.members[m] = struct{}{}
	return g
}

// leave takes a member out, and the group away with its last one.
func (g *group) leave(m *member) {
	h := g.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(g.members, m)
	if len(g.members) > 0 || h.groups[g.key] != g {
		return
	}
	delete(h.groups, g.key)
	delete(g.session.groups, g)
	g.session.tidy()
	if delete(h.topics[g.topic], g); len(h.topics[g.topic]) == 0 {
		delete(h.topics, g.topic)
	}
}

// concerned is false where an event is for another user alone: there would be
// nothing to read. Whoever a session belongs to, it stays theirs, so this cannot
// be out of date as what a session may see can.
func (g *group) concerned(e events.Event) bool {
	return e.For == uuid.Nil || e.For == g.session.user
}

// add has a change read again. An object that waits already is read once, as it
// is then. The hub is locked.
func (g *group) add(c change) {
	if _, waits := g.waiting[c.ID]; !waits {
		if len(g.order) == maxWaiting {
			g.waiting, g.order = nil, nil
			g.end(errMissed)
			return
		}
		g.order = append(g.order, c.ID)
	}
	if g.waiting == nil {
		g.waiting = map[uuid.UUID]change{}
	}
	g.waiting[c.ID] = c
	if !g.running {
		g.running = true
		g.hub.crew.do(g.work)
	}
}

// end ends the subscriptions of the group. The hub is locked.
func (g *group) end(err error) {
	for m := range g.members {
		m.cancel(err)
	}
}

// work tells one change, and comes again for the next: other groups wait, too.
func (g *group) work() {
	g.hub.mu.Lock()
	if len(g.order) == 0 || len(g.members) == 0 {
		g.waiting, g.order, g.running = nil, nil, false
		g.hub.mu.Unlock()
		return
	}
	c := g.waiting[g.order[0]]
	delete(g.waiting, g.order[0])
	g.order = g.order[1:]
	g.hub.mu.Unlock()
	g.tell(c)
	g.hub.crew.do(g.work)
}

// tell reads a change again and hands it to the members.
func (g *group) tell(c change) {
	ctx, cancel := context.WithTimeout(g.ctx, readTimeout)
	defer cancel()
	v, err := g.session.fresh(ctx, c.count)
	if err != nil {
		g.session.fail([]*group{g}, err)
		return
	}
	ctx = access.NewContext(ctx, v)
	if err = g.door(ctx); err == nil {
		var value any
		if value, err = safely(g.hub, ctx, func() (any, error) { return g.read(ctx, c.Event) }); err == nil {
			g.hand(value)
			return
		}
	}
	if errors.Is(err, Nothing) {
		return
	}
	g.hub.mu.Lock()
	defer g.hub.mu.Unlock()
	g.end(err)
}

// safely is f; a panic in it is an error like any other defect.
func safely[T any](h *Hub, ctx context.Context, f func() (T, error)) (value T, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			h.Log.ErrorContext(ctx, "panic", "request_id", access.RequestOf(ctx).ID, "panic", thrown, "stack", string(debug.Stack()))
			err = fault.Wrap(fault.CodeInternal, fmt.Errorf("panic: %v", thrown), "Something went wrong on our side. Please report the request id.")
		}
	}()
	return f()
}

// hand gives a value to every member. Who has no room for it does not read: its
// stream ends.
func (g *group) hand(value any) {
	g.hub.mu.Lock()
	defer g.hub.mu.Unlock()
	for m := range g.members {
		if !m.give(value) {
			go m.stream.end(ErrSlow)
		}
	}
}
