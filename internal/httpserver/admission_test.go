package httpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clinicgraph/internal/access"
	"clinicgraph/internal/admission"
	"clinicgraph/internal/ratelimit"
)

// post asks the handler.
func post(t *testing.T, h http.Handler, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// refusedWith reads an answer that refuses, and looks at what the contract promises.
func refusedWith(t *testing.T, w *httptest.ResponseRecorder) (code string, retryAfter int) {
	t.Helper()
	var answer struct {
		Errors []struct {
			Message    string
			Extensions struct {
				Code, Action, RequestID string
				RetryAfter              int
				Retryable               bool
			}
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || len(answer.Errors) != 1 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	e := answer.Errors[0].Extensions
	header, err := strconv.Atoi(w.Header().Get("Retry-After"))
	if err != nil || header != e.RetryAfter || header < 1 || e.Action != "RETRY" || !e.Retryable || e.RequestID == "" {
		t.Errorf("Retry-After %q, %s", w.Header().Get("Retry-After"), w.Body)
	}
	return e.Code, e.RetryAfter
}

const read = `{"query":"{ viewer { user { id } } }"}`

func nobody(context.Context, string) (*access.Viewer, error) { return &access.Viewer{}, nil }

func TestBeyondTheLimitEveryAnswerIs503AndNothingElseFails(t *testing.T) {
	enter, leave := make(chan struct{}), make(chan struct{})
	s := &Server{
		Gate: admission.New(2, time.Now), Authenticate: nobody, Log: slog.New(slog.DiscardHandler),
		Graph: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			enter <- struct{}{}
			<-leave
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			_, _ = w.Write(body)
		}),
	}
	h := s.Handler()
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() {
			if w := post(t, h, read); w.Code != http.StatusOK || w.Body.String() != read {
				t.Errorf("admitted: %d %s", w.Code, w.Body)
			}
		})
		<-enter
	}
	var rejected sync.WaitGroup
	for range 20 {
		rejected.Go(func() {
			w := post(t, h, read)
			if code, _ := refusedWith(t, w); w.Code != http.StatusServiceUnavailable || code != "OVERLOADED" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	rejected.Wait()
	close(leave)
	running.Wait()
}

func TestAStreamGivesItsPlaceBackWhenItBegins(t *testing.T) {
	gate := admission.New(1, time.Now)
	begun, end := make(chan struct{}), make(chan struct{})
	s := &Server{
		Gate: gate, Authenticate: nobody, Log: slog.New(slog.DiscardHandler),
		Graph: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if gate.Load().AtWork != 1 {
				t.Error("it begins without a place")
			}
			w.WriteHeader(http.StatusOK)
			begun <- struct{}{}
			<-end
		}),
	}
	h := s.Handler()
	var running sync.WaitGroup
	running.Go(func() { post(t, h, read) })
	<-begun
	if n := gate.Load().AtWork; n != 0 {
		t.Errorf("%d places taken by a stream", n)
	}
	close(end)
	running.Wait()
}

func TestABodyTooLongIsLeftForTheGraphToRefuse(t *testing.T) {
	for name, length := range map[string]int64{"that says so": maxAhead + 10, "that does not": -1} {
		t.Run(name, func(t *testing.T) {
			long := bytes.Repeat([]byte("x"), maxAhead+10)
			r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(long))
			r.ContentLength = length
			readAhead(r)
			if got, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(got, long) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

func limited(t *testing.T, rates ratelimit.Rates) http.Handler {
	t.Helper()
	l := ratelimit.New(rates, nil, time.Now)
	t.Cleanup(l.Close)
	s := &Server{
		Rate: l, Authenticate: nobody, Log: slog.New(slog.DiscardHandler),
		Graph: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := l.Charge(r.Context(), 4, ""); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(w, "{}")
		}),
	}
	return s.Handler()
}

func TestAnswersSayWhatIsLeft(t *testing.T) {
	h := limited(t, ratelimit.Rates{Anonymous: 1})
	w := post(t, h, read)
	if w.Code != http.StatusOK || w.Header().Get("RateLimit-Policy") != `"anonymous";q=10;w=10` || w.Header().Get("RateLimit") != `"anonymous";r=6;t=4` {
		t.Errorf("%d %q %q", w.Code, w.Header().Get("RateLimit-Policy"), w.Header().Get("RateLimit"))
	}
}

func TestWhoHasNothingLeftIsRefusedBeforeTheGraphRuns(t *testing.T) {
	served := 0
	l := ratelimit.New(ratelimit.Rates{Anonymous: 1}, nil, func() time.Time { return time.Unix(1, 0) })
	t.Cleanup(l.Close)
	s := &Server{
		Rate: l, Authenticate: nobody, Log: slog.New(slog.DiscardHandler),
		Graph: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }), // and is charged for not being read
	}
	h := s.Handler()
	post(t, h, read)
	for i := range 5 {
		// The client makes up where it comes from, each time anew.
		w := post(t, h, read, "X-Forwarded-For", "192.0.2."+strconv.Itoa(i))
		code, wait := refusedWith(t, w)
		if w.Code != http.StatusTooManyRequests || code != "RATE_LIMITED" || wait != 1 || w.Header().Get("RateLimit") != `"anonymous";r=0;t=10` {
			t.Errorf("%d %s, %q", w.Code, w.Body, w.Header().Get("RateLimit"))
		}
	}
	if served != 1 {
		t.Errorf("%d requests reached the graph", served)
	}
}
