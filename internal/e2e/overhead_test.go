package e2e

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
)

// measured is a server as it is in production, limits, rates, gate, log and
// metrics included, without the network: what is left is its own code.
type measured struct {
	handler http.Handler
	header  http.Header
	world   *world
}

func measure(tb testing.TB, d string) *measured {
	tb.Helper()
	db, w := worldOn(tb, d)
	data := tb.TempDir()
	if err := os.WriteFile(filepath.Join(data, "secret.key"), w.secret, 0o600); err != nil {
		tb.Fatal(err)
	}
	cfg := settings(data)
	cfg.Load = config.Load{RateAnonymous: 1 << 30, RateUser: 1 << 30, RateStaff: 1 << 30, RateActions: 1 << 30, InFlight: 64}
	now := &clock{at: opening}
	a, err := app.New(context.Background(), cfg, slog.New(slog.NewJSONHandler(io.Discard, nil)), options(db, now.now))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := a.Close(context.Background()); err != nil {
			tb.Errorf("close the server: %v", err)
		}
	})
	m := &measured{handler: a.Handler, world: w, header: http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {"measure"},
	}}
	var signedIn struct {
		Data struct{ Login struct{ AccessToken string } }
	}
	body := request(`mutation ($p: String!) { login(input: {login: "`+manager+`", password: $p}) { accessToken } }`, `{"p":"`+password+`"}`)
	if err := json.Unmarshal(m.ask(body).body, &signedIn); err != nil || signedIn.Data.Login.AccessToken == "" {
		tb.Fatalf("sign in: %v", err)
	}
	m.header.Set("Authorization", "Bearer "+signedIn.Data.Login.AccessToken)
	return m
}

// reply is an answer's writer that keeps the answer and is cheap to make.
type reply struct {
	header http.Header
	status int
	body   []byte
}

func (w *reply) Header() http.Header    { return w.header }
func (w *reply) WriteHeader(status int) { w.status = status }
func (w *reply) Write(b []byte) (int, error) {
	w.body = append(w.body, b...)
	return len(b), nil
}

// ask sends a body with as little around it as can be: nine allocations.
func (m *measured) ask(body string) *reply {
	w := &reply{header: make(http.Header, 16)}
	m.handler.ServeHTTP(w, &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/graphql"}, Header: m.header, Host: "clinic.example", RemoteAddr: "192.0.2.1:4711",
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
	})
	return w
}

// priced is what the price of a request is measured by. Most is the most that
// answering it may allocate on SQLite: what is counted today and a few more, so that a
// step that begins to allocate for each request fails the test.
type priced struct {
	body string
	most int
}

// questions are one that reads nothing, one that reads one row, and one whose price
// depends on its variables.
func (m *measured) questions() map[string]priced {
	return map[string]priced{
		"nothing":    {request(`query Nothing { __typename }`), 132},
		"user by id": {request(`query Q5($id: ID!) { user(id: $id) { id username email } }`, `{"id":"`+m.world.users[manager]+`"}`), 164},
		"no page": {request(`query Page($from: Time!, $to: Time!) { bookings(first: 0, orderBy: {field: STARTS_AT, direction: ASC}, where: {status: COMPLETED, startsAtGTE: $from, startsAtLT: $to}) { edges { node { id } } } }`,
			`{"from":"2030-01-01T00:00:00Z","to":"2030-01-02T00:00:00Z"}`), 178},
	}
}

// TestWhatARequestAllocates counts whole requests, from the first middleware to the
// answer. It does not run beside other tests: what the server does meanwhile, such as
// reading rights once a second, is left out by taking the least of several counts.
func TestWhatARequestAllocates(t *testing.T) {
	m := measure(t, dialect.SQLite)
	for what, q := range m.questions() {
		m.ask(q.body) // from now on it is known
		least := math.Inf(1)
		for range 10 {
			least = min(least, testing.AllocsPerRun(5, func() {
				if w := m.ask(q.body); w.status != http.StatusOK {
					t.Fatalf("%d %s", w.status, w.body)
				}
			}))
		}
		if least > float64(q.most) {
			t.Errorf("%s: %.0f allocations, at most %d", what, least, q.most)
		}
		t.Logf("%s: %.0f allocations", what, least)
	}
}

// BenchmarkRequest measures whole requests of somebody who is signed in.
func BenchmarkRequest(b *testing.B) {
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres} {
		b.Run(name, func(b *testing.B) {
			m := measure(b, d)
			for what, q := range m.questions() {
				b.Run(what, func(b *testing.B) {
					b.ReportAllocs()
					n, began := 0, cpu(b)
					for b.Loop() {
						if w := m.ask(q.body); w.status != http.StatusOK || strings.Contains(string(w.body), `"errors"`) {
							b.Fatalf("%d %s", w.status, w.body)
						}
						n++
					}
					b.ReportMetric(float64(cpu(b)-began)/float64(n)/1e3, "cpu-µs/op")
				})
			}
		})
	}
}
