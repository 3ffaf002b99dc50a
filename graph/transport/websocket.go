package transport

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"clinicgraph/graph/live"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// subprotocol is the only one that is spoken. Its predecessor graphql-ws, which
// says subscriptions-transport-ws in its specification, is not.
const subprotocol = "graphql-transport-ws"

const (
	// maxMessage bounds a message of a client: a parser that is given megabytes
	// of brackets overflows the stack.
	maxMessage = 64 << 10
	// maxOperationID bounds what a client calls an operation, in bytes.
	maxOperationID = 64

	writeTimeout = 10 * time.Second // for one message
	pingTimeout  = 10 * time.Second // for the answer to a ping
)

// WebSocket serves subscriptions over sockets that speak graphql-transport-ws
// (the protocol's document: enisdenjo/graphql-ws, PROTOCOL.md). Queries and
// mutations are refused there: they have POST. The token comes in the payload of
// connection_init; without one nobody is let in, since no subscription is public.
type WebSocket struct {
	Hub          *live.Hub
	Streams      *Streams
	Authenticate func(ctx context.Context, token string) (*access.Viewer, error)
	Origins      []string // other origins whose pages may connect, as scheme://host
	Operations   int      // of one socket at once
	Depth        int      // levels of JSON in the payload of a message
	InitTimeout  time.Duration
	Now          func() time.Time
	Recover      graphql.RecoverFunc
}

var _ graphql.Transport = (*WebSocket)(nil)

// Supports implements graphql.Transport.
func (*WebSocket) Supports(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// Do implements graphql.Transport. It returns with the handshake: the socket
// lives on without the request.
func (t *WebSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	ctx := graphql.WithOperationContext(r.Context(), &graphql.OperationContext{})
	if !t.allows(r) {
		Write(w, JSON, http.StatusForbidden, Refuse(ctx, exec, fault.Forbidden("Pages of this origin may not connect.")))
		return
	}
	if t.Streams.Stopping() {
		Write(w, JSON, http.StatusServiceUnavailable, Refuse(ctx, exec, errStopping))
		return
	}
	// The origin has been looked at. Accept answers what is no handshake.
	conn, err := websocket.Accept(slim{w}, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol}, InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return
	}
	conn.SetReadLimit(maxMessage)
	ctx, stop := context.WithCancel(context.WithoutCancel(r.Context()))
	s := &socket{transport: t, conn: conn, exec: exec, ctx: ctx, stop: stop, operations: map[string]*operation{}}
	if !t.Streams.add(s) {
		stop()
		go conn.Close(websocket.StatusGoingAway, "The server is stopping.")
		return
	}
	if conn.Subprotocol() != subprotocol {
		s.shut(closeSubprotocol, "Subprotocol not acceptable")
	}
	go s.run()
}

// slimBuffer is the size of a socket's two buffers. Most messages are shorter; a
// longer one passes them by. The 4 KiB that net/http gives would be half of what
// an idle socket takes.
const slimBuffer = 512

// slim hands over connections with small buffers.
type slim struct{ http.ResponseWriter }

// Hijack implements http.Hijacker.
func (s slim) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, given, err := http.NewResponseController(s.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	ahead, _ := given.Reader.Peek(given.Reader.Buffered()) // what the client has sent already
	reader := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(ahead)), conn), max(slimBuffer, len(ahead)))
	_, _ = reader.Peek(len(ahead)) // Accept keeps what is buffered, and reads on from the connection
	return conn, bufio.NewReadWriter(reader, bufio.NewWriterSize(conn, slimBuffer)), nil
}

var errStopping = fault.New(fault.CodeUnavailable, "The server is stopping.")

// allows says whether the page that connects may: no page at all, one of ours, or
// one of a listed origin. Browsers send cookies and no preflight with a handshake.
func (t *WebSocket) allows(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(t.Origins, strings.ToLower(origin)) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}
