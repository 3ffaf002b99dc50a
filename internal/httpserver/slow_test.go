package httpserver

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// net/http lingers for half a second behind a connection that it closes.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// short is a timeout that a test waits for.
const short = 50 * time.Millisecond

// listen serves the handler, with timeouts that the test sets.
func listen(t *testing.T, h http.Handler, set func(*http.Server)) (addr string, served *http.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := New("", h, slog.New(slog.DiscardHandler))
	set(server)
	done := make(chan error, 1)
	go func() { done <- server.Serve(&Crowded{Listener: l, PerIP: 5, Log: slog.New(slog.DiscardHandler)}) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return l.Addr().String(), server
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	// The test fails instead of hanging.
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c
}

// dropped reads until the other side closes, and gives what came before that.
func dropped(t *testing.T, c net.Conn) string {
	t.Helper()
	text, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection stays open")
	}
	return string(text)
}

// echo reads the whole body before it answers.
func echo(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "unread", http.StatusBadRequest)
			return
		}
		_, _ = w.Write(body)
	})
}

func TestTimeoutsAreSet(t *testing.T) {
	s := New("", nil, slog.New(slog.DiscardHandler))
	if s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 10*time.Second || s.WriteTimeout != 15*time.Second || s.IdleTimeout != time.Minute || s.MaxHeaderBytes != 12<<10 {
		t.Errorf("header %s, read %s, write %s, idle %s, %d bytes of header", s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout, s.MaxHeaderBytes)
	}
}

func TestAHeaderThatDoesNotEndIsDropped(t *testing.T) {
	addr, _ := listen(t, echo(t), func(s *http.Server) { s.ReadHeaderTimeout = short })
	for name, begin := range map[string]string{
		"nothing said":     "",
		"half a line":      "POST /gra",
		"a line at a time": "POST /graphql HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, addr)
			if _, err := io.WriteString(c, begin); err != nil {
				t.Fatal(err)
			}
			if text := dropped(t, c); strings.Contains(text, "200") {
				t.Errorf("answered with %q", text)
			}
		})
	}
}

// TestAByteAtATimeDoesNotHelp keeps a header alive with a byte now and then:
// the time is for all of it.
func TestAByteAtATimeDoesNotHelp(t *testing.T) {
	addr, _ := listen(t, echo(t), func(s *http.Server) { s.ReadHeaderTimeout = short })
	c := dial(t, addr)
	tick := time.NewTicker(short / 10)
	defer tick.Stop()
	gone := make(chan struct{})
	go func() { defer close(gone); _, _ = io.Copy(io.Discard, c) }()
	for _, err := io.WriteString(c, "POST / HTTP/1.1\r\nX-A: "); err == nil; _, err = c.Write([]byte("a")) {
		select {
		case <-tick.C:
		case <-gone:
			return
		case <-t.Context().Done():
			t.Fatal("the connection stays open")
		}
	}
}

func TestABodyThatDoesNotEndIsDropped(t *testing.T) {
	addr, _ := listen(t, echo(t), func(s *http.Server) { s.ReadTimeout = short })
	c := dial(t, addr)
	if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbegin"); err != nil {
		t.Fatal(err)
	}
	if text := dropped(t, c); strings.Contains(text, " 200 ") {
		t.Errorf("answered with %q", text)
	}
}

func TestAnIdleConnectionIsClosed(t *testing.T) {
	addr, _ := listen(t, echo(t), func(s *http.Server) { s.IdleTimeout = short })
	c := dial(t, addr)
	if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"); err != nil {
		t.Fatal(err)
	}
	if text := dropped(t, c); !strings.HasPrefix(text, "HTTP/1.1 200 OK") || !strings.HasSuffix(text, "hi") {
		t.Errorf("answered with %q", text)
	}
}

// TestAClientThatNeverReadsIsDropped answers with more than the sockets hold.
func TestAClientThatNeverReadsIsDropped(t *testing.T) {
	failed := make(chan error, 1)
	large := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		block := bytes.Repeat([]byte("x"), 1<<20)
		for range 64 {
			if _, err := w.Write(block); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	})
	addr, _ := listen(t, large, func(s *http.Server) { s.WriteTimeout = short })
	c := dial(t, addr)
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the answer ended with %v", err)
	}
}

func TestOneAddressHoldsSoManyConnections(t *testing.T) {
	addr, _ := listen(t, echo(t), func(*http.Server) {})
	ask := func(c net.Conn) error {
		if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"); err != nil {
			return err
		}
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r.Body)
		return errors.Join(err, r.Body.Close())
	}
	var held []net.Conn
	for range 5 {
		c := dial(t, addr)
		if err := ask(c); err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	if err := ask(dial(t, addr)); err == nil {
		t.Error("a sixth connection is served")
	}
	held[0].Close()
	for { // until the server has seen it
		if err := ask(dial(t, addr)); err == nil {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("the place is not given back")
		}
	}
}
