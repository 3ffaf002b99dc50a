package httpserver

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/fault"
)

// asking is a request for the graph as it goes over the wire.
func asking(body string, fields ...string) string {
	return "POST /graphql HTTP/1.1\r\nHost: clinic.example\r\n" + strings.Join(append(fields, fmt.Sprintf("Content-Length: %d", len(body))), "\r\n") + "\r\n\r\n" + body
}

// plain is one that nothing is wrong with.
var plain = asking(read, "Content-Type: application/json", "Authorization: Bearer x.y.z")

// TestAnEarlyRefusalIsTheOrdinaryOne asks the same twice over one connection. The
// first request of a connection is net/http's in any case.
func TestAnEarlyRefusalIsTheOrdinaryOne(t *testing.T) {
	for name, request := range map[string]string{
		"plain":                         plain,
		"with an id":                    asking(read, "X-Request-Id: my-request.1"),
		"with an id that is not decent": asking(read, "X-Request-ID: a b"),
		"with an empty id":              asking(read, "x-request-id:"),
		"for the younger media type":    asking(read, "Accept: application/graphql-response+json, application/json;q=0.9"),
		"for anything":                  asking(read, "Accept: */*"),
		"for what there is not":         asking(read, "Accept: image/png"),
		"from a page elsewhere":         asking(read, "Origin: https://front.example", "Sec-Fetch-Site: cross-site"),
		"from a page at home":           asking(read, "Origin: https://clinic.example", "Sec-Fetch-Site: same-origin"),
		"from a page that says little":  asking(read, "Sec-Fetch-Site: same-origin"),
		"with a purpose":                asking(read, "X-Purpose-Of-Use: TREAT"),
		"with blanks":                   asking(read, "Accept:    application/graphql-response+json   ", "Connection: Keep-Alive"),
		"with all the rest":             asking(read, "User-Agent: Mozilla/5.0 (X11)", "Cookie: __Host-rt=a; __Host-dv=b", "X-Forwarded-For: 192.0.2.1", "Content-Encoding: gzip", "DNT: 1"),
		"no JSON":                       asking("nonsense"),
		"as long as a buffer":           asking(read + strings.Repeat(" ", 4096-len(asking(read+strings.Repeat(" ", 4000)))+4000)),
	} {
		for _, production := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, production %v", name, production), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, release := full(t, io.Discard)
					defer release()
					s.Production, s.PublicURL = production, "https://clinic.example"
					var seen []Exchange
					s.Observe = func(e Exchange) { e.Took = 0; seen = append(seen, e) }
					on := onPipes(t, s, true)
					c := on.dial(t)
					ordinary, early := c.send(request), c.send(request)
					if !strings.HasPrefix(ordinary, "HTTP/1.1 503 Service Unavailable\r\n") || on.reached.Load() != 1 {
						t.Errorf("%d of 2 reached net/http\n%s", on.reached.Load(), ordinary)
					}
					if diff := cmp.Diff(sameButForChance(ordinary), sameButForChance(early)); diff != "" {
						t.Errorf("-ordinary +early\n%s", diff)
					}
					told := Exchange{Route: "/graphql", Status: 503, Refused: fault.CodeOverloaded}
					toldEarly := told
					toldEarly.Early = true
					if diff := cmp.Diff([]Exchange{told, toldEarly}, seen); diff != "" {
						t.Errorf("told: -want +got\n%s", diff)
					}
				})
			})
		}
	}
}

// headOf is the head of a request with such a body.
func headOf(body string) string { return strings.TrimSuffix(asking(body), body) }

