package app_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
)

func TestTheRecordIsExported(t *testing.T) {
	if code, _, errs := run(t, map[string]string{"CLINICGRAPH_AUDIT_STREAM": filepath.Join(t.TempDir(), "stream.jsonl")}, "seed", "demo"); code != config.ExitOK {
		t.Fatal(errs)
	}
	again := func(args ...string) (code int, out, errs string) {
		var o, e bytes.Buffer
		code = app.Main(t.Context(), "v-test", append([]string{"audit", "export"}, args...), &o, &e)
		return code, o.String(), e.String()
	}
	span := []string{"--from", "2000-01-01", "--to", "2100-01-01"}
	code, out, errs := again(span...)
	if code != config.ExitOK {
		t.Fatal(errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	logs, last := map[string]int{}, map[string]any{}
	for _, line := range lines {
		clear(last)
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		logs[last["log"].(string)]++
	}
	if logs["operation"] < 100 || logs["audit"] < 3 {
		t.Errorf("entries by log: %v", logs)
	}
	if !strings.Contains(out, `"event":"AUDIT_EXPORT_BEGIN"`) || !strings.Contains(out, "jsonl of all from 2000-01-01T00:00:00Z to 2100-01-01T00:00:00Z, by ") {
		t.Error("it is not on record before it begins")
	}
	if code, out, _ = again(append(span, "--log", "audit")...); code != config.ExitOK || !strings.Contains(out, `"event":"AUDIT_EXPORT",`) {
		t.Errorf("exit %d: the first export is not on record: %s", code, out)
	}
	code, out, errs = again(append(span, "--format", "csv")...)
	records, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if code != config.ExitOK || err != nil || len(records) < len(lines) || strings.Join(records[0][:3], ",") != "log,id,createdAt" {
		t.Errorf("csv: exit %d, %d records, %v, %s", code, len(records), err, errs)
	}
	// What is personal is closed, and opened where that is asked for and on record.
	mail := regexp.MustCompile(`"email":"[^"]+@`)
	if code, out, _ = again(span...); code != config.ExitOK || !strings.Contains(out, `"[personal]"`) || mail.MatchString(out) || strings.Contains(out, "sealed:") {
		t.Errorf("exit %d: personal values leave", code)
	}
	if code, out, _ = again(append(span, "--log", "operation", "--format", "csv")...); code != config.ExitOK || !strings.Contains(out, "[personal]") || strings.Contains(out, "sealed:") {
		t.Errorf("csv: exit %d: personal values leave", code)
	}
	if code, out, errs = again(append(span, "--personal")...); code != config.ExitOK || !mail.MatchString(out) || strings.Contains(out, "sealed:") || strings.Contains(out, "[unreadable]") ||
		!strings.Contains(out, "2100-01-01T00:00:00Z, with personal values, by ") {
		t.Errorf("exit %d: personal values do not leave: %s", code, errs)
	}
	if code, out, _ = again("--from", "2000-01-01", "--to", "2000-01-02"); code != config.ExitOK || out != "" {
		t.Errorf("of a time without entries: exit %d, %q", code, out)
	}
	for says, args := range map[string][]string{
		"--from=\"yesterday\" is no time":       {"--from", "yesterday", "--to", "2030-01-01"},
		"--to=\"2030-02-30\" is no time":        {"--from", "2030-01-01", "--to", "2030-02-30"},
		"--to=\"2030-01-01\" is not later than": {"--from", "2030-01-01", "--to", "2030-01-01"},
		"missing flags":                         {"--from", "2030-01-01"},
		"--format must be one of":               append(span, "--format", "xml"),
		"--log must be one of":                  append(span, "--log", "secrets"),
	} {
		if code, out, errs := again(args...); code != config.ExitUsage || out != "" || !strings.Contains(errs, says) {
			t.Errorf("%v: exit %d, %q, %s", args, code, out, errs)
		}
	}
	streamed(t, os.Getenv("CLINICGRAPH_AUDIT_STREAM"))
}

// streamed reads a stream: every line is an entry, and no number is missing.
func streamed(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, want := bufio.NewScanner(file), int64(0)
	for lines.Scan() {
		want++
		var line struct {
			Seq     int64
			Log, ID string
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line.Seq != want || line.ID == "" {
			t.Fatalf("entry %d: %v, %s", want, err, lines.Bytes())
		}
	}
	if want < 100 {
		t.Errorf("%d entries in the stream", want)
	}
}

func TestAStreamThatCannotBeIsRefused(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(foreign, []byte("notes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a folder": t.TempDir(), "no folder": filepath.Join(t.TempDir(), "no", "stream"), "a file of something else": foreign} {
		if code, _, errs := run(t, map[string]string{"CLINICGRAPH_AUDIT_STREAM": path}, "seed", "base"); code != config.ExitUsage || !strings.Contains(errs, "CLINICGRAPH_AUDIT_STREAM") {
			t.Errorf("%s: exit %d, %s", name, code, errs)
		}
	}
}
