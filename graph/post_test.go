package graph_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"clinicgraph/graph"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

const (
	plainJSON    = "application/json"
	responseJSON = "application/graphql-response+json"
)

// exchange is one request over HTTP, as the authentication middleware hands it
// down; the zero value asks for the type of the root.
type exchange struct {
	method string
	body   io.Reader
	header http.Header
	bearer graph.Bearer
}

// over sends the exchange and looks at what every answer has.
func (w *world) over(t *testing.T, e exchange) *httptest.ResponseRecorder {
	t.Helper()
	if e.body == nil {
		e.body = strings.NewReader(`{"query":"{ __typename }"}`)
	}
	if e.method == "" {
		e.method = http.MethodPost
	}
	r := httptest.NewRequest(e.method, "/graphql", e.body)
	r.Header.Set("Content-Type", plainJSON)
	for key, values := range e.header {
		r.Header[key] = values
	}
	ctx := access.NewContext(r.Context(), &access.Viewer{})
	ctx = access.WithRequest(graph.WithBearer(ctx, e.bearer), access.Request{ID: requestID})
	rec := &once{ResponseRecorder: httptest.NewRecorder()}
	w.handler.ServeHTTP(rec, r.WithContext(ctx))
	if length := strconv.Itoa(rec.Body.Len()); rec.writes != 1 || rec.Header().Get("Content-Length") != length {
		t.Errorf("%d writes, Content-Length %q: %s", rec.writes, rec.Header().Get("Content-Length"), rec.Body)
	}
	media, charset, _ := strings.Cut(rec.Header().Get("Content-Type"), ";")
	if media != plainJSON && media != responseJSON || charset != " charset=utf-8" {
		t.Errorf("Content-Type %q: %s", rec.Header().Get("Content-Type"), rec.Body)
	}
	return rec.ResponseRecorder
}

// once counts the writes.
type once struct {
	*httptest.ResponseRecorder
	writes int
}

func (o *once) Write(b []byte) (int, error) {
	o.writes++
	return o.ResponseRecorder.Write(b)
}

// TestPOST_tells_by_the_status_whether_a_request_was_executed: GraphQL over HTTP,
// "Status Codes". A request that was not executed has no data entry.
func TestPOST_tells_by_the_status_whether_a_request_was_executed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bad := graph.Bearer{Presented: true, Bad: true}
		for _, c := range []struct {
			name, body   string
			bearer       graph.Bearer
			code         fault.Code
			plain, other int // the statuses under the two media types
			data         bool
		}{
			{"an operation", `{"query":"{ __typename }"}`, graph.Bearer{}, "", 200, 200, true},
			{"an error of a field", `{"query":"{ a: node(id: \"x\") { id } }"}`, graph.Bearer{}, fault.CodeBadUserInput, 200, 200, true},
			{"an error that nulls the whole", `{"query":"{ customers { totalCount } }"}`, graph.Bearer{}, fault.CodeUnauthenticated, 200, 200, true},
			{"no GraphQL", `{"query":"{"}`, graph.Bearer{}, fault.CodeGraphQLParseFailed, 200, 400, false},
			{"another schema's document", `{"query":"{ nothing }"}`, graph.Bearer{}, fault.CodeGraphQLValidation, 200, 400, false},
			{"a missing variable", `{"query":"query($id: ID!) { node(id: $id) { id } }"}`, graph.Bearer{}, fault.CodeGraphQLValidation, 200, 400, false},
			{"a variable of another type", `{"query":"query($id: ID!) { node(id: $id) { id } }","variables":{"id":null}}`, graph.Bearer{}, fault.CodeGraphQLValidation, 200, 400, false},
			{"an unknown operation", `{"query":"query A { __typename }","operationName":"B"}`, graph.Bearer{}, fault.CodeGraphQLValidation, 200, 400, false},
			{"no JSON", `{ "not a JSON`, graph.Bearer{}, fault.CodeBadUserInput, 400, 400, false},
			{"no body", ``, graph.Bearer{}, fault.CodeBadUserInput, 400, 400, false},
			{"no query", `{"qeury":"{ __typename }"}`, graph.Bearer{}, fault.CodeBadUserInput, 400, 400, false},
			{"a batch", `[{"query":"{ __typename }"}]`, graph.Bearer{}, fault.CodeBadUserInput, 400, 400, false},
			{"variables that are a list", `{"query":"{ __typename }","variables":[]}`, graph.Bearer{}, fault.CodeBadUserInput, 400, 400, false},
			{"a bad bearer", `{"query":"{ customers { totalCount } }"}`, bad, fault.CodeUnauthenticated, 401, 401, false},
			{"a bad bearer at a mutation", `{"query":"mutation { logoutEverywhere { ended } }"}`, bad, fault.CodeUnauthenticated, 401, 401, false},
			{"a bad bearer and no GraphQL", `{"query":"{"}`, bad, fault.CodeGraphQLParseFailed, 200, 400, false},
			{"too long a body", `{"query":"{ __typename }"` + strings.Repeat(" ", 100<<10) + `}`, graph.Bearer{}, fault.CodePayloadTooLarge, 413, 413, false},
		} {
			for media, status := range map[string]int{plainJSON: c.plain, responseJSON: c.other} {
				rec := w.over(t, exchange{body: strings.NewReader(c.body), bearer: c.bearer, header: http.Header{"Accept": {media}}})
				a := read(t, rec)
				if rec.Code != status || a.first().Extensions.Code != c.code || strings.Contains(a.raw, `"data":`) != c.data || !strings.HasPrefix(rec.Header().Get("Content-Type"), media) {
					t.Errorf("%s as %s: want %d %s, got %d %s", c.name, media, status, c.code, rec.Code, a.raw)
				}
			}
		}
	})
}

