package httpserver_test

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

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
