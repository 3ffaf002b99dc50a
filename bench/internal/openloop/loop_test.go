package openloop_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clinicgraph/bench/internal/openloop"
	"clinicgraph/bench/internal/question"
)

// serve answers as the handler says; the questions are read for it.
func serve(t *testing.T, answer func(n int64, w http.ResponseWriter)) openloop.Load {
	t.Helper()
	var requests atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer(requests.Add(1), w)
	}))
	t.Cleanup(s.Close)
	return openloop.Load{Addr: s.Listener.Addr().String(), PerSecond: 500, Lasts: 200 * time.Millisecond, Connections: 4}
}

func good(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"data":{"__typename":"Query"}}`) }

func TestRun(t *testing.T) {
	t.Run("asks as often as it is told, and tells good from rejected", func(t *testing.T) {
		load := serve(t, func(n int64, w http.ResponseWriter) {
			switch n % 3 {
			case 0:
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusServiceUnavailable)
			case 1:
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
			default:
				good(w)
			}
		})
		one, err := load.Run(t.Context(), question.Nothing())
		if err != nil {
			t.Fatal(err)
		}
		again, err := load.Run(t.Context(), question.Nothing())
		if err != nil {
			t.Fatal(err)
		}
		n := len(one.Good) + len(one.Rejected)
		if n < 50 || n > 200 || n != len(again.Good)+len(again.Rejected) || len(one.Good) < n/3-1 || len(one.Good) > n/3+1 {
			t.Errorf("%d good, %d rejected; then %d and %d", len(one.Good), len(one.Rejected), len(again.Good), len(again.Rejected))
		}
	})
	t.Run("measures from when a request was due", func(t *testing.T) {
		const stall = 100 * time.Millisecond
		load := serve(t, func(n int64, w http.ResponseWriter) {
			if n == 1 {
				time.Sleep(stall) // the server's stall, which all others wait behind
			}
			good(w)
		})
		load.Connections = 1
		r, err := load.Run(t.Context(), question.Nothing())
		if err != nil {
			t.Fatal(err)
		}
		// A generator that waits would have one slow answer only.
		if slow := len(r.Good) / 4; r.Good[len(r.Good)-slow] < stall/4 {
			t.Errorf("a quarter of %d should have waited, the %dth slowest took %s", len(r.Good), slow, r.Good[len(r.Good)-slow])
		}
	})
	for name, answer := range map[string]func(int64, http.ResponseWriter){
		"a reject that does not say when": func(_ int64, w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"a wrong answer":                  func(_ int64, w http.ResponseWriter) { _, _ = io.WriteString(w, `{"data":{}}`) },
		"a server error":                  func(_ int64, w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
	} {
		t.Run("ends with "+name, func(t *testing.T) {
			if _, err := serve(t, answer).Run(t.Context(), question.Nothing()); err == nil || !strings.Contains(err.Error(), "nothing: ") {
				t.Errorf("%v", err)
			}
		})
	}
}
