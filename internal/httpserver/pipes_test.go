package httpserver

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections live in the bubble of a test.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// served is a server at work in a bubble.
type served struct {
	*pipes
	reached atomic.Int64 // requests that net/http has handed on
	server  *http.Server
}

// onPipes serves s, with early refusals or without. It ends with the test.
func onPipes(t *testing.T, s *Server, early bool) *served {
	t.Helper()
	on := &served{pipes: &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}}
	h := s.Handler()
	on.server = New("", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		on.reached.Add(1)
		h.ServeHTTP(w, r)
	}), slog.New(slog.DiscardHandler))
	l := net.Listener(on.pipes)
	if early {
		l = s.Early(l)
	}
	done := make(chan error, 1)
	go func() { done <- on.server.Serve(l) }()
	t.Cleanup(func() {
		on.server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return on
}

// client is the other end of a connection. It notes all that comes.
type client struct {
	net.Conn
	mu     sync.Mutex
	text   strings.Builder
	closed bool
}

func (on *served) dial(t *testing.T) *client {
	t.Helper()
	here, there := net.Pipe()
	on.conns <- there
	c := &client{Conn: here}
	t.Cleanup(func() { here.Close() })
	go func() {
		b := make([]byte, 64<<10)
		for {
			n, err := here.Read(b)
			c.mu.Lock()
			c.text.Write(b[:n])
			c.closed = c.closed || errors.Is(err, io.EOF)
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return c
}

// send writes, each text by itself, and gives what comes until nothing happens any
// more.
func (c *client) send(texts ...string) string {
	go func() {
		for _, text := range texts {
			if _, err := io.WriteString(c, text); err != nil {
				return // the server has closed it
			}
		}
	}()
	synctest.Wait()
	time.Sleep(untilNext) // the bubble's clock
	synctest.Wait()
	return c.came()
}

// came gives what has come since the last call.
func (c *client) came() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.text.Reset()
	return c.text.String()
}

func (c *client) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// chance is what differs between two refusals: ids that the server has made, and
// how long to wait.
var chance = regexp.MustCompile(`[0-9a-f]{32}|Retry-After: [1-3]\r|"retryAfter":[1-3],`)

func sameButForChance(text string) string { return chance.ReplaceAllString(text, "*") }
