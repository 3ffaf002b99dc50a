package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"clinicgraph/internal/auth"
	"clinicgraph/internal/config"
)

// forged is what a client would like to see in the log: lines of its own, hidden
// ones, and colours.
const forged = "x\r\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\n12:00:00.000 ERR forged\x1b[2K\x1b[1A\u009b2K\u202e\x00\b\\x1b[2K\ufffd end"

// TestWhatAClientChoosesIsOneEscapedLine sends it wherever a client may choose,
// and looks at every form of the log.
func TestWhatAClientChoosesIsOneEscapedLine(t *testing.T) {
	var lines, text, color bytes.Buffer
	handler := slog.NewMultiHandler(
		newLogger(config.Log{Level: "debug", Format: "json"}, &lines).Handler(),
		newLogger(config.Log{Level: "debug", Format: "text"}, &text).Handler(),
		textHandler(&color, slog.LevelDebug, true),
	)
	log := slog.New(handler)
	cfg := config.Config{Env: config.Development, Currency: "EUR", Timezone: "UTC", Database: config.Database{Data: t.TempDir()}, Server: config.Server{Playground: "off"}}
	cfg.Load.TrustedProxies = []string{"127.0.0.1", "::1"}
	a, err := New(t.Context(), cfg, log, Options{Passwords: auth.Params{MemoryKiB: 8, Time: 1, Slots: 2}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	server := httptest.NewServer(a.Handler)
	defer server.Close()
	send(t, server.URL+"/graphql", nil, map[string]any{"query": "{ __typename }", "operationName": forged})
	send(t, server.URL+"/graphql", nil, map[string]any{"query": "query Forged { __typename }", "extensions": map[string]any{"x": forged}})
	send(t, server.URL+"/graphql", nil, map[string]any{"documentId": forged})
	send(t, server.URL+"/graphql", nil, map[string]any{
		"query":     "mutation ($l: String!, $p: String!) { login(input: {login: $l, password: $p}) { accessToken } }",
		"variables": map[string]any{"l": forged, "p": forged},
	})
	send(t, server.URL+"/graphql", nil, map[string]any{"query": forged})
	send(t, server.URL+"/graphql", nil, map[string]any{"query": "{ __typename } # " + strings.Repeat(forged, 1000)})
	send(t, server.URL+"/"+url.PathEscape(forged), nil, nil)
	for _, header := range []string{"X-Forwarded-For", "X-Purpose-Of-Use", "X-Device-Token", "Traceparent", "Origin"} {
		send(t, server.URL+"/graphql", http.Header{header: {"\u009b2K\t\u202e\\x1b[2K\", 192.0.2.1"}}, map[string]any{"query": "{ __typename }"})
	}
	// net/http refuses control characters in a header, but for these.
	send(t, server.URL+"/graphql", http.Header{"User-Agent": {`"} {"msg":"forged"}` + "\u009b2K\t\u202e"}, "X-Request-Id": {`forged"} {"`}, "Authorization": {"Bearer \u009b2K"}}, nil)
	// What the server says about itself may hold the same words: net/http's own
	// lines, and the text of drivers.
	slog.NewLogLogger(handler, slog.LevelWarn).Print(forged)
	log.Error("request failed", "error", errors.New(forged), "panic", any(forged), "bytes", []byte(forged), "path", url.URL{Path: forged})

	records := strings.Split(strings.TrimSuffix(lines.String(), "\n"), "\n")
	if len(records) < 8 {
		t.Errorf("only %d lines: %s", len(records), lines.String())
	}
	for _, line := range records {
		var record struct{ Time, Level, Msg string }
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.Time == "" || record.Msg == "forged" {
			t.Errorf("%v: %q", err, line)
		}
	}
	begin := regexp.MustCompile(`^(\x1b\[2m)?\d\d:\d\d:\d\d\.\d{3}|^(\x1b\[2m)?[A-Z][a-z]{2} `)
	own := regexp.MustCompile(`\x1b\[(0|2|22|9[1-3]|2;9[1-3])m`)
	for name, out := range map[string]string{"text": text.String(), "color": color.String()} {
		shown := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if len(shown) != len(records) {
			t.Errorf("%s has %d lines for %d records", name, len(shown), len(records))
		}
		for _, line := range shown {
			if name == "color" {
				line = own.ReplaceAllString(line, "")
			}
			if !begin.MatchString(line) || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e' }) {
				t.Errorf("%s: %q", name, line)
			}
		}
		if !strings.Contains(out, "end") {
			t.Errorf("%s: what comes after is lost: %s", name, out)
		}
	}
}

func send(t *testing.T, url string, header http.Header, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}
