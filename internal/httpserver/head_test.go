package httpserver

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

func TestTheRequestLineIsTheGraphs(t *testing.T) {
	if requestLine != "POST /graphql HTTP/1.1\r\n" {
		t.Errorf("%q", requestLine)
	}
}

// FuzzParseHead holds what parseHead is sure of against net/http.
func FuzzParseHead(f *testing.F) {
	for _, texts := range unsure {
		f.Add([]byte(strings.Join(texts, "")))
	}
	f.Add([]byte(plain))
	f.Add([]byte(asking(read, "Origin: https://front.example", "Sec-Fetch-Site: cross-site", "X-Request-Id: my-request", "Accept: */*", "traceparent: a")))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, ok := parseHead(text)
		if !ok {
			return
		}
		in := bytes.NewReader(text)
		buffered := bufio.NewReaderSize(in, len(text)+16)
		r, err := http.ReadRequest(buffered)
		if err != nil {
			t.Fatalf("net/http reads no request: %v", err)
		}
		if read := len(text) - buffered.Buffered(); h.length != read {
			t.Errorf("a head of %d bytes, %d for net/http", h.length, read)
		}
		if r.Method != http.MethodPost || r.RequestURI != "/graphql" || r.ProtoMajor != 1 || r.ProtoMinor != 1 || r.Close || len(r.TransferEncoding) > 0 || len(r.Trailer) > 0 {
			t.Errorf("%+v", r)
		}
		if int64(h.body) != r.ContentLength || string(h.host) != r.Host {
			t.Errorf("%d bytes for %q, %d for %q", h.body, h.host, r.ContentLength, r.Host)
		}
		for name, value := range map[string][]byte{
			"Accept": h.accept, "Origin": h.origin, "Sec-Fetch-Site": h.site, "X-Purpose-Of-Use": h.purpose, "X-Request-Id": h.id,
			"Traceparent": h.traceparent, "Tracestate": h.tracestate,
		} {
			sent := r.Header.Values(name)
			if len(sent) > 1 || (len(sent) == 1) != (value != nil) || r.Header.Get(name) != string(value) {
				t.Errorf("%s: %q, %q for net/http", name, value, sent)
			}
		}
		for _, name := range []string{"Transfer-Encoding", "Expect", "Upgrade", "Te", "Trailer"} {
			if r.Header.Get(name) != "" {
				t.Errorf("%s: %q", name, r.Header.Get(name))
			}
		}
	})
}
