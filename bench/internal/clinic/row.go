package clinic

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// table is rows to be made: of the numbers from 0 to before n, each gives no row
// or a few.
type table struct {
	name    string
	columns []string
	n       int
	rows    func(r *row, n int)
}

// row collects rows in the text format of COPY.
type row struct {
	buf []byte
	// from is where the row at hand begins.
	from int
}

// value begins a value.
func (r *row) value() {
	if len(r.buf) > r.from {
		r.buf = append(r.buf, '\t')
	}
}

func (r *row) id(id uuid.UUID) *row {
	r.value()
	n := len(r.buf)
	r.buf = append(r.buf, "00000000-0000-0000-0000-000000000000"...)
	b := r.buf[n:]
	hex.Encode(b[0:], id[:4])
	hex.Encode(b[9:], id[4:6])
	hex.Encode(b[14:], id[6:8])
	hex.Encode(b[19:], id[8:10])
	hex.Encode(b[24:], id[10:])
	return r
}

func (r *row) time(t time.Time) *row {
	r.value()
	r.buf = t.AppendFormat(r.buf, time.RFC3339Nano)
	return r
}

func (r *row) int(n int64) *row {
	r.value()
	r.buf = strconv.AppendInt(r.buf, n, 10)
	return r
}

func (r *row) bool(b bool) *row {
	r.value()
	r.buf = strconv.AppendBool(r.buf, b)
	return r
}

// special are the bytes that mean something to COPY.
const special = "\\\t\n\r"

var escaper = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

func (r *row) text(s string) *row {
	r.value()
	if strings.ContainsAny(s, special) {
		s = escaper.Replace(s)
	}
	r.buf = append(r.buf, s...)
	return r
}

// optional is text, and null where it is empty.
func (r *row) optional(s string) *row {
	if s == "" {
		return r.null()
	}
	return r.text(s)
}

func (r *row) null() *row {
	r.value()
	r.buf = append(r.buf, `\N`...)
	return r
}

// end ends the row at hand, if there is one.
func (r *row) end() {
	if len(r.buf) > r.from {
		r.buf = append(r.buf, '\n')
		r.from = len(r.buf)
	}
}
