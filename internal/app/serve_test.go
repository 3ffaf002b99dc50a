package app_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
)

// running is a server as the command line runs it.
type running struct {
	addr string
	stop context.CancelFunc // as the first signal does
	done chan int
	errs *bytes.Buffer // to be read when it is done
}

// serve starts one and waits until it says where it is.
func serve(t *testing.T, env map[string]string) *running {
	t.Helper()
	t.Setenv("CLINICGRAPH_DATA", t.TempDir())
	t.Setenv("CLINICGRAPH_ADDR", "127.0.0.1:0")
	for k, v := range env {
		t.Setenv(k, v)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{stop: stop, done: make(chan int, 1), errs: &bytes.Buffer{}}
	out := &writer{lines: make(chan string, 100)}
	go func() { r.done <- app.Main(ctx, "v-test", nil, out, r.errs) }()
	for r.addr == "" {
		select {
		case line := <-out.lines:
			if m := regexp.MustCompile(`http://([^/]+)`).FindStringSubmatch(line); m != nil {
				r.addr = m[1]
			}
		case code := <-r.done:
			t.Fatalf("ended at once: exit %d, %s", code, r.errs)
		}
	}
	return r
}

// atWork begins a request that the server cannot finish before its body is sent.
type atWork struct {
	net.Conn
	rest string
}

func beginRequest(t *testing.T, addr string) *atWork {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	const body = `{"query":"{ __typename }"}`
	// The server answers with 100 when a handler begins to read the body.
	if _, err := fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body)); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	if _, err := io.ReadFull(c, line); err != nil || !bytes.Contains(line, []byte("100")) {
		t.Fatalf("%q, %v", line, err)
	}
	return &atWork{c, body}
}

// finish sends the body and gives the answer.
func (a *atWork) finish(t *testing.T) (*http.Response, string) {
	t.Helper()
	if _, err := io.WriteString(a, a.rest); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(a), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

// until asks for something until it is as it should be.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("still not: %s", what)
		}
	}
}

func TestAStopIsNotNoticedByWhoIsBeingServed(t *testing.T) {
	r := serve(t, map[string]string{"CLINICGRAPH_DRAIN_DELAY": "500ms"})
	early, late := beginRequest(t, r.addr), beginRequest(t, r.addr)
	r.stop()
	until(t, "not ready, and saying so", func() bool {
		response, err := http.Get("http://" + r.addr + "/readyz")
		if err != nil {
			t.Fatalf("not ready is said by an answer: %v", err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode == http.StatusOK {
			return false
		}
		if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(text), "stopping") || !response.Close {
			t.Errorf("%d %s, closed: %v", response.StatusCode, text, response.Close)
		}
		return true
	})
	if response, text := early.finish(t); response.StatusCode != http.StatusOK || text != `{"data":{"__typename":"Query"}}` || !response.Close {
		t.Errorf("while draining: %d %s, closed: %v", response.StatusCode, text, response.Close)
	}
	until(t, "no more connections", func() bool {
		c, err := net.Dial("tcp", r.addr)
		if err == nil {
			c.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	if response, text := late.finish(t); response.StatusCode != http.StatusOK || text != `{"data":{"__typename":"Query"}}` {
		t.Errorf("behind the last connection: %d %s", response.StatusCode, text)
	}
	if code := <-r.done; code != config.ExitOK || strings.Contains(r.errs.String(), "cut off") {
		t.Errorf("exit %d, %s", code, r.errs)
	}
}

func TestAStopSendsSocketsElsewhere(t *testing.T) {
	r := serve(t, map[string]string{"CLINICGRAPH_DRAIN_DELAY": "100ms"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	socket, _, err := websocket.Dial(ctx, "ws://"+r.addr+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.CloseNow()
	r.stop()
	if _, _, err := socket.Read(ctx); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the socket ended with %v", err)
	}
	if code := <-r.done; code != config.ExitOK || strings.Contains(r.errs.String(), "cut off") {
		t.Errorf("exit %d, %s", code, r.errs)
	}
}

// TestRestartsUnderLoadCutNoRequest is bench/restart in short: three servers one
// after the other on one database.
func TestRestartsUnderLoadCutNoRequest(t *testing.T) {
	data := t.TempDir()
	for range 3 {
		r := serve(t, map[string]string{"CLINICGRAPH_DRAIN_DELAY": "200ms"})
		t.Setenv("CLINICGRAPH_DATA", data)
		requests := make([]*atWork, 4)
		for i := range requests {
			requests[i] = beginRequest(t, r.addr)
		}
		r.stop()
		for _, request := range requests {
			if response, text := request.finish(t); response.StatusCode != http.StatusOK {
				t.Errorf("cut off: %d %s", response.StatusCode, text)
			}
		}
		if code := <-r.done; code != config.ExitOK {
			t.Errorf("exit %d, %s", code, r.errs)
		}
	}
}
