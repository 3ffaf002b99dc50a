package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/graph"
	"clinicgraph/internal/config"
)

// eachByGET is each with a server that answers queries by GET, too.
func eachByGET(t *testing.T, story func(t *testing.T, c *clinic), change ...func(*config.Config)) {
	t.Helper()
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, d, append(change, func(cfg *config.Config) { cfg.Server.ServeGET = true })...)
			story(t, c)
			c.mustAddUp()
		})
	}
}

// get asks with GET. The fields of the header come in pairs.
func (cl *client) get(query string, header ...string) *answer {
	cl.c.t.Helper()
	r, err := http.NewRequestWithContext(cl.c.t.Context(), http.MethodGet, cl.c.url+"/graphql?"+query, nil)
	if err != nil {
		cl.c.t.Fatal(err)
	}
	if cl.token != "" {
		r.Header.Set("Authorization", "Bearer "+cl.token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return cl.c.exchange(r, query[:min(len(query), 1000)])
}

// params is an address's parameters, in pairs.
func params(pairs ...string) string {
	all := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		all.Add(pairs[i], pairs[i+1])
	}
	return all.Encode()
}

func TestAQueryByGETIsOneByPOST(t *testing.T) {
	eachByGET(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		const document = `query A($first: Int!) { bookings(first: $first) { totalCount edges { node { number status } } } } query B { b: __typename }`
		by := me.get(params("query", document, "operationName", "A", "variables", `{"first": 3}`)).ok()
		if post := me.do(strings.Split(document, " query B")[0], vars{"first": 3}).ok(); string(by.body) != string(post.body) {
			t.Errorf("GET: %s\nPOST: %s", by.body, post.body)
		}
		if by.status != 200 || by.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v", by.status, by.header)
		}
		me.get(params("query", document, "operationName", "B", "variables", "", "extensions", "null", "other", "x", "other", "y")).ok().want("b", `"Query"`)
		if a := me.get(params("query", `{ __typename }`), "Accept", "application/graphql-response+json"); a.header.Get("Content-Type") != "application/graphql-response+json; charset=utf-8" {
			t.Errorf("%v", a.header)
		}
		// The doors and the rows are those of POST.
		me.get(params("query", `{ auditLogs { totalCount } }`)).refused("FORBIDDEN")
		c.anyone().get(params("query", `{ customers { totalCount } }`)).refused("UNAUTHENTICATED")
		nobody := &client{c: c, token: "no.good.token"}
		if a := nobody.get(params("query", `{ customers { totalCount } }`)).refused("UNAUTHENTICATED"); a.status != 401 {
			t.Errorf("a bad token: %d", a.status)
		}
	})
}

func TestWhatChangesSomethingIsNotAskedWithGET(t *testing.T) {
	eachByGET(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		for range 3 { // more often than anybody may sign in, if it counted
			for _, document := range []string{
				`mutation { logout { loggedOut } }`,
				`mutation { login(input: {login: "` + customerA + `", password: "` + password + `"}) { accessToken } }`,
				`mutation { logout { loggedOut } logoutEverywhere { ended } }`,
				`subscription { bookingChanged { id } }`,
				`fragment F on Mutation { logout { loggedOut } } mutation { ...F }`,
			} {
				a := me.get(params("query", document)).refused("BAD_USER_INPUT")
				if a.status != 405 || a.header.Get("Allow") != "POST" || a.data != nil {
					t.Errorf("%s: %d %v %s", document, a.status, a.header, a.body)
				}
			}
		}
		me.do(whoAmI).ok() // nobody was signed out
		c.anyone().login(customerA, password).ok()
		// One that does not name its operation is not executed at all.
		if a := me.get(params("query", `query A { __typename } mutation B { logout { loggedOut } }`)); a.data != nil || a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
		me.get(params("query", `query A { a: __typename } mutation B { logout { loggedOut } }`, "operationName", "A")).ok().want("a", `"Query"`)
		for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodOptions, "BREW"} {
			if a := me.send(method, "application/json", strings.NewReader(typename), method); a.status != 405 || a.header.Get("Allow") != "GET, POST" {
				t.Errorf("%s: %d %v", method, a.status, a.header)
			}
		}
		me.post("application/json", typename).ok()
	}, func(cfg *config.Config) { cfg.Load.RateActions = 2 })
}

