package app

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
)

// archived is a clinic on SQLite with three rows on record that were sealed a year
// ago, and the head of them.
func archived(t *testing.T, main func(args ...string) (int, string)) (head chain.Head) {
	t.Helper()
	data := t.TempDir()
	t.Setenv("CLINICGRAPH_DATA", data)
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	secret := base64.StdEncoding.EncodeToString(random)
	if err := os.WriteFile(filepath.Join(data, "secret.key"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := main("migrate", "up"); code != config.ExitOK {
		t.Fatal(out)
	}
	db, err := store.OpenSQLite(t.Context(), filepath.Join(data, "clinicgraph.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"1", "2", "3"} {
		_, err := db.Write.Exec(`INSERT INTO audit_logs (id, created_at, event, actor, success, subject_id) VALUES ($1, '2025-01-01 00:00:00+00:00', 'LOGIN', 'a', true, $1)`,
			"00000000-0000-7000-8000-00000000000"+id)
		if err != nil {
			t.Fatal(err)
		}
	}
	cfg := config.Config{}
	cfg.Database.Data = data
	derived, err := presentSecrets(cfg)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := openChain(t.Context(), cfg, db, derived)
	if err != nil {
		t.Fatal(err)
	}
	lastYear := func() time.Time { return clock().AddDate(-1, 0, 0) }
	if _, err := (&chain.Sealer{DB: db, Keys: keys, Now: lastYear, Log: slog.New(slog.DiscardHandler)}).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if head, err = keys.Head(t.Context(), db, clock()); err != nil || head.Seq != 3 {
		t.Fatal(head, err)
	}
	if err := exportHead(headsPath(cfg), nil)(t.Context(), head); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return head
}

func TestTheRecordIsArchivedFromTheCommandLine(t *testing.T) {
	main := func(args ...string) (int, string) {
		var out bytes.Buffer
		return Main(t.Context(), "v-test", args, &out, &out), out.String()
	}
	says := func(code int, want string, args ...string) {
		t.Helper()
		if got, out := main(args...); got != code || !strings.Contains(out, want) {
			t.Errorf("%v: exit %d, want %d and %q: %s", args, got, code, want, out)
		}
	}
	head := archived(t, main)
	dir, now := t.TempDir(), clock()
	says(config.ExitUsage, "CLINICGRAPH_AUDIT_ARCHIVE", "audit", "archive", "--before", now.Format("2006-01"))
	t.Setenv("CLINICGRAPH_AUDIT_ARCHIVE", dir)
	says(config.ExitUsage, "is no month", "audit", "archive", "--before", "last year")
	says(config.ExitFailure, "only months that are over", "audit", "archive", "--before", now.AddDate(1, 0, 0).Format("2006-01"))
	says(config.ExitOK, "nothing is that old", "audit", "archive", "--before", now.AddDate(-2, 0, 0).Format("2006-01"))
	says(config.ExitOK, "entries 1 to 3", "audit", "archive", "--before", now.Format("2006-01"))
	says(config.ExitOK, "0 of 3 entries checked, 3 are archived, 1 exported heads", "audit", "verify")
	says(config.ExitOK, "entries 1 to 3", "audit", "archives")
	says(config.ExitFailure, "not in the folder", "audit", "archives", "--dir", t.TempDir())
	says(config.ExitOK, `"event":"AUDIT_ARCHIVE","subjectId":null,"resource":"audit archive"`, "audit", "export", "--log", "audit", "--from", "2020-01-01", "--to", now.AddDate(0, 0, 1).Format(time.DateOnly))

	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl.gz"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	key := base64.StdEncoding.EncodeToString(head.Key)
	says(config.ExitOK, "1 archives checked by their signatures", "audit", "verify", files[0], "--key", key)
	says(config.ExitOK, "1 of 1 archives checked, each row", "audit", "verify", files[0], strings.TrimSuffix(files[0], ".jsonl.gz")+".manifest.json")
	says(config.ExitUsage, "is no public key", "audit", "verify", files[0], "--key", "x")
	says(config.ExitFailure, "another key", "audit", "verify", files[0], "--key", base64.StdEncoding.EncodeToString(make([]byte, 32)))
	asked(t, main, files[0], now)
	into := filepath.Join(t.TempDir(), "copy.db")
	says(config.ExitOK, "nothing is wrong", "audit", "restore", files[0], "--into", into)
	says(config.ExitFailure, "file exists", "audit", "restore", files[0], "--into", into)

	forged := head
	forged.Seq = 2
	line, err := json.Marshal(forged)
	if err != nil {
		t.Fatal(err)
	}
	heads := filepath.Join(t.TempDir(), "heads.jsonl")
	if err := os.WriteFile(heads, line, 0o600); err != nil {
		t.Fatal(err)
	}
	says(config.ExitFailure, "HEAD: entry 2", "audit", "verify", files[0], "--heads", heads)
	if err := os.WriteFile(files[0], []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	says(config.ExitFailure, "SHA-256", "audit", "verify", files[0])
	if _, out := main("audit", "export", files[0], "--from", "2020-01-01", "--to", "2030-01-01"); strings.Contains(out, `"event"`) || !strings.Contains(out, "SHA-256") {
		t.Errorf("entries of a damaged archive leave: %s", out)
	}
}

// asked looks for entries in an archive that are in the database no longer.
func asked(t *testing.T, main func(args ...string) (int, string), file string, now time.Time) {
	t.Helper()
	for what, want := range map[string]int{
		"":                        3,
		"--log operation":         0,
		"--event LOGIN --actor a": 3,
		"--event LOGOUT":          0,
		"--actor b":               0,
		"--request r-1":           0,
		"--entity " + strings.ToUpper("00000000-0000-7000-8000-0000000000ab"): 0,
		"--entity 00000000-0000-7000-8000-000000000002":                       1,
		"--from 2025-01-01":                  3,
		"--from 2025-01-01T00:00:00.000001Z": 0,
		"--to 2025-01-01":                    0,
		"--to 2025-01-01T00:00:00.000001Z":   3,
	} {
		args := strings.Fields("audit export " + file + " --from 2020-01-01 --to 2030-01-01 " + what)
		code, out := main(args...)
		if n := strings.Count(out, `"log":"audit"`); code != config.ExitOK || n != want {
			t.Errorf("%q: exit %d, %d entries, want %d: %s", what, code, n, want, out)
		}
	}
	if _, out := main("audit", "export", file, "--from", "2020-01-01", "--to", "2030-01-01"); !strings.Contains(out, `{"seq":1,"log":"audit","id":"00000000-0000-7000-8000-000000000001","createdAt":"2025-01-01T00:00:00.000000Z","userId":null,"actor":"a","event":"LOGIN"`) {
		t.Errorf("not as the stream has it: %s", out)
	}
	if _, out := main("audit", "export", file, "--from", "2020-01-01", "--to", "2030-01-01", "--format", "csv"); !strings.Contains(out, "LOGIN") || strings.Count(out, "\n") < 4 {
		t.Errorf("csv: %s", out)
	}
	// Whoever asks an archive is on record like whoever exports, with what was looked for.
	told := "jsonl of all from 2020-01-01T00:00:00Z to 2030-01-01T00:00:00Z, actor b in " + filepath.Base(file)
	if _, out := main("audit", "export", "--log", "audit", "--from", "2020-01-01", "--to", now.AddDate(0, 0, 1).Format(time.DateOnly)); !strings.Contains(out, told) {
		t.Errorf("not on record: %s", out)
	}
}
