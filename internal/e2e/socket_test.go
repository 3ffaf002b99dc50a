package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// socket is a connection for subscriptions of one user.
type socket struct {
	*websocket.Conn
	c   *clinic
	ops int
}

// socket connects as the client and is let in.
func (cl *client) socket() *socket {
	cl.c.t.Helper()
	s := cl.c.dial()
	s.say(map[string]any{"type": "connection_init", "payload": vars{"Authorization": "Bearer " + cl.token}})
	if m := s.hear(); m.Type != "connection_ack" {
		cl.c.t.Fatalf("not let in: %+v", m)
	}
	return s
}

// dial connects and says nothing yet.
func (c *clinic) dial() *socket {
	c.t.Helper()
	conn, _, err := websocket.Dial(c.t.Context(), c.url+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		c.t.Fatal(err)
	}
	conn.SetReadLimit(16 << 20)
	c.t.Cleanup(func() { conn.CloseNow() })
	return &socket{Conn: conn, c: c}
}

func (s *socket) say(message any) {
	s.c.t.Helper()
	text, err := json.Marshal(message)
	if err != nil {
		s.c.t.Fatal(err)
	}
	if err := s.Write(s.c.t.Context(), websocket.MessageText, text); err != nil {
		s.c.t.Fatal(err)
	}
}

// told is a message of the server.
type told struct {
	Type, ID string
	Payload  json.RawMessage
	text     string
}

// patience is how long a story waits for what must come.
const patience = time.Minute

func (s *socket) hear() told {
	s.c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, text, err := s.Read(ctx)
	if err != nil {
		s.c.t.Fatalf("nothing is told: %v", err)
	}
	m := told{text: string(text)}
	if err := json.Unmarshal(text, &m); err != nil {
		s.c.t.Fatalf("%s: %v", text, err)
	}
	return m
}

// closed waits for the end of the connection and gives its code.
func (s *socket) closed() websocket.StatusCode {
	s.c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if _, _, err := s.Read(ctx); err != nil {
			var closed websocket.CloseError
			if !errors.As(err, &closed) {
				s.c.t.Fatalf("it ends without a word: %v", err)
			}
			return closed.Code
		}
	}
}

// subscribe begins an operation and gives its id. It has begun when the server
// has answered what was said after it.
func (s *socket) subscribe(query string, v ...vars) string {
	s.c.t.Helper()
	id := s.begin(query, v...)
	s.sync()
	return id
}

func (s *socket) begin(query string, v ...vars) string {
	s.c.t.Helper()
	s.ops++
	id := string(rune('a' + s.ops - 1))
	payload := vars{"query": query}
	if len(v) > 0 {
		payload["variables"] = v[0]
	}
	s.say(vars{"type": "subscribe", "id": id, "payload": payload})
	return id
}

// watch says what comes of a subscription: "open", the code of its refusal, or
// that of the connection's.
func (cl *client) watch(query string, v vars) string {
	cl.c.t.Helper()
	if cl.token == "" {
		s := cl.c.dial()
		s.say(vars{"type": "connection_init"})
		return fmt.Sprintf("closed %d", s.closed())
	}
	s := cl.socket() // which stays until the story ends: the count below only grows
	before := cl.c.app.Live.Subscriptions()
	id := s.begin(query, v)
	s.say(vars{"type": "ping"})
	m := s.hear()
	if m.Type == "pong" { // the server has read the first, and may not have answered yet
		if cl.c.app.Live.Subscriptions() > before {
			return "open"
		}
		m = s.hear()
	}
	return s.c.result([]byte(`{"errors":`+string(m.Payload)+`}`)).code() + strings.TrimPrefix(m.ID, id)
}

// sync waits until the server has read everything: it answers in order. Of operations
// that were just completed something may be on its way still.
func (s *socket) sync(completed ...string) {
	s.c.t.Helper()
	s.say(vars{"type": "ping"})
	m := s.hear()
	for m.Type == "next" && slices.Contains(completed, m.ID) {
		m = s.hear()
	}
	if m.Type != "pong" {
		s.c.t.Fatalf("before the pong: %s", m.text)
	}
}

// data is the next result, of the operation with the id.
func (s *socket) data(id string) *answer {
	s.c.t.Helper()
	m := s.hear()
	if m.Type != "next" || m.ID != id {
		s.c.t.Fatalf("not the next result of %s: %s", id, m.text)
	}
	return s.c.result(m.Payload)
}

// refused is the code of the error that ends the operation next.
func (s *socket) refused(id string) string {
	s.c.t.Helper()
	m := s.hear()
	if m.Type != "error" || m.ID != id {
		s.c.t.Fatalf("not the end of %s: %s", id, m.text)
	}
	return s.c.result([]byte(`{"errors":` + string(m.Payload) + `}`)).code()
}

// result is a result as an answer, held against the contract of errors.
func (c *clinic) result(text []byte) *answer {
	c.t.Helper()
	a := &answer{t: c.t, what: "subscription", broken: c.broken, status: 200, body: text, header: map[string][]string{}}
	var parsed struct{ Errors []failure }
	if err := json.Unmarshal(text, &parsed); err != nil {
		c.t.Fatal(err)
	}
	for _, f := range parsed.Errors { // its request is the socket's
		id, _ := f.Extensions["requestId"].(string)
		a.header.Set("X-Request-Id", id)
	}
	if len(parsed.Errors) == 0 {
		a.header.Set("X-Request-Id", "none")
	}
	a.read()
	return a
}

// events posts a subscription and gives what reads its answer, line by line, to
// the end: "".
func (cl *client) events(query string) (line func() string) {
	t := cl.c.t
	t.Helper()
	body, err := json.Marshal(vars{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, cl.c.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", "Bearer "+cl.token)
	resp, err := cl.c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 16<<20)
	return func() string {
		for lines.Scan() {
			if text := lines.Text(); text != "" && text != ":" {
				return text
			}
		}
		return ""
	}
}
