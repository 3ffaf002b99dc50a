package transport

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"clinicgraph/graph/live"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// socket is one connection. It has one goroutine that reads, one for each
// operation, and one that writes while there is something to write.
type socket struct {
	transport *WebSocket
	conn      *websocket.Conn
	exec      graphql.GraphExecutor
	stop      context.CancelFunc

	// Of the reading goroutine alone.
	ctx    context.Context // of the operations; has the viewer after connection_init
	stream *live.Stream    // nil before connection_init

	mu         sync.Mutex
	operations map[string]*operation
	out        [][]byte // what waits to be written
	writing    bool
	closed     bool
	deadline   *time.Timer // of connection_init, then of the token
}

// run reads until the connection ends.
func (s *socket) run() {
	defer s.end()
	s.until(s.transport.InitTimeout, closeInitTimeout, "Connection initialisation timeout")
	for {
		kind, text, err := s.conn.Read(context.Background())
		switch {
		case err != nil:
			return
		case s.isClosed(): // what comes while the connection closes is read and left alone
		case kind != websocket.MessageText:
			s.shut(closeBadRequest, "Invalid message: not text")
		default:
			s.receive(text)
		}
	}
}

// end forgets the socket when its connection is gone.
func (s *socket) end() {
	s.mu.Lock()
	closing := s.closed // shut is about to close the connection, or has
	s.closed = true
	s.out = nil
	s.deadline.Stop()
	s.mu.Unlock()
	s.stop()
	if !closing {
		s.cut()
	}
	if s.stream != nil {
		s.stream.Close()
	}
	s.transport.Streams.remove(s)
}

func (s *socket) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// until closes the connection when the time is over; an earlier deadline is
// replaced.
func (s *socket) until(d time.Duration, code websocket.StatusCode, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deadline != nil {
		s.deadline.Stop()
	}
	s.deadline = time.AfterFunc(d, func() { s.shut(code, reason) })
}

// shut closes the connection with a reason, once. It does not wait: the client
// has some seconds to say good-bye, and then run ends.
func (s *socket) shut(code websocket.StatusCode, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.out = nil
	s.stop()
	go s.conn.Close(code, reason) //nolint:errcheck // the client may have gone
}

// leave implements ender.
func (s *socket) leave() { s.shut(websocket.StatusGoingAway, "The server is stopping.") }

// cut implements ender.
func (s *socket) cut() { s.conn.CloseNow() } //nolint:errcheck // it may be gone

// ping implements ender.
func (s *socket) ping() {
	ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
	defer cancel()
	if err := s.conn.Ping(ctx); err != nil {
		s.cut()
	}
}

// receive acts on a message of the client.
func (s *socket) receive(text []byte) {
	m, err := readMessage(text, s.transport.Depth)
	if err != nil {
		s.shut(closeBadRequest, err.Error())
		return
	}
	switch {
	case m.kind == "ping":
		s.send(nil, messagePong)
	case m.kind == "pong":
	case m.kind == "connection_init" && s.stream != nil:
		s.shut(closeTooManyInits, "Too many initialisation requests")
	case m.kind == "connection_init":
		aside(func() { s.begin(m.payload) })
	case m.kind == "complete":
		s.complete(m.id)
	case s.stream == nil:
		s.shut(closeUnauthorized, "Unauthorized")
	default:
		s.subscribe(m)
	}
}

// begin lets the holder of the token in.
func (s *socket) begin(payload map[string]any) {
	defer func() {
		if thrown := recover(); thrown != nil {
			s.fail(s.transport.Recover(s.ctx, thrown))
		}
	}()
	token, ok := bearer(payload)
	if !ok {
		s.shut(closeForbidden, `Forbidden: connection_init needs {"Authorization": "Bearer ..."}`)
		return
	}
	if !s.purpose(payload) {
		s.shut(closeBadRequest, "Invalid message: "+access.PurposeHeader+" is one of "+strings.Join(access.Purposes(), ", "))
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.transport.InitTimeout)
	defer cancel()
	v, err := s.transport.Authenticate(ctx, token)
	if err != nil {
		s.fail(err)
		return
	}
	s.ctx, s.stream, err = s.transport.Hub.Open(s.ctx, v, s.fail)
	if err != nil {
		s.fail(err)
		return
	}
	s.until(v.Until.Sub(s.transport.Now()), closeForbidden, "Forbidden: the token has expired")
	s.send(nil, messageAck)
}

// bearer finds the token in the payload of connection_init.
func bearer(payload map[string]any) (token string, ok bool) {
	for name, value := range payload {
		if header, is := value.(string); is && strings.EqualFold(name, "Authorization") {
			scheme, token, ok := strings.Cut(header, " ")
			return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
		}
	}
	return "", false
}

// purpose takes down what the client reads personal data for, where the payload of
// connection_init says so; false where that is no purpose.
func (s *socket) purpose(payload map[string]any) bool {
	for name, value := range payload {
		if !strings.EqualFold(name, access.PurposeHeader) {
			continue
		}
		code, is := value.(string)
		if !is || code == "" || !access.Purpose(code) {
			return false
		}
		request := access.RequestOf(s.ctx)
		request.Purpose = code
		s.ctx = access.WithRequest(s.ctx, request)
	}
	return true
}

// fail closes the connection for a reason of the server's. Clients of the
// protocol connect again after 4403, with a token that they ask for anew, and
// after 1013, a little later.
func (s *socket) fail(err error) {
	switch f, _ := fault.As(err); {
	case f != nil && f.Code == fault.CodeUnauthenticated:
		s.shut(closeForbidden, "Forbidden: the token is not good, or no longer")
	case f != nil && f.Code.Retryable():
		s.shut(websocket.StatusTryAgainLater, f.Message)
	default:
		s.shut(websocket.StatusInternalError, "Something went wrong on our side.")
	}
}

// send has a message written, for an operation only as long as that lasts.
func (s *socket) send(of *operation, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if of == nil || s.operations[of.id] == of {
		s.enqueue(text)
	}
}

// finish sends the last message of an operation, if any. Its id is free from now
// on.
func (s *socket) finish(op *operation, last []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[op.id] != op {
		return
	}
	delete(s.operations, op.id)
	op.cancel(nil)
	if last != nil {
		s.enqueue(last)
	}
}

// enqueue has a message written. A client that has not read the last ones is let
// go: nobody waits for it. The socket is locked.
func (s *socket) enqueue(text []byte) {
	if s.closed {
		return
	}
	if len(s.out) >= s.transport.Hub.Limits.Buffer {
		go s.fail(live.ErrSlow)
		return
	}
	s.out = append(s.out, text)
	if !s.writing {
		s.writing = true
		go s.write()
	}
}

// write writes what waits.
func (s *socket) write() {
	for {
		s.mu.Lock()
		if len(s.out) == 0 {
			s.out, s.writing = nil, false
			s.mu.Unlock()
			return
		}
		text := s.out[0]
		s.out = s.out[1:]
		s.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
		err := s.conn.Write(ctx, websocket.MessageText, text)
		cancel()
		if err != nil {
			s.cut() // and run ends
			return
		}
	}
}
