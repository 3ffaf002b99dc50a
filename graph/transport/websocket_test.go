package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/graph/live"
	"clinicgraph/graph/transport"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

// flooded counts what the subscription "flood" has given.
var flooded atomic.Int32

// script is an executor whose subscriptions do what their name says.
type script struct{ large string }

func (script) CreateOperationContext(_ context.Context, p *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	switch p.Query {
	case "invalid":
		return &graphql.OperationContext{}, gqlerror.List{gqlerror.Errorf("invalid")}
	case "panic at once":
		panic("injected")
	}
	kind := ast.Subscription
	if p.Query == "query" || p.Query == "mutation" {
		kind = ast.Operation(p.Query)
	}
	return &graphql.OperationContext{RawQuery: p.Query, Operation: &ast.OperationDefinition{Operation: kind}}, nil
}

func (s script) DispatchOperation(ctx context.Context, o *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	told := 0
	return func(ctx context.Context) *graphql.Response {
		told++
		switch {
		case o.RawQuery == "flood" && ctx.Err() == nil:
			flooded.Add(1)
			return &graphql.Response{Data: json.RawMessage(s.large)}
		case o.RawQuery == "refused" && told == 1:
			return &graphql.Response{Errors: gqlerror.List{gqlerror.Errorf("refused")}}
		case o.RawQuery == "panic" && told == 2:
			panic("injected")
		case o.RawQuery == "one" && told == 2:
			return nil
		case told == 1:
			return &graphql.Response{Data: json.RawMessage(`{"told":1}`)}
		}
		<-ctx.Done()
		return nil
	}, ctx
}

func (script) DispatchError(_ context.Context, list gqlerror.List) *graphql.Response {
	resp := &graphql.Response{}
	for _, err := range list {
		e := &gqlerror.Error{Message: err.Message}
		if f, ok := fault.As(err); ok {
			e.Message, e.Extensions = f.Message, map[string]any{"code": f.Code}
		}
		resp.Errors = append(resp.Errors, e)
	}
	return resp
}

// endpoint serves the script to whoever holds the token "good".
func endpoint(t *testing.T, change func(*transport.WebSocket)) (*transport.WebSocket, string) {
	t.Helper()
	ws, handler := endpointHandler(t, change)
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := ws.Streams.Close(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
		if n := ws.Hub.Streams(); n != 0 {
			t.Errorf("%d streams are left", n)
		}
	})
	return ws, server.URL
}

func endpointHandler(t *testing.T, change func(*transport.WebSocket)) (*transport.WebSocket, http.Handler) {
	t.Helper()
	v := &access.Viewer{UserID: ids.New(ids.User), SessionID: ids.New(ids.UserSession), Until: time.Now().Add(time.Hour)}
	ws := &transport.WebSocket{
		Depth: 32,
		Hub: live.NewHub(live.Limits{Streams: 100, PerUser: 10, Buffer: 64},
			func(_ context.Context, v *access.Viewer) (*access.Viewer, error) { return v, nil }, slog.New(slog.DiscardHandler)),
		Streams: &transport.Streams{}, Origins: []string{"https://app.example"}, Operations: 3, InitTimeout: time.Minute, Now: time.Now,
		Authenticate: func(_ context.Context, token string) (*access.Viewer, error) {
			switch token {
			case "good":
				return v, nil
			case "defect":
				panic("injected")
			case "later":
				return nil, fault.New(fault.CodeUnavailable, "later")
			}
			return nil, fault.New(fault.CodeUnauthenticated, "bad")
		},
		Recover: func(context.Context, any) error { return fault.New(fault.CodeInternal, "defect") },
	}
	if change != nil {
		change(ws)
	}
	exec := script{large: `"` + strings.Repeat("x", 1<<20) + `"`}
	return ws, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ws.Supports(r) {
			ws.Do(w, r, exec)
		}
	})
}

type client struct {
	*websocket.Conn
	t *testing.T
}

func dial(t *testing.T, url string, protocols ...string) *client {
	t.Helper()
	if protocols == nil {
		protocols = []string{"graphql-transport-ws"}
	}
	conn, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{Subprotocols: protocols})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { conn.CloseNow() })
	return &client{conn, t}
}

