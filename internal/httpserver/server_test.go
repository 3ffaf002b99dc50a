package httpserver_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/httpserver"
)

// serve listens on a real socket: what net/http does by itself is not seen
// otherwise.
func serve(t *testing.T, h http.Handler) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httpserver.New(listener.Addr().String(), h, slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// raw sends bytes and reads one answer.
func raw(t *testing.T, addr, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// TestATokenThatCannotBeCheckedIsNoBadToken: it is answered in the form of the
// contract, and says when to come back or nothing of what is broken.
func TestATokenThatCannotBeCheckedIsNoBadToken(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
		after  string
	}{
		{&fault.Error{Code: fault.CodeUnavailable, Message: "Later.", RetryAfter: 3 * time.Second, Err: errors.New("canary")}, 503, "UNAVAILABLE", "3"},
		{fault.New(fault.CodeOverloaded, "Later."), 503, "OVERLOADED", "1"},
		{errors.New("canary: pq: relation does not exist"), 500, "INTERNAL", ""},
		{fault.New(fault.CodeUnauthenticated, "canary"), 200, "", ""},
	} {
		server := httpserver.Server{
			Graph: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json; charset=utf-8")
			}),
			Authenticate: func(context.Context, string) (*access.Viewer, error) { return nil, c.err },
			Log:          slog.New(slog.DiscardHandler),
		}
		rec := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
		r.Header.Set("Authorization", "Bearer x")
		server.Handler().ServeHTTP(rec, r)
		code := ""
		if rec.Body.Len() > 0 {
			var body struct {
				Errors []struct {
					Extensions struct{ Code, RequestID string }
				}
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || len(body.Errors) != 1 || body.Errors[0].Extensions.RequestID != rec.Header().Get("X-Request-Id") {
				t.Errorf("%v: %s", err, rec.Body)
				continue
			}
			code = body.Errors[0].Extensions.Code
		}
		if rec.Code != c.status || code != c.code || rec.Header().Get("Retry-After") != c.after || strings.Contains(rec.Body.String(), "canary") {
			t.Errorf("%v: %d %s, Retry-After %q: %s", c.err, rec.Code, code, rec.Header().Get("Retry-After"), rec.Body)
		}
	}
}

// TestAHeaderHas16KiB, the request line and the last line break among them.
func TestAHeaderHas16KiB(t *testing.T) {
	addr := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	const limit = 16 << 10
	for name, parts := range map[string][2]string{
		"one field":   {"POST /graphql HTTP/1.1\r\nHost: clinic\r\nContent-Length: 0\r\nX-Filler: ", ""},
		"many fields": {"POST /graphql HTTP/1.1\r\nHost: clinic\r\nContent-Length: 0\r\nX-Filler: ", strings.Repeat("\r\nX: y", 500)},
		"a path":      {"GET /", " HTTP/1.1\r\nHost: clinic"},
	} {
		for size, status := range map[int]int{limit: 200, limit + 1: 431} {
			request := parts[0] + strings.Repeat("x", size-len(parts[0])-len(parts[1])-4) + parts[1] + "\r\n\r\n"
			if got := raw(t, addr, request); got.StatusCode != status {
				t.Errorf("%s, %d bytes: %s, want %d", name, len(request), got.Status, status)
			}
		}
	}
}
