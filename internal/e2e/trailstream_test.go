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
			for _, secret := range append(c.secrets, "Secret of") {
				if strings.Contains(string(text), secret) {
					t.Errorf("the stream has a secret: %s", secret)
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
			if out := table.String(); !strings.Contains(out, `"'=HYPERLINK(""x"")"`) || strings.Contains(out, ",=") || strings.Contains(out, "\x1b") {
				t.Errorf("formulas: %d bytes", len(out))
			}
			if n := c.count(`SELECT count(*) FROM audit_logs WHERE created_at >= $1`, opening); strings.Count(table.String(), "\r\n") != n+1 {
				t.Errorf("%d records for %d rows", strings.Count(table.String(), "\r\n")-1, n)
			}
		})
	}
}