const initGood = `{"type":"connection_init","payload":{"Authorization":"Bearer good"}}`

// enter dials and is let in.
func enter(t *testing.T, url string) *client {
	t.Helper()
	c := dial(t, url)
	c.say(initGood)
	c.hear(`{"type":"connection_ack"}`)
	return c
}

func (c *client) say(text string) {
	c.t.Helper()
	if err := c.Write(c.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// next is the next message of the server.
func (c *client) next() (any, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	_, text, err := c.Read(ctx)
	if err != nil {
		return nil, err
	}
	var got any
	return got, json.Unmarshal(text, &got)
}

func (c *client) hear(want string) {
	c.t.Helper()
	got, err := c.next()
	if err != nil {
		c.t.Fatal(err)
	}
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		c.t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		c.t.Errorf("message (-want +got):\n%s", diff)
	}
}

// closed waits for the end and gives its code and reason.
func (c *client) closed() (websocket.StatusCode, string) {
	c.t.Helper()
	for {
		if _, err := c.next(); err != nil {
			var closed websocket.CloseError
			if !errors.As(err, &closed) {
				c.t.Fatalf("the connection ends without a word: %v", err)
			}
			return closed.Code, closed.Reason
		}
	}
}

func TestEachBreachOfTheProtocolHasItsCloseCode(t *testing.T) {
	for name, c := range map[string]struct {
		say  []string
		code websocket.StatusCode
	}{
		"no JSON":                      {[]string{`{"type":`}, 4400},
		"JSON, but no object":          {[]string{`["connection_init"]`}, 4400},
		"a key twice":                  {[]string{`{"type":"ping","type":"pong"}`}, 4400},
		"no type":                      {[]string{`{}`}, 4400},
		"an unknown type":              {[]string{`{"type":"start"}`}, 4400},
		"a type of the server":         {[]string{`{"type":"connection_ack"}`}, 4400},
		"a payload that is a list":     {[]string{`{"type":"connection_init","payload":[]}`}, 4400},
		"an operation without id":      {[]string{initGood, `{"type":"subscribe","payload":{"query":"one"}}`}, 4400},
		"an operation without payload": {[]string{initGood, `{"id":"1","type":"subscribe"}`}, 4400},
		"an operation without query":   {[]string{initGood, `{"id":"1","type":"subscribe","payload":{}}`}, 4400},
		"a query that is a number":     {[]string{initGood, `{"id":"1","type":"subscribe","payload":{"query":1}}`}, 4400},
		"an id that is a number":       {[]string{initGood, `{"id":1,"type":"complete"}`}, 4400},
		"an id of 65 bytes":            {[]string{initGood, `{"id":"` + strings.Repeat("x", 65) + `","type":"complete"}`}, 4400},
		"an operation too early":       {[]string{`{"id":"1","type":"subscribe","payload":{"query":"one"}}`}, 4401},
		"no token":                     {[]string{`{"type":"connection_init"}`}, 4403},
		"no bearer":                    {[]string{`{"type":"connection_init","payload":{"Authorization":"good"}}`}, 4403},
		"a bad token":                  {[]string{`{"type":"connection_init","payload":{"Authorization":"Bearer bad"}}`}, 4403},
		"no database":                  {[]string{`{"type":"connection_init","payload":{"Authorization":"Bearer later"}}`}, 1013},
		"a defect":                     {[]string{`{"type":"connection_init","payload":{"Authorization":"Bearer defect"}}`}, 1011},
		"an id in use":                 {[]string{initGood, `{"id":"1","type":"subscribe","payload":{"query":"wait"}}`, `{"id":"1","type":"subscribe","payload":{"query":"wait"}}`}, 4409},
		"a second initialisation":      {[]string{initGood, initGood}, 4429},
		"65 KiB":                       {[]string{`{"type":"ping","payload":{"x":"` + strings.Repeat("x", 65<<10) + `"}}`}, 1009},
	} {
		t.Run(name, func(t *testing.T) {
			_, url := endpoint(t, nil)
			client := dial(t, url)
			for _, text := range c.say {
				client.say(text)
			}
			if code, reason := client.closed(); code != c.code || reason == "" {
				t.Errorf("closed with %d %q, want %d", code, reason, c.code)
			}
		})
	}
}

func TestOnlyTheOneProtocolIsSpoken(t *testing.T) {
	_, url := endpoint(t, nil)
	for _, protocols := range [][]string{{"graphql-ws"}, {"mqtt"}, {""}} {
		if code, _ := dial(t, url, protocols...).closed(); code != 4406 {
			t.Errorf("%q: closed with %d", protocols, code)
		}
	}
}

func TestWhoSaysNothingIsNotWaitedForLong(t *testing.T) {
	_, url := endpoint(t, func(ws *transport.WebSocket) { ws.InitTimeout = 20 * time.Millisecond })
	if code, reason := dial(t, url).closed(); code != 4408 || reason != "Connection initialisation timeout" {
		t.Errorf("closed with %d %q", code, reason)
	}
}

func TestASocketEndsWithItsToken(t *testing.T) {
	_, url := endpoint(t, func(ws *transport.WebSocket) {
		let := ws.Authenticate
		ws.Authenticate = func(ctx context.Context, token string) (*access.Viewer, error) {
			v, err := let(ctx, token)
			v.Until = time.Now().Add(50 * time.Millisecond)
			return v, err
		}
	})
	c := enter(t, url)
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"wait"}}`)
	c.hear(`{"id":"1","type":"next","payload":{"data":{"told":1}}}`)
	if code, reason := c.closed(); code != 4403 || !strings.Contains(reason, "expired") {
		t.Errorf("closed with %d %q", code, reason)
	}
}

func TestAnOperationIsToldAndCompleted(t *testing.T) {
	_, url := endpoint(t, nil)
	c := enter(t, url)
	c.say(`{"type":"ping","payload":{"x":1}}`)
	c.hear(`{"type":"pong"}`)
	for range 2 { // its id is free again
		c.say(`{"id":"1","type":"subscribe","payload":{"query":"one"}}`)
		c.hear(`{"id":"1","type":"next","payload":{"data":{"told":1}}}`)
		c.hear(`{"id":"1","type":"complete"}`)
	}
	for range 2 { // the client completes
		c.say(`{"id":"1","type":"subscribe","payload":{"query":"wait"}}`)
		c.hear(`{"id":"1","type":"next","payload":{"data":{"told":1}}}`)
		c.say(`{"id":"1","type":"complete"}`)
	}
	c.say(`{"id":"nothing of the kind","type":"complete"}`)
	c.say(`{"type":"pong"}`)
	c.say(`{"type":"ping"}`)
	c.hear(`{"type":"pong"}`)
}

func TestARefusalOrDefectEndsItsOperationAlone(t *testing.T) {
	_, url := endpoint(t, nil)
	c := enter(t, url)
	c.say(`{"id":"lasting","type":"subscribe","payload":{"query":"wait"}}`)
	c.hear(`{"id":"lasting","type":"next","payload":{"data":{"told":1}}}`)
	for query, errors := range map[string]string{
		"query":         `[{"message":"Queries and mutations are asked with POST and Accept: application/json.","extensions":{"code":"BAD_USER_INPUT"}}]`,
		"mutation":      `[{"message":"Queries and mutations are asked with POST and Accept: application/json.","extensions":{"code":"BAD_USER_INPUT"}}]`,
		"invalid":       `[{"message":"invalid"}]`,
		"refused":       `[{"message":"refused"}]`,
		"panic at once": `[{"message":"defect","extensions":{"code":"INTERNAL"}}]`,
	} {
		c.say(`{"id":"1","type":"subscribe","payload":{"query":"` + query + `"}}`)
		c.hear(`{"id":"1","type":"error","payload":` + errors + `}`)
	}
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"panic"}}`)
	c.hear(`{"id":"1","type":"next","payload":{"data":{"told":1}}}`)
	c.hear(`{"id":"1","type":"error","payload":[{"message":"defect","extensions":{"code":"INTERNAL"}}]}`)
	c.say(`{"id":"lasting","type":"complete"}`)
	c.say(`{"type":"ping"}`)
	c.hear(`{"type":"pong"}`)
}

