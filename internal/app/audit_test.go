package app_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
)

// onFile runs a statement on a SQLite database behind everybody's back.
func onFile(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := store.OpenSQLite(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.Write.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTheRecordIsCheckedFromTheCommandLine(t *testing.T) {
	if code, _, errs := run(t, nil, "audit", "verify"); code != config.ExitUsage || !strings.Contains(errs, "CLINICGRAPH_SECRET_FILE") {
		t.Errorf("without a secret: exit %d, %s", code, errs)
	}
	if code, _, errs := run(t, nil, "seed", "demo"); code != config.ExitOK {
		t.Fatal(errs)
	}
	data := os.Getenv("CLINICGRAPH_DATA")
	again := func(args ...string) (int, string) {
		var out bytes.Buffer
		return app.Main(t.Context(), "v-test", args, &out, &out), out.String()
	}
	verify := func(what string, code int, says ...string) {
		t.Helper()
		got, out := again("audit", "verify")
		for _, s := range says {
			if !strings.Contains(out, s) {
				t.Errorf("%s: it does not say %q: %s", what, s, out)
			}
		}
		if got != code {
			t.Errorf("%s: exit %d, want %d: %s", what, got, code, out)
		}
	}
	verify("untouched", config.ExitOK, "0 are archived, 1 exported heads, 0 rows wait", "nothing is wrong")

	if code, head := again("audit", "head"); code != config.ExitOK || !strings.Contains(head, `"signature":"`) {
		t.Fatalf("head: exit %d, %s", code, head)
	}
	file := filepath.Join(data, "clinicgraph.db")
	onFile(t, file, "DROP TRIGGER operation_logs_no_update",
		"UPDATE operation_logs SET actor = 'nobody' WHERE id = (SELECT row_id FROM audit_chain WHERE seq = 7)")
	verify("changed", config.ExitFailure, "first problem: ROW_CHANGED: entry 7, row ", " of operation_logs", "tampered with")
	if err := os.WriteFile(filepath.Join(data, "audit-heads.jsonl"), []byte("no head\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	verify("broken heads", config.ExitFailure, "audit-heads.jsonl, line 1 is no head")
}

// What is cut off the end, with its rows, the database does not tell; the file of heads
// does, and so does a head that was printed.
func TestAMissingTailIsFoundByAnExportedHead(t *testing.T) {
	if code, _, errs := run(t, nil, "seed", "base"); code != config.ExitOK {
		t.Fatal(errs)
	}
	data := os.Getenv("CLINICGRAPH_DATA")
	again := func(args ...string) (int, string) {
		var out bytes.Buffer
		return app.Main(t.Context(), "v-test", args, &out, &out), out.String()
	}
	code, printed := again("audit", "head")
	if code != config.ExitOK {
		t.Fatal(printed)
	}
	const last = `(SELECT row_id FROM audit_chain ORDER BY seq DESC LIMIT 1)`
	onFile(t, filepath.Join(data, "clinicgraph.db"),
		"DROP TRIGGER audit_chain_no_delete", "DROP TRIGGER audit_logs_no_delete", "DROP TRIGGER operation_logs_no_delete",
		"DELETE FROM audit_logs WHERE id = "+last, "DELETE FROM operation_logs WHERE id = "+last, "DELETE FROM audit_chain WHERE row_id = "+last)
	if code, out := again("audit", "verify"); code != config.ExitFailure || !strings.Contains(out, "HEAD: entry ") {
		t.Errorf("with the file of heads: exit %d: %s", code, out)
	}
	if err := os.Remove(filepath.Join(data, "audit-heads.jsonl")); err != nil {
		t.Fatal(err)
	}
	if code, out := again("audit", "verify"); code != config.ExitOK {
		t.Errorf("the database alone tells: exit %d: %s", code, out)
	}
	paper := filepath.Join(t.TempDir(), "printed.jsonl")
	if err := os.WriteFile(paper, []byte(printed), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := again("audit", "verify", "--heads", paper); code != config.ExitFailure || !strings.Contains(out, "HEAD: entry ") {
		t.Errorf("with the printed head: exit %d: %s", code, out)
	}
}
