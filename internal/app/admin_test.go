package app_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
)

// served starts the server of the command line on free ports. It gives its two
// URLs, and what stops it and gives its log.
func served(t *testing.T, env map[string]string) (graph, admin string, stop func() string) {
	t.Helper()
	t.Setenv("CLINICGRAPH_DATA", t.TempDir())
	t.Setenv("CLINICGRAPH_ADDR", "127.0.0.1:0")
	t.Setenv("CLINICGRAPH_LOG_FORMAT", "json")
	for k, v := range env {
		t.Setenv(k, v)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, done := &writer{lines: make(chan string, 100)}, make(chan int, 1)
	var errs bytes.Buffer
	go func() { done <- app.Main(ctx, "v-test", nil, out, &errs) }()
	for found := regexp.MustCompile(`^(\w+).* (http://[^/\s]+)/(\w+)\n$`); admin == ""; {
		select {
		case line := <-out.lines:
			switch m := found.FindStringSubmatch(line); {
			case m == nil:
			case m[1] == "ClinicGraph":
				graph = m[2]
			case m[1] == "Metrics":
				admin = m[2]
			}
		case code := <-done:
			cancel()
			t.Fatalf("ended at once: exit %d, %s", code, errs.String())
		}
	}
	stopped := false
	stop = func() string {
		if !stopped {
			stopped = true
			cancel()
			if code := <-done; code != config.ExitOK {
				t.Errorf("exit %d, %s", code, errs.String())
			}
		}
		return errs.String()
	}
	t.Cleanup(func() { stop() })
	return graph, admin, stop
}

// ask sends a request with headers given as pairs.
func ask(t *testing.T, method, url, body string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

func TestTheAdminListenerIsApart(t *testing.T) {
	graph, admin, stop := served(t, nil)
	for path, want := range map[string]string{
		"/metrics": "\ngo_goroutines ", "/livez": `"ok"`, "/readyz": `"ok"`,
		"/debug/pprof/": "goroutine", "/debug/pprof/heap?debug=1": "heap profile", "/debug/pprof/symbol": "num_symbols",
	} {
		if status, body := get(t, admin+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s on the admin listener: %d %.100s", path, status, body)
		}
		if status, _ := get(t, graph+path); status != http.StatusNotFound && !strings.HasSuffix(path, "z") {
			t.Errorf("%s beside the graph: %d", path, status)
		}
	}
	for path, want := range map[string]int{"/graphql": 404, "/": 404, "/debug/pprof/cmdline": 404, "/debug/vars": 404} {
		if status, _ := get(t, admin+path); status != want {
			t.Errorf("%s on the admin listener: %d", path, status)
		}
	}
	// A page that has had its own name pointed at this machine.
	if resp := ask(t, http.MethodGet, admin+"/debug/pprof/", "", "Host", "evil.example"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("profiles by another name: %d", resp.StatusCode)
	}
	stop()
	if _, err := http.Get(admin + "/livez"); err == nil {
		t.Error("the admin listener answers after the stop")
	}
}

func TestAnAdminAddressInUseStopsTheStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	code, _, errs := run(t, map[string]string{"CLINICGRAPH_ADDR": "127.0.0.1:0", "CLINICGRAPH_ADMIN_ADDR": taken.Addr().String()})
	if code != config.ExitUsage || !strings.Contains(errs, "CLINICGRAPH_ADMIN_ADDR") {
		t.Errorf("exit %d, %s", code, errs)
	}
}