func TestPOST_serves_JSON_by_POST_alone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "post"} {
			if rec := w.over(t, exchange{method: method}); rec.Code != 405 || rec.Header().Get("Allow") != "POST" {
				t.Errorf("%s: %d %v", method, rec.Code, rec.Header())
			}
		}
		for _, contentType := range [][]string{
			nil, {""}, {"text/plain"}, {"application/graphql"}, {"application/x-www-form-urlencoded"}, {"multipart/form-data; boundary=x"}, {"application/json; charset=utf-16"},
			{"application/json; charset=iso-8859-1"}, {"application/json; charset=utf-8; charset=utf-16"}, {"application/json", "text/plain"}, {"application/jsonp"}, {"application/json, text/plain"},
		} {
			if rec := w.over(t, exchange{header: http.Header{"Content-Type": contentType}}); rec.Code != 415 {
				t.Errorf("%q: %d %s", contentType, rec.Code, rec.Body)
			}
		}
		for _, coding := range []string{"gzip", "deflate", "br", "gzip, identity", "x"} {
			if rec := w.over(t, exchange{header: http.Header{"Content-Encoding": {coding}}}); rec.Code != 415 || rec.Header().Get("Accept-Encoding") != "identity" {
				t.Errorf("%q: %d %s", coding, rec.Code, rec.Body)
			}
		}
		if rec := w.over(t, exchange{header: http.Header{"Accept": {"text/html"}}}); rec.Code != 406 {
			t.Errorf("Accept: text/html: %d %s", rec.Code, rec.Body)
		}
		for key, value := range map[string]string{"Content-Type": "Application/JSON ; charset=\"UTF-8\"", "Content-Encoding": "identity", "Accept": "application/*;q=0.1"} {
			if rec := w.over(t, exchange{header: http.Header{key: {value}}}); rec.Code != 200 {
				t.Errorf("%s: %s: %d %s", key, value, rec.Code, rec.Body)
			}
		}
	})
}

// TestPOST_outlives_a_panic, wherever in the transport it happens.
func TestPOST_outlives_a_panic(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rec := w.over(t, exchange{body: broken{func() error { panic(secretText) }}})
		if a := read(t, rec).refused(fault.CodeInternal, ""); rec.Code != 500 || a.Data != nil || a.first().Extensions.RequestID != requestID || strings.Contains(a.raw, "canary") {
			t.Errorf("%d %s", rec.Code, a.raw)
		}
		if log := w.log.take(); !strings.Contains(log, "canary") {
			t.Errorf("the log does not tell why: %s", log)
		}
		rec = w.over(t, exchange{body: broken{func() error { return errors.New(secretText) }}})
		if a := read(t, rec).refused(fault.CodeBadUserInput, ""); rec.Code != 400 || strings.Contains(a.raw, "canary") {
			t.Errorf("%d %s", rec.Code, a.raw)
		}
		if rec := w.over(t, exchange{}); rec.Code != 200 {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
	})
}

// broken is a body that fails.
type broken struct{ fail func() error }

func (b broken) Read([]byte) (int, error) { return 0, b.fail() }
