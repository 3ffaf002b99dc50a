package httpserver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/admission"
)

// full is a server whose gate lets nobody in any more, for half a second of the
// bubble's clock and longer. Release ends that.
func full(t *testing.T, log io.Writer) (s *Server, release func()) {
	t.Helper()
	gate := admission.New(1, time.Now)
	pass, err := gate.Enter(t.Context(), admission.Refresh, 0)
	if err != nil {
		t.Fatal(err)
	}
	s = &Server{
		Gate: gate, Authenticate: nobody, Log: slog.New(slog.NewJSONHandler(log, nil)), Origins: []string{"https://front.example"},
		Graph: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }),
	}
	leave := crowd(t, gate)
	return s, func() { leave(); pass.Leave(); time.Sleep(time.Second); synctest.Wait() }
}

// crowd has so many wait in front of a gate that has no place that it is full.
func crowd(t *testing.T, gate *admission.Gate) (leave func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	for i := range 100 { // each waits for 40 ms, and they come every 10
		go func() {
			time.Sleep(time.Duration(i) * 10 * time.Millisecond) // the bubble's clock
			if late, err := gate.Enter(ctx, admission.Refresh, 0); err == nil {
				late.Leave()
			}
		}()
	}
	time.Sleep(155 * time.Millisecond)
	if !gate.Full() {
		t.Fatal("the gate is not full")
	}
	return stop
}

// fullServer is the handler of a full server.
func fullServer(t *testing.T, log io.Writer) (h http.Handler, release func()) {
	t.Helper()
	s, release := full(t, log)
	return s.Handler(), release
}

func TestARefusalUnderLoadKeepsTheContract(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := fullServer(t, io.Discard)
		defer release()
		w := post(t, h, read, "X-Request-Id", "my-request.1", "Origin", "https://front.example", "Accept", "application/graphql-response+json")
		code, wait := refusedWith(t, w)
		if w.Code != http.StatusServiceUnavailable || code != "OVERLOADED" || wait > 3 {
			t.Errorf("%d %s, come again in %d s", w.Code, code, wait)
		}
		want := map[string]string{
			"X-Request-Id": "my-request.1", "Content-Type": "application/graphql-response+json; charset=utf-8",
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Content-Security-Policy":     "default-src 'none'; frame-ancestors 'none'",
			"Access-Control-Allow-Origin": "https://front.example", "Vary": "Origin",
			"Access-Control-Expose-Headers": "X-Request-Id, Retry-After, Ratelimit, Ratelimit-Policy",
		}
		got := map[string]string{}
		for name := range want {
			got[name] = strings.Join(w.Header().Values(name), "; ")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if !strings.Contains(w.Body.String(), `"requestId":"my-request.1"`) {
			t.Errorf("%s", w.Body)
		}
	})
}

// noted is a log that timers write.
type noted struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *noted) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(b)
}

// since gives what was written since the last call.
func (n *noted) since() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer n.text.Reset()
	return n.text.String()
}

func TestWhatIsRefusedUnderLoadIsOneLineOfTheLogASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log noted
		h, release := fullServer(t, &log)
		for range 50 {
			post(t, h, read)
		}
		if text := log.since(); text != "" {
			t.Errorf("at once:\n%s", text)
		}
		release() // a second passes
		synctest.Wait()
		var line struct {
			Level, Msg               string
			OVERLOADED, RATE_LIMITED int
		}
		text := log.since()
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.Level != "INFO" || line.Msg != "refused under load" || line.OVERLOADED != 50 || line.RATE_LIMITED != 0 {
			t.Errorf("a second later: %v\n%s", err, text)
		}
		post(t, h, read) // is let in
		time.Sleep(time.Minute)
		if text := log.since(); text != "" {
			t.Errorf("in calm times:\n%s", text)
		}
	})
}

// TestARefusalCostsNextToNothing bounds what the server's own code allocates to
// say no: see BenchmarkRefusal.
func TestARefusalCostsNextToNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := fullServer(t, io.Discard)
		defer release()
		header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer x.y.z"}, "Accept": {"application/graphql-response+json, application/json"}}
		allocated := testing.AllocsPerRun(100, func() {
			w := &nowhere{header: make(http.Header, 12)}
			h.ServeHTTP(w, asked(header, read))
			if w.status != http.StatusServiceUnavailable {
				t.Fatal(w.status)
			}
		})
		if most := 30.0; allocated > most { // six of them are the request
			t.Errorf("%.0f allocations, at most %.0f", allocated, most)
		}
	})
}

func TestABodyThatFailsIsHandedOnWithWhatWentWrong(t *testing.T) {
	broken := errors.New("broken")
	r := httptest.NewRequest(http.MethodPost, "/graphql", io.MultiReader(strings.NewReader("begun"), failing{broken}))
	if got := string(readAhead(r).text()); got != "begun" {
		t.Errorf("%q is looked at", got)
	}
	if got, err := io.ReadAll(r.Body); string(got) != "begun" || !errors.Is(err, broken) {
		t.Errorf("%q, %v", got, err)
	}
}

// failing fails each read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAClientMayNameItsRequestDecently(t *testing.T) {
	for id, want := range map[string]bool{
		"": false, "1234567": false, "12345678": true, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false,
		"AZaz09._-": true, "has space": false, "line\nfeed1": false, "größer-als": false, "semi;colon": false, "quote\"quote": false, "at@at@at@at": false, "[bracket]": false, "`backtick`": false, "{brace}{brace}": false, "slash/slash": false, "colon:colon": false,
	} {
		if decent(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}
