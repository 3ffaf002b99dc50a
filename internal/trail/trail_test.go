package trail_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/trail"
)

// entry is one with a text of a client in each place that takes one.
func entry(text string) *chain.Row {
	fields := []chain.Field{{Name: "id", Value: "0190"}, {Name: "createdAt", Value: time.Date(2030, 1, 7, 8, 0, 0, 1000, time.UTC)}}
	for _, name := range []string{"actor", "userAgent", "operation"} {
		fields = append(fields, chain.Field{Name: name, Value: text})
	}
	raw, err := json.Marshal(map[string]string{"name": text})
	if err != nil {
		panic(err)
	}
	return &chain.Row{Seq: 7, Log: "operation", Fields: append(fields, chain.Field{Name: "newValues", Value: json.RawMessage(raw)}, chain.Field{Name: "userId", Value: nil})}
}

func jsonOf(t interface{ Fatal(...any) }, row *chain.Row) string {
	var b bytes.Buffer
	if err := (&trail.JSON{W: &b}).Write(row); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func csvOf(t interface{ Fatal(...any) }, rows ...*chain.Row) string {
	var b bytes.Buffer
	c, err := trail.NewCSV(&b, []string{"operation"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := c.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var hostile = []string{
	"a\r\n{\"seq\":8,\"actor\":\"forged\"}", "\x1b[2J\x1b]0;title\a", "\u009b31m", "\u202egnp.exe", "\x00\x7f", "\u2028next", "\xff\xfe", "tab\tend",
	"\U000E0041tag", `"},{"`, "=cmd|' /C calc'!A0",
}

func TestALineOfJSONIsOneLineAndShowsNothingThatActs(t *testing.T) {
	for _, text := range hostile {
		line := jsonOf(t, entry(text))
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "}\n") {
			t.Errorf("%q is not one line: %q", text, line)
		}
		if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }); i >= 0 {
			t.Errorf("%q acts: %q", text, line)
		}
		var read struct {
			Seq                         int
			Actor, UserAgent, CreatedAt string
			NewValues                   struct{ Name string }
		}
		if err := json.Unmarshal([]byte(line), &read); err != nil {
			t.Errorf("%q: %v in %s", text, err, line)
		}
		if want := strings.ToValidUTF8(text, "\uFFFD"); !strings.Contains(want, "\uFFFD") && (read.Actor != want || read.NewValues.Name != want) {
			t.Errorf("%q reads as %q", text, read.Actor)
		}
		if read.Seq != 7 || read.CreatedAt != "2030-01-07T08:00:00.000001Z" {
			t.Errorf("%+v", read)
		}
	}
}

func TestAHugeValueIsCut(t *testing.T) {
	line := jsonOf(t, entry(strings.Repeat("ü", 1<<20)))
	if len(line) > 20_000 || !strings.Contains(line, "(2097152 bytes)") || !strings.Contains(line, `"bytesLeftOut":2097163`) || !json.Valid([]byte(line)) {
		t.Errorf("%d bytes: %.200s", len(line), line)
	}
	if table := csvOf(t, entry(strings.Repeat("a", 4097))); !strings.Contains(table, "… (4097 bytes)") {
		t.Error("the table has all of it")
	}
	if table := csvOf(t, entry(strings.Repeat("a", 4096))); !strings.Contains(table, ","+strings.Repeat("a", 4096)+",") {
		t.Error("what fits is cut")
	}
}

func TestACellIsNoFormula(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'␉=1", "\r=1": "'␍=1", "\n=1": "'␊=1", "  =1": "'  =1", "\u00a0=1": "'\u00a0=1",
		"\uff1d1": "'\uff1d1", "\uff0b1": "'\uff0b1", "\uff0d1": "'\uff0d1", "\uff201": "'\uff201",
		"admin": "admin", "a=1": "a=1", "'=1": "'=1", "": "", "a,b": "a,b", `a"b`: `a"b`, "\x1b[2J": "␛[2J", "\u202ea": "?a", "\x7f": "␡",
	} {
		records, err := csv.NewReader(strings.NewReader(csvOf(t, entry(text)))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for i, name := range records[0] {
			if name == "actor" {
				at = i
			}
		}
		if got := records[1][at]; got != want {
			t.Errorf("%q is written as %q, want %q", text, got, want)
		}
	}
	if table := csvOf(t, entry("a,b\"c")); !strings.Contains(table, `"a,b""c"`) || strings.Count(table, "\r\n") != 2 {
		t.Errorf("not as RFC 4180 has it: %q", table)
	}
	t.Run("whatever it is", rapid.MakeCheck(func(t *rapid.T) {
		table := csvOf(t, entry(rapid.String().Draw(t, "text")))
		records, err := csv.NewReader(strings.NewReader(table)).ReadAll()
		if err != nil || len(records) != 2 {
			t.Fatalf("%d records, %v", len(records), err)
		}
		for _, cell := range records[1] {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
				t.Fatalf("a formula: %q", cell)
			}
		}
	}))
}

func TestAStreamGoesOnWhereItsFileEnds(t *testing.T) {
	for name, c := range map[string]struct{ has, keeps, fails string }{
		"nothing":             {"", "", ""},
		"whole lines":         {"{\"seq\":1}\n{\"seq\":2}\n", "{\"seq\":1}\n{\"seq\":2}\n", ""},
		"half a line":         {"{\"seq\":1}\n{\"se", "{\"seq\":1}\n", ""},
		"half the first line": {"{\"se", "", ""},
		"something else":      {"secret=1\n", "secret=1\n", "no entry"},
		"another number":      {"{\"seq\":0}\n", "{\"seq\":0}\n", "no entry"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "stream.jsonl")
			if err := os.WriteFile(path, []byte(c.has), 0o600); err != nil {
				t.Fatal(err)
			}
			file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, err = trail.Follow(nil, file); (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Error(err)
			}
			if left, err := os.ReadFile(path); err != nil || string(left) != c.keeps {
				t.Errorf("%q is left, %v", left, err)
			}
		})
	}
}