func TestOneOperationMoreThanASocketCarriesIsRefused(t *testing.T) {
	_, url := endpoint(t, nil)
	c := enter(t, url)
	for _, id := range []string{"1", "2", "3"} {
		c.say(`{"id":"` + id + `","type":"subscribe","payload":{"query":"wait"}}`)
		c.hear(`{"id":"` + id + `","type":"next","payload":{"data":{"told":1}}}`)
	}
	c.say(`{"id":"4","type":"subscribe","payload":{"query":"wait"}}`)
	c.hear(`{"id":"4","type":"error","payload":[{"message":"A connection has at most 3 operations.","extensions":{"code":"RATE_LIMITED"}}]}`)
	c.say(`{"id":"1","type":"complete"}`)
	c.say(`{"id":"4","type":"subscribe","payload":{"query":"wait"}}`)
	c.hear(`{"id":"4","type":"next","payload":{"data":{"told":1}}}`)
}

func TestOneSocketMoreThanAUserMayHaveIsRefused(t *testing.T) {
	_, url := endpoint(t, nil)
	for range 10 {
		enter(t, url)
	}
	c := dial(t, url)
	c.say(initGood)
	if code, reason := c.closed(); code != 1013 || reason != "A user has at most 10 live connections." {
		t.Errorf("closed with %d %q", code, reason)
	}
}

