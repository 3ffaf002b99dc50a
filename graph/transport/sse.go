package transport

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"clinicgraph/graph/live"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// EventStream is the media type of server-sent events.
const EventStream = "text/event-stream"

// SSE serves subscriptions as server-sent events in the distinct connections mode
// (the protocol's document: enisdenjo/graphql-sse, PROTOCOL.md): one POST, one
// stream of `next` events, and `complete`. The protocol leaves it to the server
// which operations it streams; queries and mutations are refused, as on a socket.
// What HTTP can say is said by its status before the stream begins: a bad body, no
// or a bad token, too many streams. What the document gets wrong comes as `next`,
// as the protocol asks.
type SSE struct {
	Hub     *live.Hub
	Streams *Streams
	MaxBody int64
	Depth   int // levels of JSON
	Now     func() time.Time
	Recover graphql.RecoverFunc
}

var _ graphql.Transport = (*SSE)(nil)

// Supports implements graphql.Transport. Clients that take JSON as well have
// listed all they know and mean POST.
func (*SSE) Supports(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return r.Method == http.MethodPost && strings.Contains(accept, EventStream) &&
		!strings.Contains(accept, JSON) && !strings.Contains(accept, Response)
}

// Do implements graphql.Transport.
func (t *SSE) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	ctx := refusable(r.Context())
	refuse := func(status int, err error) { Write(w, JSON, status, Refuse(ctx, exec, err)) }
	params, refused := POST{MaxBody: t.MaxBody, Depth: t.Depth, Recover: t.Recover}.read(w, r, true)
	if refused != nil {
		refuse(refused.status, refused.err)
		return
	}
	v := access.FromContext(ctx)
	if v == nil || v.Anonymous() {
		refuse(http.StatusUnauthorized, fault.New(fault.CodeUnauthenticated, "Please sign in: no subscription is public."))
		return
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := &eventStream{w: w, control: http.NewResponseController(w), stop: stop, out: make(chan []byte, t.Hub.Limits.Buffer)}
	ctx, stream, err := t.Hub.Open(ctx, v, s.stop)
	if err != nil {
		resp := Refuse(ctx, exec, err)
		Write(w, JSON, Status(Response, resp), resp)
		return
	}
	defer stream.Close()
	if !t.Streams.add(s) {
		refuse(http.StatusServiceUnavailable, errStopping)
		return
	}
	defer t.Streams.remove(s)
	ctx, cancel := stream.Operation(ctx)
	defer cancel(nil)
	expired := time.AfterFunc(v.Until.Sub(t.Now()), func() {
		cancel(fault.New(fault.CodeUnauthenticated, "The access token has expired."))
	})
	defer expired.Stop()

	// The answer begins when the subscription has: nothing from then on is missed.
	running, refusal := subscribe(ctx, exec, t.Recover, stream.Renew, params)
	var carrying sync.WaitGroup
	defer carrying.Wait()
	defer cancel(nil)
	carrying.Go(func() {
		defer close(s.out)
		s.carry(running, refusal)
	})
	s.write()
}

// eventStream is the answer of one subscription.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stop    context.CancelCauseFunc
	out     chan []byte // what waits to be written; closed at the end
}

// carry hands over what the subscription gives, until it ends. A client that is
// cut off is told no end, so that it connects again.
func (s *eventStream) carry(running *subscription, refusal *graphql.Response) {
	for last := refusal != nil; !last; {
		var resp *graphql.Response
		if resp, last = running.next(); last {
			refusal = resp
		} else {
			s.tell(eventNext(resp))
		}
	}
	if running != nil {
		if cause := context.Cause(running.ctx); cause == error(live.ErrSlow) || cause == error(errStopping) {
			return
		}
	}
	if refusal != nil {
		s.tell(eventNext(refusal))
	}
	s.tell(eventComplete)
}

var (
	eventComplete = []byte("event: complete\ndata:\n\n")
	eventComment  = []byte(":\n\n") // tells the client and the proxies between that somebody is there
)

// eventNext is a result as an event. JSON has no line breaks of its own.
func eventNext(resp *graphql.Response) []byte {
	b := buffers.Get().(*bytes.Buffer)
	defer release(b)
	b.WriteString("event: next\ndata: ")
	Encode(b, resp)
	b.WriteString("\n\n")
	return bytes.Clone(b.Bytes())
}

// tell has an event written. A client that has not read the last ones is let go.
func (s *eventStream) tell(event []byte) {
	select {
	case s.out <- event:
	default:
		s.stop(live.ErrSlow)
	}
}

// write writes events until there are no more, the client has gone or does not
// read.
func (s *eventStream) write() {
	h := s.w.Header()
	h.Set("Content-Type", EventStream+"; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // for nginx, which would collect the events
	// The server's timeouts are those of a request.
	_ = s.control.SetReadDeadline(time.Time{})
	s.w.WriteHeader(http.StatusOK)
	alive := time.NewTicker(pingSeconds * time.Second)
	defer alive.Stop()
	for event := eventComment; ; {
		_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := s.w.Write(event); err != nil || s.control.Flush() != nil {
			return
		}
		var open bool
		select {
		case event, open = <-s.out:
			if !open {
				return
			}
		case <-alive.C:
			event = eventComment
		}
	}
}

// leave implements ender: the stream ends without `complete`, and clients connect
// again.
func (s *eventStream) leave() { s.stop(errStopping) }

// cut implements ender.
func (s *eventStream) cut() { s.stop(errStopping) }

// ping implements ender: write does it.
func (s *eventStream) ping() {}
