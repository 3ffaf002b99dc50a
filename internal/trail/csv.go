package trail

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/datakeys"
)

// CSV writes entries as a table (RFC 4180, lines end with CRLF). The first column is
// the log. Of several logs the columns are those of any; what a log does not have is
// empty.
type CSV struct {
	w     *csv.Writer
	place map[string]int
	cells []string
}

// NewCSV writes the line of the names.
func NewCSV(w io.Writer, logs []string) (*CSV, error) {
	c := &CSV{w: csv.NewWriter(w), place: map[string]int{"log": 0}, cells: []string{"log"}}
	c.w.UseCRLF = true
	for _, log := range logs {
		for _, name := range chain.FieldNames(log) {
			if _, known := c.place[name]; !known {
				c.place[name] = len(c.cells)
				c.cells = append(c.cells, name)
			}
		}
	}
	return c, c.w.Write(c.cells)
}

// Write writes an entry as one record.
func (c *CSV) Write(r *chain.Row) error {
	clear(c.cells)
	c.cells[0] = r.Log
	for _, f := range r.Fields {
		at, known := c.place[f.Name]
		if !known {
			return fmt.Errorf("the column %s is not in the table", f.Name)
		}
		c.cells[at] = cell(f.Value)
	}
	return c.w.Write(c.cells)
}

// Close writes what is left.
func (c *CSV) Close() error {
	c.w.Flush()
	return c.w.Error()
}

// cell is a value as text that is data in every spreadsheet.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return instant(v)
	case json.RawMessage:
		if len(v) > maxJSON {
			return fmt.Sprintf("(%d bytes left out)", len(v))
		}
		return harmless(string(datakeys.Hide(v, personal)))
	case string:
		return harmless(short(v))
	default:
		return harmless(fmt.Sprint(v))
	}
}

// harmless puts an apostrophe before what a spreadsheet could take for a formula:
// a text that begins with = + - @ or one of their full-width forms, with a tab or a
// return (OWASP, CSV Injection; CWE-1236), also behind spaces. Then it puts the
// picture of a control character in its place, ␛ for ESC.
func harmless(s string) string {
	if first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " \u00a0\u3000\ufeff")); strings.ContainsRune("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", first) {
		s = "'" + s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ':
			return r + '␀'
		case r == 0x7f:
			return '␡'
		case hostile(r):
			return '?'
		default:
			return r
		}
	}, s)
}