func TestAnAddressThatCannotBeReadIsRefused(t *testing.T) {
	eachByGET(t, func(t *testing.T, c *clinic) {
		const canary = "canary-4711"
		nested := func(levels int) string {
			return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels)
		}
		for _, query := range []string{
			"", "query=", params("qeury", "{ __typename }"), "query=%zz" + canary, "query={__typename};x=" + canary,
			params("query", "{ __typename }", "query", "{ "+canary+" }"), params("query", "{ __typename }", "variables", "{}", "variables", "{}"),
			params("query", "{ __typename }", "variables", canary), params("query", "{ __typename }", "variables", "[]"), params("query", "{ __typename }", "variables", `{"a": 1} 2`),
			params("query", "{ __typename }", "variables", `{"a": 1, "a": 2}`), params("query", "{ __typename }", "extensions", `"`+canary+`"`),
			params("query", "{ __typename }", "variables", nested(8)), "query=%7B__typename%7D%ff",
		} {
			a := c.anyone().get(query).refused("BAD_USER_INPUT")
			if a.status != 400 || strings.Contains(string(a.body), canary) {
				t.Errorf("%.80s: %d %s", query, a.status, a.body)
			}
		}
		c.anyone().get(params("query", "{ __typename }", "variables", nested(7))).ok() // the request is the first level
		if a := c.anyone().send(http.MethodGet, "application/json", strings.NewReader(typename), "a body"); a.status != 400 {
			t.Errorf("a body: %d %s", a.status, a.body)
		}
		if a := c.anyone().get(params("query", "{ __typename }"), "Accept", "text/html"); a.status != 406 {
			t.Errorf("for nobody: %d %s", a.status, a.body)
		}
		for query, code := range map[string]string{"{": "GRAPHQL_PARSE_FAILED", "{ nothing }": "GRAPHQL_VALIDATION_FAILED", "{ " + strings.Repeat("a ", 1000) + "}": "GRAPHQL_PARSE_FAILED"} {
			for accept, status := range map[string]int{"application/json": 200, "application/graphql-response+json": 400} {
				if a := c.anyone().get(params("query", query), "Accept", accept).refused(code); a.status != status {
					t.Errorf("%.20s: %d %s", query, a.status, a.body)
				}
			}
		}
	}, func(cfg *config.Config) {
		cfg.Limits = config.Limits(graph.DefaultLimits())
		cfg.Limits.JSONDepth = 8
	})
}

func TestADocumentByGETHasTheLengthOfOneByPOST(t *testing.T) {
	eachByGET(t, func(t *testing.T, c *clinic) {
		const limit = 16 << 10
		document := "{ __typename }" + strings.Repeat(",", limit-len("{ __typename }"))
		c.anyone().get(params("query", document)).ok()
		if a := c.anyone().get(params("query", document+",")).refused("PAYLOAD_TOO_LARGE"); a.status != 413 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

func TestPagesOfOtherOriginsAreRefusedByGETAsWell(t *testing.T) {
	const page = "https://app.clinic.example"
	eachByGET(t, func(t *testing.T, c *clinic) {
		query := params("query", "{ __typename }")
		for _, s := range []struct {
			origin, site string
			status       int
		}{{"", "", 200}, {"", "same-origin", 200}, {"", "none", 200}, {page, "cross-site", 200}, {"", "cross-site", 403}, {"", "same-site", 403}, {"https://evil.example", "cross-site", 403}, {"https://evil.example", "", 403}} {
			header := []string{}
			for key, value := range map[string]string{"Origin": s.origin, "Sec-Fetch-Site": s.site} {
				if value != "" {
					header = append(header, key, value)
				}
			}
			a := c.anyone().get(query, header...)
			if a.status != s.status || (s.origin == page) != (a.header.Get("Access-Control-Allow-Origin") == page) {
				t.Errorf("%+v: %d %v", s, a.status, a.header)
			}
		}
	}, func(cfg *config.Config) { cfg.Server.AllowedOrigins = []string{page} })
}

func TestTrustedDocumentsAreAskedByGET(t *testing.T) {
	const who, out = `{ viewer { user { username } } }`, `mutation { logout { loggedOut } }`
	text, err := json.Marshal(map[string]string{"who": who, "out": out, "in": `mutation ($input: LoginInput!) { login(input: $input) { accessToken refreshToken } }`})
	if err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(t.TempDir(), "documents.json")
	if err := os.WriteFile(manifest, text, 0o600); err != nil {
		t.Fatal(err)
	}
	eachByGET(t, func(t *testing.T, c *clinic) {
		in := fmt.Sprintf(`{"documentId": "in", "variables": {"input": {"login": %q, "password": %q}}}`, customerA, password)
		me := c.holding(c.anyone().post("application/json", in).ok(), "login")
		for _, query := range []string{
			params("documentId", "who"), params("documentId", "who", "query", who),
			params("extensions", `{"persistedQuery": {"version": 1, "sha256Hash": "who"}}`),
		} {
			me.get(query).ok().want("viewer.user.username", `"`+customerA+`"`)
		}
		for _, query := range []string{params("query", who), params("documentId", "else"), params("documentId", "who", "query", `{ __typename }`)} {
			me.get(query).refused("BAD_USER_INPUT")
		}
		if a := me.get(params("documentId", "out")).refused("BAD_USER_INPUT"); a.status != 405 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}, func(cfg *config.Config) { cfg.Server.TrustedDocuments = manifest })
}

func TestQueriesByGETPayLikeOthers(t *testing.T) {
	eachByGET(t, func(t *testing.T, c *clinic) {
		query := params("query", "{ __typename }")
		limited := false
		for range 200 {
			a := c.anyone().get(query)
			if a.header.Get("RateLimit") == "" {
				t.Fatalf("nothing is said of the rate: %v", a.header)
			}
			if limited = a.status == 429; limited {
				a.refused("RATE_LIMITED")
				break
			}
		}
		if !limited {
			t.Error("200 queries at once are let in")
		}
	}, func(cfg *config.Config) { cfg.Load.RateAnonymous = 1 })
}
