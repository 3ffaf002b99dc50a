package httpserver

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"clinicgraph/internal/admission"
)

// nowhere is an answer's writer that keeps nothing but the headers.
type nowhere struct {
	header http.Header
	status int
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(status int)      { w.status = status }
func (w *nowhere) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkRefusal is what the server's own code costs to say no under overload:
// the whole chain of middleware, without net/http and the kernel.
func BenchmarkRefusal(b *testing.B) {
	gate := admission.New(1, time.Now)
	s := &Server{
		Gate: gate, Authenticate: nobody, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Origins: []string{"https://front.example"},
		Observe: func(Exchange) {}, Graph: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { b.Error("let in") }),
	}
	pass, err := gate.Enter(b.Context(), admission.Refresh, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer pass.Leave()
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	for range 4 { // wait in turns, so that the gate is full all the time
		go func() {
			for ctx.Err() == nil {
				_, _ = gate.Enter(ctx, admission.Refresh, 0)
			}
		}()
	}
	for !gate.Full() {
		runtime.Gosched()
	}
	h := s.Handler()
	body := `{"query":"query Q { bookings(first: 20) { edges { node { number status startsAt endsAt } } } }","variables":{"a":"` + strings.Repeat("x", 700) + `"}}`
	header := http.Header{
		"Content-Type": {"application/json"}, "Authorization": {"Bearer x.y.z"},
		"Accept": {"application/graphql-response+json, application/json"},
	}
	b.ReportAllocs()
	for b.Loop() {
		w := &nowhere{header: make(http.Header, 12)}
		h.ServeHTTP(w, asked(header, body))
		if w.status != http.StatusServiceUnavailable {
			b.Fatal(w.status)
		}
	}
}

// asked is a request made with as little as it can be.
func asked(header http.Header, body string) *http.Request {
	return &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: graphPath}, Header: header, Host: "clinic.example", RemoteAddr: "192.0.2.1:4711",
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
	}
}