// unsure are what is not refused early, though the gate is full: it goes to
// net/http, as it came.
var unsure = map[string][]string{
	"a mutation":                      {asking(`{"query":"mutation { logout { loggedOut } }"}`)},
	"a trusted document":              {asking(`{"documentId":"abc"}`)},
	"a persisted one":                 {asking(`{"extensions":{"persistedQuery":{"sha256Hash":"abc"}}}`)},
	"GET":                             {"GET /graphql HTTP/1.1\r\nHost: clinic.example\r\n\r\n"},
	"the state of health":             {"GET /livez HTTP/1.1\r\nHost: clinic.example\r\n\r\n"},
	"another path":                    {strings.Replace(plain, "/graphql", "/graphql/", 1)},
	"parameters in the address":       {strings.Replace(plain, "/graphql", "/graphql?a=b", 1)},
	"a whole address":                 {strings.Replace(plain, "/graphql", "http://clinic.example/graphql", 1)},
	"HTTP/1.0":                        {strings.Replace(plain, "HTTP/1.1", "HTTP/1.0", 1)},
	"HTTP/2.0":                        {strings.Replace(plain, "HTTP/1.1", "HTTP/2.0", 1)},
	"two blanks":                      {strings.Replace(plain, " HTTP", "  HTTP", 1)},
	"chunks":                          {"POST /graphql HTTP/1.1\r\nHost: clinic.example\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"},
	"chunks and a length":             {asking("2\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked")},
	"no chunks":                       {asking(read, "Transfer-Encoding: identity")},
	"two lengths":                     {asking(read, "Content-Length: 3")},
	"two equal lengths":               {asking(read, fmt.Sprintf("Content-Length: %d", len(read)))},
	"a list of lengths":               {strings.Replace(asking(read), "Content-Length: 3", "Content-Length: 38, 3", 1)},
	"a length with a sign":            {strings.Replace(asking(read), "Content-Length: ", "Content-Length: +", 1)},
	"a length with a zero":            {strings.Replace(asking(read), "Content-Length: ", "Content-Length: 0", 1)},
	"no length":                       {"POST /graphql HTTP/1.1\r\nHost: clinic.example\r\n\r\n"},
	"no body":                         {asking("")},
	"a client that asks before":       {asking(read, "Expect: 100-continue")},
	"another protocol":                {asking(read, "Connection: Upgrade", "Upgrade: websocket")},
	"a last request":                  {asking(read, "Connection: close")},
	"a connection that names a field": {asking(read, "Connection: keep-alive, X-A")},
	"no host":                         {strings.Replace(plain, "Host: clinic.example\r\n", "", 1)},
	"two hosts":                       {asking(read, "Host: clinic.example")},
	"an empty host":                   {strings.Replace(plain, "clinic.example", "", 1)},
	"a strange host":                  {strings.Replace(plain, "clinic.example", "clinic.example/a", 1)},
	"two ids":                         {asking(read, "X-Request-Id: request-1", "X-Request-Id: request-2")},
	"two lists of media types":        {asking(read, "Accept: image/png", "Accept: application/graphql-response+json")},
	"a line that goes on":             {asking(read, "X-A: b\r\n c")},
	"lines without CR":                {strings.ReplaceAll(plain, "\r\n", "\n")},
	"one line without CR":             {asking(read, "X-A: b\nX-B: c")},
	"a CR alone":                      {asking(read, "X-A: b\rX-B: c")},
	"NUL":                             {asking(read, "X-A: b\x00")},
	"a tabulator":                     {asking(read, "Accept:\timage/png")},
	"letters beyond ASCII":            {asking(read, "X-A: größer")},
	"a blank before the colon":        {asking(read, "Accept : image/png")},
	"a field without a name":          {asking(read, ": b")},
	"a line without a colon":          {asking(read, "accept")},
	"a name with a low line":          {asking(read, "Transfer_Encoding: chunked")},
	"a page of another origin":        {asking(read, "Origin: https://elsewhere.example", "Sec-Fetch-Site: cross-site")},
	"an old page at home":             {asking(read, "Origin: http://clinic.example")},
	"a page that says nothing":        {asking(read, "Sec-Fetch-Site: cross-site")},
	"nonsense for a purpose":          {asking(read, "X-Purpose-Of-Use: fun")},
	"an empty purpose":                {asking(read, "X-Purpose-Of-Use: ")},
	"blank lines before":              {"\r\n\r\n" + plain},
	"a body in two parts":             {plain[:len(plain)-5], plain[len(plain)-5:]},
	"a head in two parts":             {plain[:30], plain[30:]},
	"a first byte":                    {plain[:1], plain[1:]},
	"the body by itself":              {plain[:len(plain)-len(read)], read},
	"two at once":                     {plain + plain},
	"one and a part":                  {plain + plain[:20], plain[20:]},
	"one and nonsense":                {plain + "nonsense\r\n\r\n"},
	"one and a head whose body looks like a request":               {plain + headOf(plain), plain},
	"the end of a body and a head whose body looks like a request": {plain[:len(plain)-5], plain[len(plain)-5:] + headOf(plain), plain},
	"longer than a buffer":                                         {asking(read + strings.Repeat(" ", 4096))},
	"nonsense":                                                     {"nonsense\r\n\r\n"},
}

