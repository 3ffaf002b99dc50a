package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/config"
)

// words are what somebody may put wherever a client chooses, to forge a line of a log,
// to move the cursor of whoever reads it, or to fill it.
var words = map[string]string{
	"lines":           "x\r\n{\"seq\":1,\"actor\":\"admin\"}\u2028\u2029\u0085y",
	"escapes":         "\x1b[2J\x1b]0;title\x07\u009b31m\b",
	"nothing":         "a\x00b",
	"not UTF-8":       "\xff\xfe\xc3\x28",
	"directions":      "\u202eevil\u202c\u2066x\u2069\u200b\ufeff",
	"a formula":       "=cmd|' /C calc'!A0",
	"a million bytes": strings.Repeat("x", 1_000_000),
	"many lines":      strings.Repeat("y\r\n", 2_000),
}

// TestHostileWordsAreHarmlessOnRecord puts each of them into each place of a request
// that reaches the logs: what is on record is bounded, and is one line wherever it
// leaves.
func TestHostileWordsAreHarmlessOnRecord(t *testing.T) {
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "stream.jsonl")
			c := open(t, d, func(cfg *config.Config) {
				cfg.Audit.Stream, cfg.Load.TrustedProxies = path, []string{"127.0.0.1", "::1"}
			})
			boss := c.as(admin)
			for _, w := range words {
				c.anyone().login(w, w)
				c.anyone().do(`{ auditLogs { totalCount } } # ` + w)
				c.anyone().do(`query ($x: String = ` + block(w) + `) { auditLogs { totalCount } }`)
				c.anyone().post("application/json", `{"query":"{ auditLogs { totalCount } }","operationName":`+inJSON(w)+`}`)
				c.anyone().post("application/json", `{"query":"query `+strings.Repeat("N", min(len(w), 50_000))+` { auditLogs { totalCount } }"}`)
				c.anyone().post("application/json", `{"documentId":`+inJSON(w)+`}`)
				c.anyone().forgot(w)
				c.anyone().renew(w)
				boss.grant(customerB, "points:read", true, vars{"reason": w})
				boss.revoke(w, w)
				boss.erase(c.profiles[customerB], vars{"reason": w})
				boss.startReview(vars{"name": w, "roleIds": []string{c.roles["staff"]}})
				(&client{c: c, token: boss.token}).impersonate(customerB, vars{"reason": w})
				boss.apiToken(w, "product:read")
				boss.do(`mutation($id: ID!, $n: String!) { nameSession(input: {id: $id, name: $n}) { session { id } } }`, vars{"id": boss.session(), "n": w})
				for _, header := range []string{"User-Agent", "X-Request-Id", "X-Purpose-Of-Use", "X-Forwarded-For", "Authorization", "X-Device-Token", "Traceparent"} {
					c.raw(header, w)
				}
			}
			stream, _ := c.mustBeHarmless(path)
			for _, landed := range []string{`\u001b[2J`, "a\uFFFDb", `\u202eevil`, strings.Repeat("x", 512), `=cmd|`} {
				if !strings.Contains(stream, landed) {
					t.Errorf("%q has not reached the record", landed)
				}
			}
			c.log.mu.Lock()
			defer c.log.mu.Unlock()
			for _, l := range c.log.lines {
				if len(l.text) > 16<<10 {
					t.Errorf("a line of the log has %d bytes: %.200s", len(l.text), l.text)
				}
			}
		})
	}
}

// block is a text as GraphQL has it, which may have lines and whatever else.
func block(w string) string { return `"""` + w + `"""` }

// inJSON is a text of JSON with nothing escaped but what must be: what is not UTF-8
// stays so.
func inJSON(w string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", `\r`, "\n", `\n`, "\x00", `\u0000`, "\x1b", `\u001b`, "\b", `\b`, "\x07", `\u0007`).Replace(w) + `"`
}

// raw asks for what is refused, with a header as no decent client would send it. Who is
// sent away before that is not on record, and whatever is answered will do.
func (c *clinic) raw(header, value string) {
	c.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	const body = `{"query":"{ auditLogs { totalCount } }"}`
	// A server that has read enough may close before all was sent.
	_, _ = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: clinic.example\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s: %s\r\n\r\n%s", len(body), header, value, body)
	if response, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
}