func TestAClientThatDoesNotReadIsLetGoAndOthersGoOn(t *testing.T) {
	flooded.Store(0)
	ws, url := endpoint(t, nil)
	slow, other := enter(t, url), enter(t, url)
	slow.say(`{"id":"1","type":"subscribe","payload":{"query":"flood"}}`)
	for ws.Hub.Streams() == 2 { // it does not read; the other one is answered meanwhile
		other.say(`{"type":"ping"}`)
		other.hear(`{"type":"pong"}`)
	}
	other.say(`{"id":"1","type":"subscribe","payload":{"query":"one"}}`)
	other.hear(`{"id":"1","type":"next","payload":{"data":{"told":1}}}`)
	if n := flooded.Load(); n > 200 { // 64 of them wait, some are with the kernel
		t.Errorf("%d messages were made for nobody", n)
	}
}

// TestAClientThatVanishesLeavesNothing closes connections without a word; the
// server's end of each must be closed, too, or descriptors run out.
func TestAClientThatVanishesLeavesNothing(t *testing.T) {
	ws, url := endpoint(t, nil)
	open := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	before := open()
	for range 50 {
		c := enter(t, url)
		c.say(`{"id":"1","type":"subscribe","payload":{"query":"wait"}}`)
		c.hear(`{"id":"1","type":"next","payload":{"data":{"told":1}}}`)
		c.CloseNow()
		for ws.Hub.Streams() > 0 {
			runtime.Gosched()
		}
	}
	if after := open(); after > before+10 {
		t.Errorf("%d descriptors are open, %d were before", after, before)
	}
}

func TestOnlyPagesOfOurOriginsConnect(t *testing.T) {
	_, url := endpoint(t, nil)
	for origin, status := range map[string]int{
		"": 101, "https://app.example": 101, "HTTPS://APP.example": 101, url: 101,
		"https://evil.example": 403, "https://app.example.evil.example": 403, "http://app.example": 403, "null": 403, "https://app.example:444": 403,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, resp, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{"graphql-transport-ws"}})
		if resp == nil || resp.StatusCode != status {
			t.Errorf("%q: %v, %v, want %d", origin, resp, err, status)
		}
		if err == nil {
			conn.CloseNow()
		}
	}
}

func TestAStoppingServerSaysGoodByeAndLetsNobodyIn(t *testing.T) {
	ws, url := endpoint(t, nil)
	silent, busy := dial(t, url), enter(t, url)
	busy.say(`{"id":"1","type":"subscribe","payload":{"query":"wait"}}`)
	busy.hear(`{"id":"1","type":"next","payload":{"data":{"told":1}}}`)
	done := make(chan error, 1)
	go func() { done <- ws.Streams.Close(context.Background()) }()
	for _, c := range []*client{silent, busy} {
		if code, _ := c.closed(); code != 1001 {
			t.Errorf("closed with %d", code)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	_, resp, err := websocket.Dial(t.Context(), url, nil)
	if resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("afterwards: %v, %v", resp, err)
	}
}
