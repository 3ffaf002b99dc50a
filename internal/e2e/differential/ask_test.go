package differential

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"clinicgraph/ent"
)

// document is one request. Ids and cursors stand in it as names; see resolve.
type document struct {
	Viewer    string          `json:"viewer"`
	Query     string          `json:"query"`
	Variables json.RawMessage `json:"variables,omitempty"`
	Operation string          `json:"operationName,omitempty"`
	Purpose   string          `json:"purpose,omitempty"` // X-Purpose-Of-Use
	Why       string          `json:"why,omitempty"`     // of a case that is kept

	kind string   // what was drawn; see shapes
	uses []string // what is in it; see categories
}

// outcome is what came of a document on one of the two servers.
type outcome struct {
	status    int
	headers   string
	body      []byte
	operation string   // the line of the log
	errors    []string // of the log
	record    []string // rows of the audit log
}

// headers are those that may not differ.
var headers = []string{"Content-Type", "Content-Length", "X-Request-Id", "Cache-Control", "Retry-After", "Www-Authenticate", "Ratelimit", "Ratelimit-Policy"}

const requestID = "differential-1"

// ask sends the document to one server and takes what it did with it out of the
// record again: the next is to find what this one found.
func (c *clinic) ask(s *server, d document) outcome {
	c.t.Helper()
	s.log.take()
	o := c.send(s, d)
	o.record = c.record()
	o.operation, o.errors = s.log.take()
	return o
}

// send sends the document.
func (c *clinic) send(s *server, d document) outcome {
	c.t.Helper()
	v := c.viewer(d.Viewer)
	body, err := json.Marshal(map[string]any{"query": d.Query, "variables": d.Variables, "operationName": orNull(d.Operation)})
	c.must(err, "write %s", d.Query)
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(c.resolve(string(body))))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Request-Id", requestID)
	if v.token != "" {
		r.Header.Set("Authorization", "Bearer "+v.token)
	}
	if d.Purpose != "" {
		r.Header.Set("X-Purpose-Of-Use", d.Purpose)
	}
	w := httptest.NewRecorder()
	s.app.Handler.ServeHTTP(w, r)
	o := outcome{status: w.Code, body: w.Body.Bytes()}
	for _, name := range headers {
		o.headers += fmt.Sprintf("%s: %s\n", name, strings.Join(w.Header().Values(name), ", "))
	}
	return o
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// record takes the rows of the audit log that the request has made.
func (c *clinic) record() (rows []string) {
	c.t.Helper()
	columns := slices.DeleteFunc(slices.Clone(ent.Meta[ent.TypeAuditLog].Fields), func(name string) bool {
		return name == "created_at" || strings.Contains(name, "mac")
	})
	for _, row := range c.scan(`SELECT `+strings.Join(columns, ", ")+` FROM audit_logs WHERE request_id = $1`, requestID) {
		var b strings.Builder
		for i, column := range columns {
			if row[i] != nil && row[i] != "" {
				fmt.Fprintf(&b, "%s=%v ", column, row[i])
			}
		}
		rows = append(rows, b.String())
	}
	if len(rows) > 0 {
		c.must(c.run(`DELETE FROM audit_logs WHERE request_id = $1`, requestID), "take back what is on record")
	}
	slices.Sort(rows)
	return rows
}

// differ gives what differs between the two answers to a document; "" where nothing
// does.
func (c *clinic) differ(d document) (string, outcome) {
	c.t.Helper()
	a := c.ask(c.ordinary, d)
	b := c.ask(c.compiled, d)
	return c.compare(c.viewer(d.Viewer), a, b), a
}

// compare says what differs.
func (c *clinic) compare(v *viewer, a, b outcome) string {
	var all []string
	unlike := func(what string, a, b any) {
		if x, y := fmt.Sprint(a), fmt.Sprint(b); x != y {
			x, y = around(x, y), around(y, x)
			all = append(all, fmt.Sprintf("%s:\n  ordinary: %s\n  compiled: %s", what, x, y))
		}
	}
	unlike("status", a.status, b.status)
	x, y := c.readable(v, a.body), c.readable(v, b.body)
	if !bytes.Equal(x, y) {
		more, less := apart(x), apart(y)
		unlike("data", more.data, less.data)
		unlike("errors", more.errors, less.errors)
		if more.data == less.data && more.errors == less.errors && len(more.all) < 2 {
			unlike("body", string(x), string(y))
		}
		if len(more.all) > 1 {
			// The first error has named the outcome.
			a.operation, b.operation = withoutCode(a.operation), withoutCode(b.operation)
			if more.cut() { // which errors were cut, and with it the length, is chance
				a.headers, b.headers = withoutLength(a.headers), withoutLength(b.headers)
			}
		}
	}
	unlike("headers", a.headers, b.headers)
	unlike("line of the log", a.operation, b.operation)
	unlike("errors in the log", len(a.errors), len(b.errors))
	unlike("audit log", strings.Join(a.record, "\n    "), strings.Join(b.record, "\n    "))
	return strings.Join(all, "\n")
}

// around cuts a long text to where it begins to differ from another.
func around(text, other string) string {
	const before, after = 200, 400
	at := 0
	for at < min(len(text), len(other)) && text[at] == other[at] {
		at++
	}
	head, tail := "", ""
	if len(text) > at+after {
		text, tail = text[:at+after], "…"
	}
	if at > before {
		text, head = text[at-before:], "…"
	}
	return head + text + tail
}