// answers is what a full server says to texts on a connection that has carried a
// request, and how many of them have reached net/http.
func answers(t *testing.T, early bool, texts []string) (text string, reached int64) {
	synctest.Test(t, func(t *testing.T) {
		s, release := full(t, io.Discard)
		defer release()
		on := onPipes(t, s, early)
		c := on.dial(t)
		c.send(plain)
		text = c.send(texts[0])
		for _, more := range texts[1:] {
			text += c.send(more)
		}
		reached = on.reached.Load() - 1
		text += c.send(plain) // whatever it was, what follows finds its answer
		if c.isClosed() {
			text += "(closed)"
		}
	})
	return text, reached
}

func TestWhatIsUnsureIsLeftToNetHTTP(t *testing.T) {
	for name, texts := range unsure {
		t.Run(name, func(t *testing.T) {
			without, want := answers(t, false, texts)
			with, reached := answers(t, true, texts)
			if diff := cmp.Diff(sameButForChance(without), sameButForChance(with)); diff != "" {
				t.Errorf("-without +with\n%s", diff)
			}
			if reached != want {
				t.Errorf("%d requests reached net/http, %d without early refusals", reached, want)
			}
		})
	}
}

func TestAConnectionKnowsWhereRequestsBeginOrThatItDoesNot(t *testing.T) {
	type read struct {
		text        string
		room        int // 0: a buffer
		whole, lost bool
	}
	for name, reads := range map[string][]read{
		"one after the other":             {{plain, 0, true, false}, {plain, 0, true, false}},
		"a first byte while one answers":  {{plain, 0, true, false}, {plain[:1], 1, false, false}, {plain[1:], 4095, false, false}, {plain, 0, true, false}},
		"a body in three parts":           {{plain[:len(plain)-9], 0, false, false}, {plain[len(plain)-9:][:4], 0, false, false}, {plain[len(plain)-5:], 0, false, false}, {plain, 0, true, false}},
		"two at once":                     {{plain + plain, 0, false, true}},
		"a byte too many":                 {{plain + "P", 0, false, true}},
		"the end of one and the next":     {{plain[:len(plain)-5], 0, false, false}, {plain[len(plain)-5:] + plain, 0, false, true}},
		"a part of a head":                {{plain[:60], 0, false, true}},
		"a first byte and a part of more": {{plain[:1], 1, false, false}, {plain[1:60], 0, false, true}},
		"something else":                  {{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, false, true}},
	} {
		c := &earlyConn{}
		for i, r := range reads {
			room := r.room
			if room == 0 {
				room = 4096
			}
			if _, whole := c.follow([]byte(r.text), room); whole != r.whole || c.lost != r.lost {
				t.Errorf("%s, read %d: whole %v, lost %v", name, i, whole, c.lost)
			}
		}
	}
}

// FuzzEarly sends anything, cut in two, and looks whether anybody could tell that
// there are early refusals.
func FuzzEarly(f *testing.F) {
	for _, texts := range unsure {
		f.Add(strings.Join(texts, ""), len(texts[0]))
	}
	f.Add(plain, len(plain))
	f.Add(plain+plain+plain, len(plain))
	f.Fuzz(func(t *testing.T, text string, at int) {
		if len(text) > 16<<10 {
			return
		}
		at = min(max(at, 0), len(text))
		texts := []string{text[:at], text[at:]}
		without, _ := answers(t, false, texts)
		with, _ := answers(t, true, texts)
		if diff := cmp.Diff(sameButForChance(without), sameButForChance(with)); diff != "" {
			t.Errorf("-without +with\n%s", diff)
		}
	})
}

func TestEarlyRefusalsEndWithTheCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log noted
		s, release := full(t, &log)
		on := onPipes(t, s, true)
		c := on.dial(t)
		c.send(plain)
		for range 20 {
			if text := c.send(plain); !strings.Contains(text, "OVERLOADED") {
				t.Errorf("%s", text)
			}
		}
		if on.reached.Load() != 1 {
			t.Errorf("%d requests reached net/http", on.reached.Load())
		}
		release()
		var line struct{ OVERLOADED int }
		text := log.since()
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.OVERLOADED != 21 {
			t.Errorf("a second later: %v\n%s", err, text)
		}
		for range 3 {
			if text := c.send(plain); !strings.HasPrefix(text, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(text, "{}") {
				t.Errorf("let in: %s", text)
			}
		}
	})
}

func TestWhoDrainsRefusesNothingEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := full(t, io.Discard)
		defer release()
		on := onPipes(t, s, true)
		c := on.dial(t)
		c.send(plain)
		s.Drain()
		if text := c.send(plain); !strings.Contains(text, "Connection: close\r\n") || !c.isClosed() || on.reached.Load() != 2 {
			t.Errorf("closed %v, %d reached net/http\n%s", c.isClosed(), on.reached.Load(), text)
		}
	})
}

func TestWhereEachRequestHasALineNoneIsRefusedEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := full(t, io.Discard)
		defer release()
		s.Log = slog.New(slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
		on := onPipes(t, s, true)
		c := on.dial(t)
		c.send(plain, plain)
		if on.reached.Load() != 2 {
			t.Errorf("%d reached net/http", on.reached.Load())
		}
	})
}

func TestEarlyRefusalsAreTraced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := full(t, io.Discard)
		defer release()
		var spans []string
		s.Trace = func(r *http.Request, route, id string) (context.Context, func(int)) {
			return r.Context(), func(status int) {
				spans = append(spans, fmt.Sprint(r.Method, route, id, status, r.Header.Get("traceparent"), r.Header.Get("tracestate")))
			}
		}
		on := onPipes(t, s, true)
		c := on.dial(t)
		request := asking(read, "traceparent: 00-a-b-01", "tracestate: c=d", "X-Request-Id: my-request")
		c.send(request)
		c.send(request)
		if want := "POST/graphqlmy-request50300-a-b-01c=d"; on.reached.Load() != 1 || len(spans) != 2 || spans[0] != want || spans[1] != want {
			t.Errorf("%d reached net/http, %q", on.reached.Load(), spans)
		}
	})
}

func TestAConnectionThatIsRefusedIsKeptLikeAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := full(t, io.Discard)
		on := onPipes(t, s, true)
		c := on.dial(t)
		c.send(plain)
		pass := func(d time.Duration) { time.Sleep(d); synctest.Wait() }
		pass(50 * time.Second)
		leave := crowd(t, s.Gate)
		if text := c.send(plain); !strings.Contains(text, "OVERLOADED") || on.reached.Load() != 1 {
			t.Errorf("%d reached net/http\n%s", on.reached.Load(), text)
		}
		leave()
		pass(59 * time.Second)
		if c.isClosed() {
			t.Error("closed less than a minute after its last request")
		}
		if pass(3 * time.Second); !c.isClosed() {
			t.Error("open more than a minute after its last request")
		}
		release()
	})
}

func TestWhoReadsNoRefusalIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := full(t, io.Discard)
		defer release()
		on := onPipes(t, s, true)
		c, there := net.Pipe()
		defer c.Close()
		on.conns <- there
		ask := func() error { _, err := io.WriteString(c, plain); return err }
		go func() { _ = ask() }()
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil { // and nothing of the next
			t.Fatal(err)
		}
		synctest.Wait()
		failed := make(chan error, 1)
		go func() {
			var err error
			for err == nil {
				err = ask()
			}
			failed <- err
		}()
		began := time.Now()
		<-failed
		if took := time.Since(began); took < writeTimeout || took > writeTimeout+2*time.Second || on.reached.Load() != 1 {
			t.Errorf("dropped after %s, %d reached net/http", took, on.reached.Load())
		}
	})
}
