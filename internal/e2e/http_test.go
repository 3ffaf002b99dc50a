package e2e

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/graph"
	"clinicgraph/internal/config"
)

const typename = `{"query":"{ __typename }"}`

func TestTheGraphIsAskedWithPostAndJSONAlone(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodOptions, "BREW"} {
			if a := me.send(method, "application/json", strings.NewReader(typename), method); a.status != 405 || a.header.Get("Allow") != "POST" {
				t.Errorf("%s: %d %s", method, a.status, a.body)
			}
		}
		for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql", "application/jsonp"} {
			if a := me.post(contentType, typename); a.status != 415 || a.data != nil {
				t.Errorf("%q: %d %s", contentType, a.status, a.body)
			}
		}
		for _, contentType := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"} {
			if a := me.post(contentType, typename); a.status != 200 {
				t.Errorf("%q: %d %s", contentType, a.status, a.body)
			}
		}
	})
}

func TestABodyHasAtMost100KiB(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		const limit = 100 << 10
		padded := func(n int) string { return typename + strings.Repeat(" ", n-len(typename)) }
		me := c.as(customerA)
		if a := me.post("application/json", padded(limit)); a.status != 200 || len(a.errs) > 0 {
			t.Errorf("at the limit: %d %s", a.status, a.body)
		}
		if a := me.post("application/json", padded(limit+1)).refused("PAYLOAD_TOO_LARGE"); a.status != 413 {
			t.Errorf("past it: %d %s", a.status, a.body)
		}
		// Without a length the server finds out as it reads.
		chunked := struct{ *strings.Reader }{strings.NewReader(strings.Replace(padded(limit+1), `__typename`, `__typename `+strings.Repeat(" ", limit), 1))}
		if a := me.send(http.MethodPost, "application/json", chunked, "chunked").refused("PAYLOAD_TOO_LARGE"); a.status != 413 {
			t.Errorf("past it, without a length: %d %s", a.status, a.body)
		}
	})
}

func TestBodyAndErrorsHaveTheLimitsOfTheSettings(t *testing.T) {
	c := open(t, dialect.SQLite, func(cfg *config.Config) {
		cfg.Limits = config.Limits(graph.DefaultLimits())
		cfg.Limits.BodyBytes, cfg.Limits.JSONDepth, cfg.Limits.Errors = 4096, 8, 2
	})
	for size, status := range map[int]int{4096: 200, 4097: 413} {
		if a := c.anyone().post("application/json", typename+strings.Repeat(" ", size-len(typename))); a.status != status {
			t.Errorf("%d bytes: %d %s", size, a.status, a.body)
		}
	}
	for levels, status := range map[int]int{8: 200, 9: 400} {
		inner := levels - 1 // the request is the first
		body := strings.Replace(typename, "{", `{"extensions":`+strings.Repeat(`{"a":`, inner)+"1"+strings.Repeat("}", inner)+",", 1)
		if a := c.anyone().post("application/json", body); a.status != status {
			t.Errorf("%d levels: %d %s", levels, a.status, a.body)
		}
	}
	if a := c.anyone().do(`{ a b c }`); len(a.errs) != 2 {
		t.Errorf("%s", a.body)
	}
}

func TestWhatCannotBeReadIsRefusedAndNotRepeated(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		const canary = "canary-4711"
		for _, body := range []string{
			``, `null`, `[]`, `"` + canary + `"`, `{"query": ` + canary + `}`, `{"query": "{ __typename }", "variables": "` + canary + `"}`,
			`{"query": ["` + canary + `"]}`, `[{"query":"{ __typename }"}]`, `{"query":"{ __typename }"} ` + canary, `{}`, `{"query": ""}`, `{"query": null}`,
			`{"query":"{ __typename }","operationName":{"a":"` + canary + `"}}`, strings.Repeat(`{"query":`, 2000), strings.Repeat(`[`, 50_000), "\xff\xfe" + canary,
		} {
			a := me.post("application/json", body)
			if len(a.errs) == 0 || a.status >= 500 || strings.Contains(string(a.body), canary) {
				t.Errorf("%.80s: %d %s", body, a.status, a.body)
			}
			if len(a.errs) > 0 && !slices.Contains([]string{"BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}, a.code()) {
				t.Errorf("%.80s: %s", body, a.code())
			}
		}
	})
}

