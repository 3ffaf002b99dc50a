package live

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// ErrSlow ends the stream of a client that does not read what it is sent.
var ErrSlow = fault.New(fault.CodeOverloaded, "The client reads too slowly. Please connect again, and read anew what you show.")

// Stream is one connection of a session that carries subscriptions: a socket, or
// one answer of server-sent events.
type Stream struct {
	hub     *Hub
	session *session
	ctx     context.Context // has the viewer, which is renewed in it
	end     func(error)
}

// session is a sign-in with open streams. Its viewer is shared by all of them.
type session struct {
	hub      *Hub
	id, user uuid.UUID

	reading sync.Mutex
	viewer  *access.Viewer // under reading
	asOf    uint64         // the count of events when it was read; under reading

	// Under the hub's lock.
	streams  map[*Stream]struct{}
	groups   map[*group]struct{}
	checking bool
}

// Open makes a stream for the viewer, who is signed in, and gives the context of
// its operations. When the stream must end, end is called with the reason, more
// than once perhaps. Errors: RATE_LIMITED, OVERLOADED.
func (h *Hub) Open(ctx context.Context, v *access.Viewer, end func(error)) (context.Context, *Stream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users[v.UserID] >= h.Limits.PerUser {
		return ctx, nil, fault.New(fault.CodeRateLimited, "A user has at most %d live connections.", h.Limits.PerUser)
	}
	if h.streams >= h.Limits.Streams {
		return ctx, nil, fault.New(fault.CodeOverloaded, "There are too many live connections at the moment.")
	}
	s := h.sessions[v.Anchor()]
	if s == nil {
		s = &session{hub: h, id: v.Anchor(), user: v.UserID, viewer: v, streams: map[*Stream]struct{}{}, groups: map[*group]struct{}{}}
		h.sessions[v.Anchor()] = s
	}
	st := &Stream{hub: h, session: s, ctx: access.NewContext(ctx, v), end: end}
	s.streams[st] = struct{}{}
	h.users[v.UserID]++
	h.streams++
	return st.ctx, st, nil
}

// Close forgets the stream. Its operations must have ended, or end with it.
func (st *Stream) Close() {
	h, s := st.hub, st.session
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, open := s.streams[st]; !open {
		return
	}
	delete(s.streams, st)
	h.streams--
	if h.users[s.user]--; h.users[s.user] == 0 {
		delete(h.users, s.user)
	}
	s.tidy()
}

// tidy forgets a session that nothing hangs on. The hub is locked.
func (s *session) tidy() {
	if len(s.streams) == 0 && len(s.groups) == 0 && s.hub.sessions[s.id] == s {
		delete(s.hub.sessions, s.id)
	}
}

// Renew looks at the viewer's rights again, before another operation begins.
// Errors: UNAUTHENTICATED, UNAVAILABLE.
func (st *Stream) Renew(ctx context.Context) error {
	_, err := st.session.fresh(ctx, st.hub.count.Add(1))
	return err
}

type operationKey struct{}

// operation is one subscription of a stream.
type operation struct {
	stream *Stream
	cancel context.CancelCauseFunc
}

// Operation gives the context of one subscription. When it is the hub that ends
// it, context.Cause tells why.
func (st *Stream) Operation(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	return context.WithValue(ctx, operationKey{}, &operation{st, cancel}), cancel
}

// fresh gives the viewer as of the given count of events or later.
func (s *session) fresh(ctx context.Context, count uint64) (*access.Viewer, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.asOf >= count {
		return s.viewer, nil
	}
	asOf := s.hub.count.Load()
	v, err := safely(s.hub, ctx, func() (*access.Viewer, error) { return s.hub.Renew(ctx, s.viewer) })
	if err != nil {
		return nil, err
	}
	s.viewer, s.asOf = v, asOf
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	for st := range s.streams {
		access.Become(st.ctx, v)
	}
	return v, nil
}

// recheck has the session's rights looked at again. The hub is locked.
func (s *session) recheck() {
	if s.checking {
		return
	}
	s.checking = true
	s.hub.crew.do(s.check)
}

// check ends what the session has no right to any more.
func (s *session) check() {
	s.hub.mu.Lock()
	s.checking = false
	var ctx context.Context
	for st := range s.streams {
		ctx = st.ctx
	}
	groups := make([]*group, 0, len(s.groups))
	for g := range s.groups {
		groups = append(groups, g)
	}
	s.hub.mu.Unlock()
	if ctx == nil {
		return // all its streams have closed meanwhile
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	v, err := s.fresh(ctx, s.hub.count.Load())
	if err != nil {
		s.fail(groups, err)
		return
	}
	for _, g := range groups {
		if err := g.door(access.NewContext(g.ctx, v)); err != nil {
			g.hub.mu.Lock()
			g.end(err)
			g.hub.mu.Unlock()
		}
	}
}

// fail ends the session's streams when it has ended itself. When nobody can tell,
// the groups end: they could not be told anything.
func (s *session) fail(groups []*group, err error) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if fault.CodeOf(err) != fault.CodeUnauthenticated {
		for _, g := range groups {
			g.end(err)
		}
		return
	}
	for st := range s.streams {
		go st.end(err)
	}
}
