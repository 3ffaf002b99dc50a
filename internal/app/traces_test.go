package app_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// collector takes what a server exports.
type collector struct {
	mu       sync.Mutex
	requests int
	key      string
	text     strings.Builder
}

// ServeHTTP implements http.Handler.
func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && r.Method == http.MethodPost && r.URL.Path == "/v1/traces" && r.Header.Get("Content-Type") == "application/x-protobuf" {
		c.requests++
		c.key = r.Header.Get("X-Key")
		c.text.Write(body)
	}
}

func TestTracesReachACollectorBeforeTheEnd(t *testing.T) {
	taker := &collector{}
	server := httptest.NewServer(taker)
	defer server.Close()
	graph, _, stop := served(t, map[string]string{
		"CLINICGRAPH_TRACES_URL": server.URL + "/v1/traces", "OTEL_EXPORTER_OTLP_HEADERS": "X-Key=of-the-collector",
	})
	ask(t, http.MethodPost, graph+"/graphql", `{"query": "mutation Chosen { login(input: {login: \"nobody\", password: \"nothing\"}) { accessToken } }"}`)
	stop()
	taker.mu.Lock()
	defer taker.mu.Unlock()
	got := taker.text.String() // protobuf has strings as they are
	for _, want := range []string{"POST /graphql", "mutation login", "SELECT", "service.version", "v-test"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q has not arrived", want)
		}
	}
	if taker.requests == 0 || taker.key != "of-the-collector" || strings.Contains(got, "Chosen") {
		t.Errorf("%d requests with the key %q", taker.requests, taker.key)
	}
}

func TestACollectorThatIsAwayHoldsNobody(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + gone.Addr().String() + "/v1/traces"
	gone.Close()
	graph, _, stop := served(t, map[string]string{"CLINICGRAPH_TRACES_URL": url})
	if resp := ask(t, http.MethodPost, graph+"/graphql", `{"query": "{ __typename }"}`); resp.StatusCode != http.StatusOK {
		t.Errorf("the graph answers %d", resp.StatusCode)
	}
	if log := stop(); !strings.Contains(log, "traces are not delivered") { // and the exit code is 0
		t.Errorf("nobody has been told:\n%s", log)
	}
}