func TestADocumentThatDoesNotFitIsRefusedBeforeAnythingRuns(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		for query, code := range map[string]string{
			`{`:                                    "GRAPHQL_PARSE_FAILED",
			`query ($a: ) { viewer }`:              "GRAPHQL_PARSE_FAILED",
			`{ nonsense }`:                         "GRAPHQL_VALIDATION_FAILED",
			`{ viewer }`:                           "GRAPHQL_VALIDATION_FAILED",
			`{ viewer { user { password } }`:       "GRAPHQL_PARSE_FAILED",
			`{ viewer { user { passwordHash } } }`: "GRAPHQL_VALIDATION_FAILED",
			`{ bookings(where: {customerId: "x"}) { totalCount } }`:                           "GRAPHQL_VALIDATION_FAILED",
			`query ($id: ID!) { node(id: $id) { id } }`:                                       "GRAPHQL_VALIDATION_FAILED",
			`query ($id: Int!) { node(id: $id) { id } }`:                                      "GRAPHQL_VALIDATION_FAILED",
			`mutation { logout { loggedOut } bookAppointment(input: {}) { booking { id } } }`: "GRAPHQL_VALIDATION_FAILED",
			`subscription { viewer { user { id } } }`:                                         "GRAPHQL_VALIDATION_FAILED",
			"{ " + strings.Repeat("a: __typename ", 400) + "}":                                "GRAPHQL_PARSE_FAILED", // more than 1,000 tokens
		} {
			a := me.do(query)
			if len(a.errs) == 0 || a.code() != code || a.data != nil || a.status >= 500 {
				t.Errorf("%.80s: want %s, got %d %s", query, code, a.status, a.body)
			}
		}
		me.do(whoAmI).ok() // nobody was signed out
	})
}

func TestEveryAnswerCarriesTheRequestsId(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for given, kept := range map[string]bool{"my-request.1": true, "short": false, "with space in": false, strings.Repeat("x", 65): false, "<script>alert(1)": false} {
			me := *c.as(customerA)
			me.header, me.value = "X-Request-Id", given
			a := me.do(`{ auditLogs { totalCount } }`).refused("FORBIDDEN")
			if got := a.header.Get("X-Request-Id"); (got == given) != kept {
				t.Errorf("%q became %q", given, got)
			}
		}
		c.as(admin).do(`{ auditLogs(where: {requestId: "my-request.1"}) { edges { node { event operation } } } }`).ok().
			want("auditLogs.edges", `[{"node":{"event":"ACCESS_DENIED","operation":"auditLogs"}}]`)
	})
}

func TestIntrospectionIsOffInProduction(t *testing.T) {
	c := open(t, dialect.SQLite, func(cfg *config.Config) {
		cfg.Env, cfg.SecretFile = config.Production, filepath.Join(cfg.Database.Data, "secret.key")
	})
	for _, query := range []string{`{ __schema { types { name } } }`, `{ __type(name: "User") { name } }`} {
		if a := c.as(admin).do(query).refused("FORBIDDEN"); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	c.as(admin).do(`{ __typename }`).ok()
}

// TestADefectIsToldToTheLogAndNotToTheClient takes a table away.
func TestADefectIsToldToTheLogAndNotToTheClient(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		c.broken = true
		rename := func(from, to string) {
			t.Helper()
			if _, err := c.app.Store.DB.Write.ExecContext(t.Context(), `ALTER TABLE `+from+` RENAME TO `+to); err != nil {
				t.Fatal(err)
			}
		}
		rename("rewards", "lost_rewards")
		a := me.do(`{ rewards { totalCount edges { node { name } } } viewer { user { id } } }`)
		b := me.redeem(c.sticker)
		rename("lost_rewards", "rewards")
		for _, a := range []*answer{a, b} {
			id := a.header.Get("X-Request-Id")
			if a.code() != "INTERNAL" || a.status != 200 || len(a.errs) != 1 || strings.Contains(a.errs[0].Message, "table") {
				t.Errorf("%d %s", a.status, a.body)
			}
			if c.log.errors(id) == 0 {
				t.Errorf("nothing about request %s in the log", id)
			}
		}
		me.do(`{ rewards { totalCount } }`).ok()
	})
}

func TestOtherPathsSayWhereThingsAre(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for path, status := range map[string]int{"/": 200, "/livez": 200, "/readyz": 200, "/playground": 404, "/nothing": 404, "/graphql/x": 404} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := c.http.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			var body map[string]any
			err = json.NewDecoder(response.Body).Decode(&body)
			response.Body.Close()
			if response.StatusCode != status || status == 200 && err != nil {
				t.Errorf("%s: %d %v %v", path, response.StatusCode, body, err)
			}
			if response.Header.Get("X-Request-Id") == "" || response.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: headers %v", path, response.Header)
			}
			if path == "/" && body["graphql"] != "/graphql" {
				t.Errorf("the index says %v", body)
			}
		}
	})
}
