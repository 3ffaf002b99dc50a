package e2e

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
)

// about gives the lines of the log that begin so and name the request.
func (j *journal) about(message, request string) (found []line) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, l := range j.lines {
		if strings.HasPrefix(l.text, message+" ") && strings.Contains(l.text, request) {
			found = append(found, l)
		}
	}
	return found
}

// facts are the attributes of a line.
func (l line) facts() map[string]string {
	found := map[string]string{}
	for _, part := range regexp.MustCompile(`(\w+)=(\S*)`).FindAllStringSubmatch(l.text, -1) {
		found[part[1]] = part[2]
	}
	return found
}

// TestEveryOperationIsOneLineOfFacts looks at what the log says of operations
// that go through, that a verb refuses, and that are never executed.
func TestEveryOperationIsOneLineOfFacts(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(3, 0)
		me := c.as(customerA)
		for name, test := range map[string]struct {
			who   *client
			query string
			want  map[string]string
		}{
			"a list": {me, `query MyDiary { bookings { edges { node { id customer { id } } } } }`,
				map[string]string{"type": "query", "name": "MyDiary", "field": "bookings", "code": "OK", "errors": "0", "viewer": c.users[customerA], "rows": "+", "statements": "+", "cost": "+", "answers": "1"}},
			"nobody's": {c.anyone(), `{ __typename }`,
				map[string]string{"type": "query", "name": "__typename", "field": "__typename", "code": "OK", "viewer": "", "rows": "0", "statements": "0"}},
			"of several fields": {me, `{ ...a ...a } fragment a on Query { a: rewards { totalCount } b: viewer { user { id } } }`,
				map[string]string{"field": "several", "code": "OK"}},
			"refused by the door": {me, `{ operationLogs { totalCount } }`,
				map[string]string{"field": "operationLogs", "code": "FORBIDDEN", "errors": "1"}},
			"an unknown field": {me, `query Secret { nothing }`,
				map[string]string{"type": "", "name": "", "field": "", "code": "GRAPHQL_VALIDATION_FAILED", "errors": "1", "rows": "0"}},
			"no GraphQL": {me, `query {`,
				map[string]string{"type": "", "code": "GRAPHQL_PARSE_FAILED"}},
			"signing in": {c.anyone(), `mutation { login(input: {login: "customer.b", password: "` + password + `"}) { accessToken } }`,
				map[string]string{"type": "mutation", "field": "login", "code": "OK", "viewer": c.users[customerB]}},
		} {
			a := test.who.do(test.query)
			lines := c.log.about("operation", "request_id="+a.header.Get("X-Request-Id"))
			if len(lines) != 1 || lines[0].level != slog.LevelInfo {
				t.Errorf("%s: %d lines: %v", name, len(lines), lines)
				continue
			}
			got := lines[0].facts()
			for key, want := range test.want {
				if got[key] != want && (want != "+" || got[key] == "0" || got[key] == "") {
					t.Errorf("%s: %s is %q, want %q: %s", name, key, got[key], want, lines[0].text)
				}
			}
			if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(got["hash"]) {
				t.Errorf("%s: the document's hash is %q", name, got["hash"])
			}
		}
	})
}

// TestRowsAreThoseOfTheOperation: a page of three is three rows more than none.
func TestRowsAreThoseOfTheOperation(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(5, 0)
		me := c.as(customerA)
		rows := func(query string) string {
			a := me.do(query).ok()
			return c.log.about("operation", "request_id="+a.header.Get("X-Request-Id"))[0].facts()["rows"]
		}
		// One row more than the page says whether there is another page.
		if got := rows(`{ bookings(first: 3) { edges { node { id } } pageInfo { hasNextPage } } }`); got != "4" {
			t.Errorf("a page of 3 bookings read %s rows", got)
		}
		if got := rows(`{ bookings(first: 1) { edges { node { id } } pageInfo { hasNextPage } } }`); got != "2" {
			t.Errorf("a page of one booking read %s rows", got)
		}
	})
}

// TestWhatNeverBecomesAnOperationIsOneLine looks at requests that the transport
// refuses, and at one that does not reach it.
func TestWhatNeverBecomesAnOperationIsOneLine(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for name, test := range map[string]struct {
			method, site, body, message, code string
		}{
			"another method": {http.MethodGet, "none", "", "operation", "BAD_USER_INPUT"},
			"too long":       {http.MethodPost, "none", `{"query":"` + strings.Repeat(" ", 200<<10) + `"}`, "operation", "PAYLOAD_TOO_LARGE"},
			"another origin": {http.MethodPost, "cross-site", typename, "request refused", "FORBIDDEN"},
		} {
			id := "refused-" + strings.ReplaceAll(name, " ", "-")
			request := httptest.NewRequest(test.method, "/graphql", strings.NewReader(test.body))
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Sec-Fetch-Site", test.site)
			request.Header.Set("X-Request-Id", id)
			c.app.Handler.ServeHTTP(httptest.NewRecorder(), request) // has written its line when it is back
			lines := slices.Concat(c.log.about("request refused", "request_id="+id), c.log.about("operation", "request_id="+id))
			if len(lines) != 1 || lines[0].facts()["code"] != test.code || !strings.HasPrefix(lines[0].text, test.message+" ") {
				t.Errorf("%s: %v", name, lines)
			}
		}
		if got := c.metric("clinicgraph_rejects_total", "reason", "FORBIDDEN"); got != 1 {
			t.Errorf("%v refusals of another origin are counted", got)
		}
	})
}

