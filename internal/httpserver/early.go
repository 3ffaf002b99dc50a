package httpserver

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"clinicgraph/internal/access"
	"clinicgraph/internal/admission"
	"clinicgraph/internal/fault"
)

// Early is a listener for the server that New makes of s.Handler: while the gate is
// full, requests that it would refuse unseen are refused as they come off the
// connection, before net/http has taken them apart. That is most of what a refusal
// costs, and under overload refusing is most of what the server does.
func (s *Server) Early(l net.Listener) net.Listener {
	return earlyListener{l, s, s.learnRefusals()}
}

type earlyListener struct {
	net.Listener
	server   *Server
	refusals cannedRefusals
}

// Accept gives the next connection.
func (l earlyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &earlyConn{Conn: c, server: l.server, refusals: l.refusals}, nil
}

// earlyConn counts along where requests begin and end. Only where one surely
// begins, on a connection that net/http calls idle, and only if all of it has come
// with one read, may it be refused here. All else net/http gets as it came, and as
// soon as it came, so that its deadlines hold for whoever sends slowly.
//
// net/http reads on one goroutine at a time and tells of the states on the same one.
type earlyConn struct {
	net.Conn
	server   *Server
	refusals cannedRefusals

	idle     bool      // net/http waits for the next request, and no byte of it has been read
	lost     bool      // nobody knows here any more where requests begin
	lead     []byte    // the first byte of a request, when it came alone
	left     int       // bytes of the request under way that are still to come
	extended time.Time // when the deadlines were set here last
}

// connState is the hook of net/http.
func connState(c net.Conn, state http.ConnState) {
	if e, ok := c.(*earlyConn); ok && state == http.StateIdle {
		e.idle = true
	}
}

// rooms are for answers, each as large as the one before it.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// Read implements net.Conn.
func (c *earlyConn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if n == 0 || c.lost {
			return n, err
		}
		h, whole := c.follow(p[:n], len(p))
		if !whole || err != nil || !c.idle {
			c.idle = false
			return n, err
		}
		room := rooms.Get().(*[]byte)
		answer, refused := c.server.refusesEarly(*room, c.refusals, h, p[h.length:n])
		if refused {
			err = c.answer(answer)
			*room = answer[:0]
		}
		rooms.Put(room)
		if !refused {
			c.idle = false
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// follow keeps count of a read of at most room bytes. It gives the head of a request
// of which the read holds all, and nothing else.
func (c *earlyConn) follow(text []byte, room int) (h head, whole bool) {
	switch {
	case c.left > 0:
		c.left -= len(text)
		c.lost = c.left < 0 // the next request came along
		return head{}, false
	case c.lead != nil:
		text = append(c.lead, text...)
	case room == 1:
		// net/http waits for a byte while the request before this one is answered. A
		// quick client has the answer already, and sends the next.
		c.lead = []byte{text[0]}
		return head{}, false
	}
	h, ok := parseHead(text)
	c.left = h.length + h.body - len(text)
	c.lost = !ok || c.left < 0
	whole = !c.lost && c.left == 0 && c.lead == nil
	c.lead = nil
	return h, whole
}

// answer writes an answer, with the deadlines that net/http would set.
func (c *earlyConn) answer(text []byte) error {
	// Setting them costs as much as the rest: once a second is exact enough.
	const exactly = time.Second
	if now := time.Now(); now.Sub(c.extended) >= exactly {
		c.extended = now
		if err := c.SetReadDeadline(now.Add(idleTimeout + exactly)); err != nil {
			return err
		}
		if err := c.SetWriteDeadline(now.Add(writeTimeout + exactly)); err != nil {
			return err
		}
	}
	_, err := c.Write(text)
	return err
}

// CloseWrite lets net/http end the answers of a connection before it closes it.
func (c *earlyConn) CloseWrite() error { return closeWrite(c.Conn) }

// refusesEarly says whether the middleware would refuse the request for nothing but
// the gate, at once. Then it is counted as if it had, and at the next beat its answer
// is given, behind what the room holds.
func (s *Server) refusesEarly(room []byte, refusals cannedRefusals, h head, body []byte) (answer []byte, refused bool) {
	if s.Gate == nil || !s.Gate.Full() || mayBeUrgent(body) {
		return nil, false
	}
	if h.purpose != nil && (len(h.purpose) == 0 || !access.Purpose(string(h.purpose))) {
		return nil, false
	}
	if s.Log.Enabled(context.Background(), slog.LevelDebug) {
		return nil, false // each request has a line of its own
	}
	canned, known := refusals.of(h)
	if !known {
		return nil, false
	}
	began, id, ended := time.Now(), string(h.id), func(int) {}
	s.refusals.wait()
	if s.draining.Load() {
		return nil, false // and the connection is to close
	}
	if !decent(id) {
		id = newRequestID()
	}
	if s.Trace != nil {
		_, ended = s.Trace(h.request(), graphPath, id)
	}
	f := admission.Overloaded()
	answer = canned.with(room, id, f.RetryAfter, began)
	ended(http.StatusServiceUnavailable)
	if s.Observe != nil {
		s.Observe(Exchange{Route: graphPath, Status: http.StatusServiceUnavailable, Took: time.Since(began), Refused: fault.CodeOverloaded, Early: true})
	}
	s.refused.add(fault.CodeOverloaded, s.Log)
	return answer, true
}

// request is as much of one as a trace needs.
func (h head) request() *http.Request {
	header := http.Header{}
	if h.traceparent != nil {
		header["Traceparent"] = []string{string(h.traceparent)}
	}
	if h.tracestate != nil {
		header["Tracestate"] = []string{string(h.tracestate)}
	}
	return &http.Request{Method: http.MethodPost, URL: &url.URL{Path: graphPath}, Header: header}
}
