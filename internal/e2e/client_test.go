package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// client asks the graph as one user, or as nobody.
type client struct {
	c             *clinic
	token         string
	refresh       string
	header, value string // one more header
	host          string // what the request says that the server is called; "": what it is
	ip, device    string // where a proxy is trusted: the address; what tells the device

	// Where a story looks at more than its verbs ask for: what a document becomes,
	// and who sees the answer.
	widen func(document string) string
	seen  func(document string, a *answer)
}

// vars are the variables of an operation.
type vars = map[string]any

// anyone asks without a token.
func (c *clinic) anyone() *client { return &client{c: c} }

// as signs the user in, once.
func (c *clinic) as(login string) *client {
	c.t.Helper()
	c.mu.Lock()
	known := c.clients[login]
	c.mu.Unlock()
	if known != nil {
		return known
	}
	signed := c.signIn(login, password)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clients[login] = signed
	return signed
}

// signIn signs in with a password, anew each time.
func (c *clinic) signIn(login, password string) *client {
	c.t.Helper()
	a := c.anyone().login(login, password).ok()
	return c.holding(a, "login")
}

// holding is a client with the tokens of a session payload.
func (c *clinic) holding(a *answer, field string) *client {
	c.t.Helper()
	held := &client{c: c, token: a.text(field + ".accessToken"), refresh: a.text(field + ".refreshToken")}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets = append(c.secrets, held.token, held.refresh)
	return held
}

// do runs an operation. It may be called from any goroutine.
func (cl *client) do(query string, v ...vars) *answer {
	cl.c.t.Helper()
	if cl.widen != nil {
		query = cl.widen(query)
	}
	body := map[string]any{"query": query}
	if len(v) > 0 {
		body["variables"] = v[0]
	}
	text, err := json.Marshal(body)
	if err != nil {
		cl.c.t.Error(err)
	}
	a := cl.send(http.MethodPost, "application/json", strings.NewReader(string(text)), query[:min(len(query), 1000)])
	if cl.seen != nil {
		cl.seen(query, a)
	}
	return a
}

// post sends a body to the graph and looks at what the contract promises of
// every answer.
func (cl *client) post(contentType, body string) *answer {
	cl.c.t.Helper()
	return cl.send(http.MethodPost, contentType, strings.NewReader(body), body[:min(len(body), 1000)])
}

// send is post with any method and reader; what names the request in the test's
// messages.
func (cl *client) send(method, contentType string, body io.Reader, what string) *answer {
	t := cl.c.t
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, cl.c.url+"/graphql", body)
	if err != nil {
		t.Error(err)
		return &answer{t: t, what: what}
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if cl.token != "" {
		r.Header.Set("Authorization", "Bearer "+cl.token)
	}
	if cl.header != "" {
		r.Header.Set(cl.header, cl.value)
	}
	r.Host = cl.host
	if cl.ip != "" {
		r.Header.Set("X-Forwarded-For", cl.ip)
	}
	if cl.device != "" {
		r.Header.Set("X-Device-Token", cl.device)
	}
	return cl.c.exchange(r, what)
}

// exchange sends a request as it is.
func (c *clinic) exchange(r *http.Request, what string) *answer {
	t := c.t
	t.Helper()
	a := &answer{t: t, what: what, broken: c.broken}
	response, err := c.http.Do(r)
	if err != nil {
		t.Error(err)
		return a
	}
	defer response.Body.Close()
	if a.body, err = io.ReadAll(response.Body); err != nil {
		t.Error(err)
	}
	a.status, a.header = response.StatusCode, response.Header
	a.read()
	return a
}

// answer is what came back.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
	data   any
	errs   []failure
	broken bool // the story has broken the server
}

// failure is one error of an answer.
type failure struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path"`
	Extensions map[string]any `json:"extensions"`
}

// codes are those that a client may ever see, INTERNAL apart.
var codes = []string{
	"BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "UNAUTHENTICATED", "INVALID_CREDENTIALS",
	"PASSWORD_CHANGE_REQUIRED", "SECOND_FACTOR_REQUIRED", "STEP_UP_REQUIRED", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "SLOT_TAKEN", "INVALID_TRANSITION", "IDEMPOTENCY_MISMATCH",
	"OUT_OF_STOCK", "INSUFFICIENT_POINTS", "RATE_LIMITED", "TOO_COMPLEX", "PAYLOAD_TOO_LARGE", "OVERLOADED", "UNAVAILABLE",
}

var actions = []string{"NONE", "FIX_INPUT", "SIGN_IN", "REFRESH", "CHANGE_PASSWORD", "SECOND_FACTOR", "REAUTHENTICATE", "RETRY"}

// innards is what only the server itself should ever see: words of drivers and
// databases, paths and stacks.
var innards = regexp.MustCompile(`(?i)\bpq:|sqlite|sqlstate|\bselect .* from\b|\bent:|violates|constraint|goroutine|\.go:\d|/tmp/|panic|runtime error|guard:|graph:|store:|auth:|context canceled`)

// read takes the answer apart and holds it against the contract of errors.
func (a *answer) read() {
	a.t.Helper()
	var parsed struct {
		Data   any       `json:"data"`
		Errors []failure `json:"errors"`
	}
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.UseNumber()
	if err := decoder.Decode(&parsed); err != nil {
		a.t.Errorf("%s: the answer (%d) is not JSON: %s", a.what, a.status, a.body)
		return
	}
	a.data, a.errs = parsed.Data, parsed.Errors
	request := a.header.Get("X-Request-Id")
	if request == "" {
		a.t.Errorf("an answer without X-Request-Id: %s", a.body)
	}
	if a.status >= 500 && a.status != http.StatusServiceUnavailable {
		a.t.Errorf("status %d: %s", a.status, a.body)
	}
	for _, f := range a.errs {
		x := f.Extensions
		code, _ := x["code"].(string)
		action, _ := x["action"].(string)
		_, retryable := x["retryable"].(bool)
		if code == "INTERNAL" && a.broken {
			code = "UNAVAILABLE"
		}
		if f.Message == "" || !slices.Contains(codes, code) || !slices.Contains(actions, action) || !retryable || x["requestId"] != request {
			a.t.Errorf("%s\nan error against the contract (X-Request-Id %s): %s", a.what, request, a.body)
		}
		if innards.MatchString(f.Message) {
			a.t.Errorf("%s\nan error that tells of the server's innards: %s", a.what, a.body)
		}
	}
}
