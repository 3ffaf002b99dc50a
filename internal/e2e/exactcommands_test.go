package e2e

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// TestEachChangeOfACommandIsOnRecordExactlyOnce: of those that fill a database, too.
func TestEachChangeOfACommandIsOnRecordExactlyOnce(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(d, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			flags := []string{"--data=" + dir}
			url := ""
			if d == dialect.Postgres {
				url = testdb.NewPostgresDatabase(t, "")
				flags = append(flags, "--database-url="+url)
			}
			run := func(want int, args ...string) string {
				t.Helper()
				var out bytes.Buffer
				if code := app.Main(t.Context(), "v-test", append(args, flags...), &out, &out); code != want {
					t.Fatalf("%v: exit %d, want %d: %s", args, code, want, out.String())
				}
				return out.String()
			}
			run(config.ExitOK, "migrate", "up")
			open := func() (*store.DB, error) { return store.OpenSQLite(t.Context(), filepath.Join(dir, "clinicgraph.db")) }
			if d == dialect.Postgres {
				open = func() (*store.DB, error) { return store.OpenPostgres(t.Context(), store.Options{URL: url}) }
			}
			db, err := open()
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			n := tallied(t, db)
			holds := func(what string, code int, leaves bool, more ...string) string {
				t.Helper()
				out := run(code, append(strings.Fields(what), more...)...)
				entries := n.mustEqual(what)
				for _, e := range entries {
					if e.Operation != what || e.User == "" && !strings.HasPrefix(e.Actor, "system:") || e.User != "" && n.username(e.User) != e.Actor || e.RequestID != "" || e.IP != "" {
						t.Fatalf("%s: an entry that is not of the command: %+v", what, e)
					}
				}
				if len(entries) > 0 != leaves {
					t.Errorf("%s left %d entries", what, len(entries))
				}
				return out
			}
			holds("seed base", config.ExitOK, true)
			holds("seed base", config.ExitOK, false) // all is there
			holds("seed demo", config.ExitOK, true)  // as the people of the clinic
			holds("seed demo", config.ExitOK, false)
			holds("keys rotate", config.ExitFailure, false) // too early
			if twins := n.count(`SELECT count(*) FROM audit_logs WHERE event = 'SIGNING_KEY_ROTATE_ERROR' AND operation = 'keys rotate' AND actor = 'system:keys'`); twins != 1 {
				t.Errorf("that keys were not rotated is on record %d times", twins)
			}
			kids := regexp.MustCompile(`(?m)^[0-9A-Za-z_-]{8,}`).FindAllString(holds("keys list", config.ExitOK, false), -1)
			holds("keys revoke", config.ExitOK, true, kids[len(kids)-1])
			holds("counts rebuild", config.ExitOK, false) // no entity's
		})
	}
}
