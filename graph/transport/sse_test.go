package transport_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clinicgraph/graph/live"
	"clinicgraph/graph/transport"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

// eventEndpoint serves the script as events, to the viewer unless that is nil.
// Its own timeouts are shorter than any stream.
func eventEndpoint(t *testing.T, v *access.Viewer) (*transport.SSE, string) {
	t.Helper()
	sse := &transport.SSE{
		Hub: live.NewHub(live.Limits{Streams: 100, PerUser: 2, Buffer: 64},
			func(_ context.Context, v *access.Viewer) (*access.Viewer, error) { return v, nil }, slog.New(slog.DiscardHandler)),
		Streams: &transport.Streams{}, MaxBody: 1000, Depth: 32, Now: time.Now,
		Recover: func(context.Context, any) error { return fault.New(fault.CodeInternal, "defect") },
	}
	exec := script{large: `"` + strings.Repeat("x", 1<<20) + `"`}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v != nil {
			r = r.WithContext(access.NewContext(r.Context(), v))
		}
		if !sse.Supports(r) {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		sse.Do(w, r, exec)
	}))
	server.Config.ReadTimeout, server.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	server.Start()
	t.Cleanup(func() {
		if err := sse.Streams.Close(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
		if n := sse.Hub.Streams(); n != 0 {
			t.Errorf("%d streams are left", n)
		}
	})
	return sse, server.URL
}

func somebody() *access.Viewer {
	return &access.Viewer{UserID: ids.New(ids.User), SessionID: ids.New(ids.UserSession), Until: time.Now().Add(time.Hour)}
}

// stream asks for a subscription.
func stream(t *testing.T, url, query string) *http.Response {
	t.Helper()
	return post(t, url, `{"query":"`+query+`"}`, "text/event-stream")
}

func post(t *testing.T, url, body, accept string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// whole reads a stream to its end, without the comment that it begins with.
func whole(t *testing.T, resp *http.Response) string {
	t.Helper()
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		t.Errorf("status %d, %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(text), ":\n\n")
}

func TestASubscriptionIsAStreamOfEvents(t *testing.T) {
	_, url := eventEndpoint(t, somebody())
	const refused = `{"errors":[{"message":"Queries and mutations are asked with POST and Accept: application/json.","extensions":{"code":"BAD_USER_INPUT"}}]}`
	for query, want := range map[string]string{
		"one":           "event: next\ndata: {\"data\":{\"told\":1}}\n\nevent: complete\ndata:\n\n",
		"invalid":       "event: next\ndata: {\"errors\":[{\"message\":\"invalid\"}]}\n\nevent: complete\ndata:\n\n",
		"query":         "event: next\ndata: " + refused + "\n\nevent: complete\ndata:\n\n",
		"mutation":      "event: next\ndata: " + refused + "\n\nevent: complete\ndata:\n\n",
		"panic at once": "event: next\ndata: {\"errors\":[{\"message\":\"defect\",\"extensions\":{\"code\":\"INTERNAL\"}}]}\n\nevent: complete\ndata:\n\n",
	} {
		if got := whole(t, stream(t, url, query)); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestAStreamOutlivesTheTimeoutsOfARequest(t *testing.T) {
	v := somebody()
	v.Until = time.Now().Add(500 * time.Millisecond) // five times those of the server
	_, url := eventEndpoint(t, v)
	want := "event: next\ndata: {\"data\":{\"told\":1}}\n\n" +
		"event: next\ndata: {\"errors\":[{\"message\":\"The access token has expired.\",\"extensions\":{\"code\":\"UNAUTHENTICATED\"}}]}\n\nevent: complete\ndata:\n\n"
	if got := whole(t, stream(t, url, "wait")); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatHTTPCanSayIsAStatus(t *testing.T) {
	_, url := eventEndpoint(t, somebody())
	if resp := post(t, url, `{"query":`, "text/event-stream"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("no JSON: %d", resp.StatusCode)
	}
	if resp := post(t, url, `{"query":"`+strings.Repeat("x", 1000)+`"}`, "text/event-stream"); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too long: %d", resp.StatusCode)
	}
	for range 2 {
		resp := stream(t, url, "wait")
		if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || line != ":\n" {
			t.Errorf("%q %v", line, err)
		}
	}
	if resp := stream(t, url, "wait"); resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		t.Errorf("the third of a user: %d", resp.StatusCode)
	}
	_, url = eventEndpoint(t, nil)
	if resp := stream(t, url, "wait"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody: %d", resp.StatusCode)
	}
}

func TestOnlyThoseWhoWantEventsAloneGetThem(t *testing.T) {
	_, url := eventEndpoint(t, somebody())
	for accept, status := range map[string]int{
		"text/event-stream": 200, "text/event-stream, multipart/mixed": 200, "Text/Event-Stream;q=0.9": 200,
		"application/json": 418, "": 418, "*/*": 418,
		"application/graphql-response+json, application/json, text/event-stream, multipart/mixed": 418,
	} {
		if resp := post(t, url, `{"query":"one"}`, accept); resp.StatusCode != status {
			t.Errorf("%q: %d, want %d", accept, resp.StatusCode, status)
		}
	}
}

func TestAStreamThatNobodyReadsIsCut(t *testing.T) {
	sse, url := eventEndpoint(t, somebody())
	slow := stream(t, url, "flood")
	first, err := bufio.NewReader(slow.Body).ReadByte()
	if err != nil || first != ':' {
		t.Fatalf("%q %v", first, err)
	}
	other := stream(t, url, "wait")
	lines := bufio.NewReader(other.Body)
	if line, err := lines.ReadString('}'); err != nil || !strings.HasSuffix(line, `{"told":1}`) {
		t.Errorf("%q %v", line, err)
	}
	if err := sse.Streams.Close(t.Context()); err != nil { // waits for both
		t.Error(err)
	}
	if rest, err := io.ReadAll(lines); err != nil || strings.Contains(string(rest), "complete") {
		t.Errorf("the client would not connect again: %q %v", rest, err)
	}
}
