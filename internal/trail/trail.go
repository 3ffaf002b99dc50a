// Package trail writes entries of the record out for others: as CSV, as lines of
// JSON, and as the stream that a log collector reads. It owns the form of what
// leaves: names, quoting, escapes, bounds. It never chooses which entries, never
// changes one, and never opens what is sealed.
//
// What clients chose is among the values: agents, names of operations, login names.
// A control character, which could move the cursor of whoever looks at the file or
// end a line, is never written as it is (CWE-117, CWE-150), and neither is what a
// spreadsheet would take for a formula (CWE-1236).
package trail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode"
	"unicode/utf8"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/datakeys"
)

// The bounds of one value in bytes; what is longer is cut, or left out if it cannot
// be cut, and says so. No server writes longer texts of clients.
const (
	maxText = 4 << 10
	maxJSON = 64 << 10
)

// personal stands for a sealed value: whose it is one reads elsewhere.
const personal = "[personal]"

// JSON writes entries as JSON Lines: an object each, with the fields in the order
// of the log.
type JSON struct {
	W    io.Writer
	line bytes.Buffer
}

// Write writes an entry as one line, in one call.
func (j *JSON) Write(r *chain.Row) error {
	j.line.Reset()
	j.line.WriteByte('{')
	if r.Seq > 0 {
		fmt.Fprintf(&j.line, `"seq":%d,`, r.Seq)
	}
	fmt.Fprintf(&j.line, `"log":%q`, r.Log)
	for _, f := range r.Fields {
		text, err := json.Marshal(bounded(f.Value))
		if err != nil {
			return fmt.Errorf("write %s of an entry: %w", f.Name, err)
		}
		fmt.Fprintf(&j.line, ",%q:", f.Name)
		escape(&j.line, text)
	}
	j.line.WriteString("}\n")
	_, err := j.W.Write(j.line.Bytes())
	return err
}

// Close has nothing to do.
func (j *JSON) Close() error { return nil }

// bounded is a value as it is written.
func bounded(v any) any {
	switch v := v.(type) {
	case time.Time:
		return instant(v)
	case string:
		return short(v)
	case json.RawMessage:
		if len(v) > maxJSON {
			return map[string]int{"bytesLeftOut": len(v)}
		}
		return json.RawMessage(datakeys.Hide(v, personal))
	}
	return v
}

// instant is a time in UTC, always to the microsecond so that texts sort like times.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func short(s string) string {
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s… (%d bytes)", s[:cut], len(s))
}

// escape copies JSON. What encoding/json leaves and a terminal obeys, such as DEL,
// the C1 controls and the marks that turn the direction of writing, becomes \u (RFC
// 8259, section 7).
func escape(b *bytes.Buffer, text []byte) {
	for _, r := range string(text) {
		if hostile(r) {
			if r > 0xFFFF {
				fmt.Fprintf(b, `\u%04x\u%04x`, 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF)
				continue
			}
			fmt.Fprintf(b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
}

// hostile says whether a character does something instead of showing something.
func hostile(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }
