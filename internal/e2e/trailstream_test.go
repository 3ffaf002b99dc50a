package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/config"
	"clinicgraph/internal/trail"
)

// TestTheStreamHasTheChainAndNothingThatActs: every sealed entry, in order, once
// over; and what clients chose neither forges a line nor moves a cursor.
func TestTheStreamHasTheChainAndNothingThatActs(t *testing.T) {
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "stream.jsonl")
			c := open(t, d, func(cfg *config.Config) { cfg.Audit.Stream = path })
			forged := "x\r\n{\"seq\":1,\"actor\":\"admin\"}\x1b[2J\u009b31m\u202e"
			for _, login := range []string{forged, "=cmd|' /C calc'!A0", strings.Repeat("x", 600)} {
				c.anyone().login(login, "wrong")
			}
			for _, agent := range []string{"=HYPERLINK(\"x\")", "\u009b31m\u202eevil", strings.Repeat("A", 5000), "\xff\xfe"} {
				(&client{c: c, header: "User-Agent", value: agent}).login(customerA, password).ok()
			}
			c.anyone().do(`query ` + strings.Repeat("N", 3000) + ` { auditLogs { totalCount } }`).refused("UNAUTHENTICATED")
			text, table := c.mustBeHarmless(path)
			for _, secret := range append(c.secrets, "Secret of") {
				if strings.Contains(text, secret) {
					t.Errorf("the stream has a secret: %s", secret)
				}
			}

			if out := table; !strings.Contains(out, `"'=HYPERLINK(""x"")"`) || strings.Contains(out, ",=") || strings.Contains(out, "\x1b") {
				t.Errorf("formulas: %d bytes", len(out))
			}
		})
	}
}

// mustBeHarmless closes the sealer and looks at the stream and at a table of the audit
// log, and gives both: that each entry is one line, bounded, with nothing that acts. No
// text on record is longer than one of a client may be, but for values of rows.
func (c *clinic) mustBeHarmless(path string) (stream, sheetText string) {
	t := c.t
	t.Helper()
	c.app.Sealer.Close(t.Context())

	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if n := c.count(`SELECT count(*) FROM audit_chain`); n != len(lines) || n < 100 {
		t.Errorf("%d lines for %d entries", len(lines), n)
	}
	for i, line := range lines {
		var e struct {
			Seq       int
			Log, ID   string
			NewValues map[string]any
			CreatedAt time.Time
			RequestID *string
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Seq != i+1 || e.ID == "" || e.RequestID == nil {
			t.Fatalf("line %d: %v: %.300s", i+1, err, line)
		}
		if j := strings.IndexFunc(line, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }); j >= 0 {
			t.Errorf("line %d acts: %q", i+1, line)
		}
		if len(line) > 8000 {
			t.Errorf("line %d has %d bytes", i+1, len(line))
		}
	}
	// The same entries in a table, where none is a formula.
	var table bytes.Buffer
	sheet, err := trail.NewCSV(&table, []string{"audit"})
	if err != nil {
		t.Fatal(err)
	}
	if err := chain.ReadLog(t.Context(), c.app.Store.DB, "audit", opening, opening.Add(time.Hour), sheet.Write); err != nil {
		t.Fatal(err)
	}
	if err := sheet.Close(); err != nil {
		t.Fatal(err)
	}
	if n := c.count(`SELECT count(*) FROM audit_logs WHERE created_at >= $1`, opening); strings.Count(table.String(), "\r\n") != n+1 {
		t.Errorf("%d records for %d rows", strings.Count(table.String(), "\r\n")-1, n)
	}
	for log, columns := range map[string]string{
		"operation_logs": "actor, action_details, ip_address, user_agent, request_id, operation", "session_logs": "ip_address, user_agent, request_id, operation",
		"audit_logs": "actor, resource, permission_checked, details, ip_address, user_agent, request_id, operation",
	} {
		for _, column := range strings.Split(columns, ", ") {
			if n := c.count(`SELECT count(*) FROM ` + log + ` WHERE length(CAST(` + column + ` AS text)) > 512`); n > 0 {
				t.Errorf("%d texts of %s.%s are too long", n, log, column)
			}
		}
	}
	return string(text), table.String()
}
