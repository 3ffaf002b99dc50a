package graph_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/graph"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/guard"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/paging"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// requestID is that of every request, so that answers can be compared.
const requestID = "request-1"

// world is the endpoint over a database of the test's own. Viewers stand in the
// context of a request, as the authentication middleware puts them there.
type world struct {
	store   *store.Store
	reads   *spy
	log     *journal
	handler http.Handler
}

// each runs a test on SQLite and on PostgreSQL. What is logged and not taken by
// the test fails it.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		w := &world{reads: &spy{Driver: s.DB.Driver.(*store.Driver)}, log: &journal{}}
		client := ent.NewClient(ent.Driver(w.reads))
		guard.Install(client, testdb.Now, guard.Record{})
		w.store = &store.Store{Client: client, DB: s.DB}
		key, err := paging.NewKey([]byte("a secret of some length"))
		if err != nil {
			t.Fatal(err)
		}
		log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		w.handler = graph.Handler(
			&graph.Resolver{Client: client, Security: &audit.Security{Store: w.store, Log: log}, Accounts: &accounts.Service{Store: w.store, Now: time.Now}},
			graph.Options{Log: log, CursorKey: key, Introspection: true})
		test(t, w)
		if left := w.log.take(); left != "" {
			t.Errorf("nobody expected in the log:\n%s", left)
		}
	})
}

// write makes rows as the system.
func (w *world) write(t fataler, change func(ctx context.Context, c *ent.Client)) {
	t.Helper()
	ctx := access.System(context.Background(), "test")
	if err := w.store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error { change(ctx, c); return nil }); err != nil {
		t.Fatalf("write rows: %v", err)
	}
}

// viewer signs somebody up, with these grants and nothing to own. The zero unit
// is none.
func (w *world) viewer(t fataler, unit uuid.UUID, grants ...access.Grant) *access.Viewer {
	t.Helper()
	v := &access.Viewer{UserID: ids.New(ids.User), Grants: grants}
	if unit != uuid.Nil {
		v.Units = []uuid.UUID{unit}
	}
	v.Username = "viewer-" + v.UserID.String()
	w.write(t, func(ctx context.Context, c *ent.Client) {
		u := newUser(c, 0).SetID(v.UserID).SetUsername(v.Username).SetUsernameKey(v.Username).SetEmailKey(v.Username)
		if unit != uuid.Nil {
			u.SetOrganizationalUnitID(unit)
		}
		u.SaveX(ctx)
	})
	return v
}

// admin may do everything.
func (w *world) admin(t fataler) *access.Viewer {
	t.Helper()
	return w.viewer(t, uuid.Nil, may(access.ScopeAny, "*:*")...)
}

// may are the grants of permissions at one scope.
func may(scope access.Scope, permissions ...string) []access.Grant {
	grants := make([]access.Grant, len(permissions))
	for i, p := range permissions {
		grants[i] = access.Grant{Permission: p, Scope: scope, Allowed: true, Source: access.SourceUser}
	}
	return grants
}

// fataler is what *testing.T and *rapid.T have in common.
type fataler interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// caller asks the graph as one viewer, nil being nobody.
type caller struct {
	t      fataler
	w      *world
	viewer *access.Viewer
	bearer graph.Bearer
	within context.Context // of the request; nil: it lasts
}

func (w *world) as(t fataler, v *access.Viewer) caller { return caller{t: t, w: w, viewer: v} }

type vars = map[string]any

// ask runs an operation.
func (c caller) ask(query string, v ...vars) *answer {
	c.t.Helper()
	body := vars{"query": query}
	if len(v) > 0 {
		body["variables"] = v[0]
	}
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatalf("%v", err)
	}
	a := c.send(string(text))
	a.what = query
	return a
}

// send posts a body.
func (c caller) send(body string) *answer {
	c.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	viewer := c.viewer
	if viewer == nil {
		viewer = &access.Viewer{}
	}
	within := c.within
	if within == nil {
		within = r.Context()
	}
	ctx := access.NewContext(within, viewer)
	ctx = access.WithRequest(graph.WithBearer(ctx, c.bearer), access.Request{ID: requestID})
	c.w.reads.take()
	recorder := httptest.NewRecorder()
	c.w.handler.ServeHTTP(recorder, r.WithContext(ctx))
	a := read(c.t, recorder)
	a.sql = c.w.reads.take()
	return a
}

// read takes an answer apart.
func read(t fataler, recorded *httptest.ResponseRecorder) *answer {
	t.Helper()
	a := &answer{t: t, raw: recorded.Body.String()}
	if err := json.Unmarshal(recorded.Body.Bytes(), a); err != nil {
		t.Fatalf("%v: %s", err, a.raw)
	}
	return a
}

// answer is what came back, and the statements that were read for it.
type answer struct {
	Data   vars
	Errors []failure
	t      fataler
	what   string
	raw    string
	sql    []string
}

type failure struct {
	Message    string
	Path       []any
	Extensions struct {
		Code       fault.Code
		Action     fault.Action
		Retryable  bool
		RetryAfter int
		RequestID  string
		Fields     []fault.Field
	}
}

// ok ends the test when there is an error.
func (a *answer) ok() *answer {
	a.t.Helper()
	if len(a.Errors) > 0 || a.Data == nil {
		a.t.Fatalf("%s\nfailed: %s", a.what, a.raw)
	}
	return a
}

// refused fails the test unless there is exactly one error, of this code and,
// unless that is "", about this field of the input.
func (a *answer) refused(code fault.Code, field string) *answer {
	a.t.Helper()
	if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != code {
		a.t.Errorf("%s\nwant one error %s, got %s", a.what, code, a.raw)
	} else if fields := a.Errors[0].Extensions.Fields; field != "" && (len(fields) != 1 || fields[0].Path != field) {
		a.t.Errorf("%s\nwant an error about %s, got %s", a.what, field, a.raw)
	}
	return a
}

// first is the first error, empty where there is none.
func (a *answer) first() failure {
	if len(a.Errors) == 0 {
		return failure{}
	}
	return a.Errors[0]
}

// read fails the test unless n statements were sent, of them counts with COUNT.
func (a *answer) read(n, counts int) *answer {
	a.t.Helper()
	counted := 0
	for _, s := range a.sql {
		if strings.Contains(s, "COUNT(") {
			counted++
		}
	}
	if len(a.sql) != n || counted != counts {
		a.t.Errorf("%s\nwant %d statements, %d of them counting, got:\n%s", a.what, n, counts, strings.Join(a.sql, "\n"))
	}
	return a
}

// at finds a value below data, nil where there is none: "bookings.edges.0.node.id".
func (a *answer) at(path string) any {
	var v any = a.Data
	for _, step := range strings.Split(path, ".") {
		switch node := v.(type) {
		case vars:
			v = node[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// want fails the test unless the value at path, as JSON, is this.
func (a *answer) want(path, value string) *answer {
	a.t.Helper()
	if text, err := json.Marshal(a.at(path)); err != nil || string(text) != value {
		a.t.Errorf("%s\n%s is %s, want %s, in %s", a.what, path, text, value, a.raw)
	}
	return a
}

func (a *answer) list(path string) []any { l, _ := a.at(path).([]any); return l }

// ids gives the ids of the nodes of a connection.
func (a *answer) ids(connection string) []string {
	found := []string{}
	for i := range a.list(connection + ".edges") {
		found = append(found, fmt.Sprint(a.at(fmt.Sprintf("%s.edges.%d.node.id", connection, i))))
	}
	return found
}
