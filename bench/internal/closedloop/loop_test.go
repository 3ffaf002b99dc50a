package closedloop_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clinicgraph/bench/internal/closedloop"
	"clinicgraph/bench/internal/question"
)

// fake is a server that counts.
type fake struct {
	addr        string
	connections atomic.Int64
	requests    atomic.Int64
	wrongAfter  int64 // requests; zero: never
}

func serve(t *testing.T, f *fake) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := f.requests.Add(1)
		if _, err := io.Copy(io.Discard, r.Body); err != nil || r.URL.Path != "/graphql" || r.Header.Get("Authorization") != "Bearer abc" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer := `{"data":{"__typename":"Query"}}`
		if f.wrongAfter > 0 && n > f.wrongAfter {
			answer = `{"data":{"__typename":"Other"}}`
		}
		_, _ = io.WriteString(w, answer)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			f.connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	f.addr = s.Listener.Addr().String()
}

func (f *fake) load() closedloop.Load {
	return closedloop.Load{Addr: f.addr, Token: "abc", Connections: 5, Warm: 20 * time.Millisecond, Measure: 200 * time.Millisecond}
}

func TestRun(t *testing.T) {
	t.Run("keeps its connections and counts the time in between", func(t *testing.T) {
		f := &fake{}
		serve(t, f)
		var before, after int64
		load := f.load()
		load.Begin = func() error { before = f.requests.Load(); return nil }
		load.End = func() error { after = f.requests.Load(); return nil }
		r, err := load.Run(t.Context(), question.Nothing())
		if err != nil {
			t.Fatal(err)
		}
		if n := f.connections.Load(); n != 5 {
			t.Errorf("%d connections", n)
		}
		// What is under way at the two ends is not counted.
		if n := int64(r.Requests); n == 0 || n > after-before+5 || n < after-before-10 {
			t.Errorf("%d of the requests from %d to %d are counted", n, before, after)
		}
		if r.P50 <= 0 || r.P99 < r.P50 || r.Elapsed < load.Measure || r.Dry || r.Bytes != int64(r.Requests)*31 {
			t.Errorf("result %+v", r)
		}
	})
	t.Run("ends with the first wrong answer", func(t *testing.T) {
		f := &fake{wrongAfter: 20}
		serve(t, f)
		if _, err := f.load().Run(t.Context(), question.Nothing()); err == nil || !strings.Contains(err.Error(), `"Query" is missing`) {
			t.Errorf("Run = %v", err)
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		f := &fake{}
		serve(t, f)
		ctx, cancel := context.WithCancel(t.Context())
		load := f.load()
		load.Measure = time.Hour
		load.Begin = func() error { cancel(); return nil }
		if _, err := load.Run(ctx, question.Nothing()); !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v", err)
		}
	})
	t.Run("says when there is nobody", func(t *testing.T) {
		load := closedloop.Load{Addr: "127.0.0.1:1", Connections: 1, Measure: time.Hour}
		if _, err := load.Run(t.Context(), question.Nothing()); err == nil {
			t.Error("Run finds a server")
		}
	})
}
