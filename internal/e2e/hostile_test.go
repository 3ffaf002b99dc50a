package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"clinicgraph/internal/app"
	"clinicgraph/internal/store"
)

// heapOfAHostileRequest is the most memory that answering one may take, in
// bytes.
const heapOfAHostileRequest = 16 << 20

// TestHostileRequestsAreAnswered replays the corpus as somebody with few and as
// somebody with all permissions. What holds of every answer, no status of 500
// among it, is looked at by the client.
func TestHostileRequestsAreAnswered(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for _, login := range []string{customerA, admin} {
			me := c.as(login)
			for _, h := range corpus() {
				a := me.post("application/json", h.body)
				got := ""
				if len(a.errs) > 0 {
					got = a.code()
				}
				if got != h.code && h.code != "*" {
					t.Errorf("%s, %s: want %q, got %q: %d %.300s", login, h.name, h.code, got, a.status, a.body)
				}
			}
			me.do(whoAmI).ok() // it lives
		}
	})
}

// server is a clinic without the network, for what is measured or repeated.
type server struct {
	handler http.Handler
	token   string
}

// serve opens the world on SQLite, and signs the administrator in.
func serve(tb testing.TB) *server {
	tb.Helper()
	image, err := sqliteWorld()
	if err != nil {
		tb.Fatalf("make the world: %v", err)
	}
	data := tb.TempDir()
	for name, content := range map[string][]byte{"clinic.db": image.file, "secret.key": image.world.secret} {
		if err := os.WriteFile(filepath.Join(data, name), content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	db, err := store.OpenSQLite(context.Background(), filepath.Join(data, "clinic.db"))
	if err != nil {
		tb.Fatal(err)
	}
	now := &clock{at: opening}
	a, err := app.New(context.Background(), settings(data), (&journal{}).logger(), options(db, now.now))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := a.Close(context.Background()); err != nil {
			tb.Errorf("close the server: %v", err)
		}
	})
	s := &server{handler: a.Handler}
	var answer struct {
		Data struct{ Login struct{ AccessToken string } }
	}
	body := request(`mutation ($p: String!) { login(input: {login: "`+admin+`", password: $p}) { accessToken } }`, `{"p":"`+password+`"}`)
	if err := json.Unmarshal(s.post(body).Body.Bytes(), &answer); err != nil || answer.Data.Login.AccessToken == "" {
		tb.Fatalf("sign in: %v", err)
	}
	s.token = answer.Data.Login.AccessToken
	return s
}

func (s *server) post(body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// TestHostileRequestsTakeLittleMemory counts what is allocated for each request,
// its answer included. It does not run beside other tests.
func TestHostileRequestsTakeLittleMemory(t *testing.T) {
	s := serve(t)
	s.post(request(`{ viewer { user { id } } }`))
	for _, h := range corpus() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s.post(h.body)
		runtime.ReadMemStats(&after)
		most := uint64(heapOfAHostileRequest)
		if h.name == "introspection" {
			most *= 2 // it grows with the schema, and is for development
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > most {
			t.Errorf("%s took %d KiB, want at most %d", h.name, took>>10, most>>10)
		}
	}
}

// BenchmarkHostile measures the corpus, a request at a time: time of one core
// and memory. The targets are 100 ms and 16 MiB.
func BenchmarkHostile(b *testing.B) {
	s := serve(b)
	for _, h := range corpus() {
		b.Run(h.name, func(b *testing.B) {
			b.ReportAllocs()
			n, began := 0, cpu(b)
			for b.Loop() {
				// Another text each time, lest it is known: a comma says nothing.
				spelled := strings.NewReplacer("0", " ", "1", ",").Replace(strconv.FormatInt(int64(n), 2))
				s.post(strings.Replace(h.body, `"query":"`, `"query":"`+spelled, 1))
				n++
			}
			b.ReportMetric(float64(cpu(b)-began)/float64(n)/1e6, "cpu-ms/op")
		})
	}
}

// cpu is the time that this process has spent on cores, the collector's included;
// other processes do not count, as they do in the time of the wall.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// FuzzRequest sends documents with variables. Whatever they are, the answer is
// one of the contract, and nothing panics.
func FuzzRequest(f *testing.F) {
	s := serve(f)
	for _, h := range corpus() {
		var body struct {
			Query     string
			Variables json.RawMessage
		}
		if len(h.body) < 4<<10 && json.Unmarshal([]byte(h.body), &body) == nil {
			f.Add(body.Query, string(body.Variables))
		}
	}
	f.Fuzz(func(t *testing.T, query, variables string) {
		if !json.Valid([]byte(variables)) {
			variables = "{}"
		}
		s.holds(t, request(query, variables))
	})
}

// FuzzBody sends anything.
func FuzzBody(f *testing.F) {
	s := serve(f)
	for _, h := range corpus() {
		if len(h.body) < 4<<10 {
			f.Add(h.body)
		}
	}
	f.Fuzz(func(t *testing.T, body string) { s.holds(t, body) })
}

// holds fails the test unless the answer to the body keeps the contract.
func (s *server) holds(t *testing.T, body string) {
	t.Helper()
	w := s.post(body)
	var answer struct{ Errors []failure }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code >= 500 {
		t.Fatalf("%d %v: %s\nfor %q", w.Code, err, w.Body, body)
	}
	for _, e := range answer.Errors {
		if code, _ := e.Extensions["code"].(string); !slices.Contains(codes, code) || innards.MatchString(e.Message) {
			t.Fatalf("%s\nfor %q", w.Body, body)
		}
	}
}