func TestWhatIsSlowIsFlagged(t *testing.T) {
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openWith(t, d, func(cfg *config.Config, _ *app.Options) { cfg.Observe.SlowOperation, cfg.Observe.SlowSQL = 1, 1 })
			id := c.as(customerA).do(`query Mine { rewards(where: {name: "Sticker"}) { edges { node { name } } } }`).ok().header.Get("X-Request-Id")
			if lines := c.log.about("slow operation", "request_id="+id); len(lines) != 1 || lines[0].level != slog.LevelWarn {
				t.Errorf("the operation: %v", lines)
			}
			statements := c.log.about("slow SQL", "request_id="+id)
			if len(statements) == 0 || !strings.Contains(statements[len(statements)-1].text, "SELECT") || !strings.Contains(statements[len(statements)-1].text, "operation=Mine") {
				t.Errorf("the statements: %v", statements)
			}
			for _, l := range statements {
				if strings.Contains(l.text, "Sticker") {
					t.Errorf("an argument is in the log: %s", l.text)
				}
			}
		})
	}
}

// TestNobodysDataIsInLogsTracesOrMetrics does what handles names, addresses and
// notes, and looks for them in everything that an operator sees.
func TestNobodysDataIsInLogsTracesOrMetrics(t *testing.T) {
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept := tracetest.NewSpanRecorder()
			c := openWith(t, d, func(cfg *config.Config, o *app.Options) {
				o.Spans, cfg.Observe.SlowOperation, cfg.Observe.SlowSQL = kept, 1, 1
			})
			me, staff := c.as(customerA), c.as(staffNorth)
			me.book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok()
			staff.do(`query($w: CustomerWhereInput) { customers(where: $w) { edges { node { number givenName { firstName } surname { lastName } phone birthDate } } } }`,
				vars{"w": vars{"not": vars{"id": c.profiles[customerB]}}})
			me.do(`{ viewer { user { username email } } }`)
			c.anyone().login("customer.a", "not the password at all")
			c.anyone().login("Nobody.Knows@example.org", "nor this one")
			c.anyone().do(`mutation($i: RegisterInput!) { register(input: $i) { session { accessToken } } }`, vars{"i": vars{
				"username": "new.person", "email": "new.person@example.org", "password": password, "givenName": "Unheard", "surname": "Nameless"}})

			var seen strings.Builder
			c.log.mu.Lock()
			for _, l := range c.log.lines {
				seen.WriteString(l.text + "\n")
			}
			c.log.mu.Unlock()
			for _, s := range kept.Ended() {
				text, err := json.Marshal(tracetest.SpanStubFromReadOnlySpan(s))
				if err != nil {
					t.Fatal(err)
				}
				seen.Write(text)
			}
			seen.WriteString(strings.Join(c.scrape(), "\n"))
			all := strings.ToLower(seen.String())
			if !strings.Contains(all, "db.query.text") || !strings.Contains(all, "slow sql") {
				t.Fatal("nothing was traced or logged")
			}
			for _, private := range []string{
				customerA, "example.org", "given ", "family ", "profile ", "+4930", "1990-05-17", "notes about", "nobody.knows",
				"new.person", "unheard", "nameless", "not the password", "nor this one", password, "127.0.0.1", "go-http-client", "bearer ",
			} {
				if i := strings.Index(all, strings.ToLower(private)); i >= 0 {
					t.Errorf("%q is there: …%s…", private, all[max(0, i-300):min(len(all), i+100)])
				}
			}
		})
	}
}

// scrape gives the lines of the metrics.
func (c *clinic) scrape() []string {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.app.Admin.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		c.t.Fatalf("/metrics: %d %s", w.Code, w.Body)
	}
	return strings.Split(w.Body.String(), "\n")
}

// TestASubscriptionIsOneLineWhenItEnds, with the number of its events, and its
// life is no latency.
func TestASubscriptionIsOneLineWhenItEnds(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		s := me.socket()
		id := s.subscribe(`subscription Mine { bookingChanged { id } }`)
		if sockets, open := c.metric("clinicgraph_sockets"), c.metric("clinicgraph_subscriptions"); sockets != 1 || open != 1 {
			t.Errorf("%v sockets and %v subscriptions are shown", sockets, open)
		}
		me.book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok()
		s.data(id).ok()
		if lines := c.log.about("operation", "type=subscription"); len(lines) != 0 {
			t.Errorf("a line before its end: %v", lines)
		}
		ended := c.log.await("type=subscription")
		s.say(vars{"type": "complete", "id": id})
		select {
		case <-ended:
		case <-time.After(patience):
			t.Fatal("nothing is said of its end")
		}
		got := c.log.about("operation", "type=subscription")[0].facts()
		for key, want := range map[string]string{"name": "Mine", "field": "bookingChanged", "code": "OK", "answers": "1", "viewer": c.users[customerA]} {
			if got[key] != want {
				t.Errorf("%s is %q, want %q", key, got[key], want)
			}
		}
		if n := c.metric("clinicgraph_subscription_events_total", "operation", "bookingChanged"); n != 1 {
			t.Errorf("%v events are counted", n)
		}
		for _, s := range c.series() {
			if strings.HasPrefix(s.name, "clinicgraph_operation_duration_seconds") && s.labels["operation"] == "bookingChanged" {
				t.Fatalf("its life is a latency: %v", s)
			}
		}
	})
}
