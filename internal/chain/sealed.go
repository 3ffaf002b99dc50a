package chain

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"clinicgraph/internal/store"
)

// Sealed is an entry together with the row that it seals, as archives hold it.
// Columns that are null are left out of the row. Text that is not UTF-8 is an
// object with its bytes in base64.
type Sealed struct {
	Seq      int64          `json:"seq"`
	Log      string         `json:"log"` // the table
	SealedAt time.Time      `json:"sealedAt"`
	Row      map[string]any `json:"row"`
	RowCode  []byte         `json:"rowCode"`
	Code     []byte         `json:"code"`
}

// plain is a column's value as JSON can hold it.
func (k kind) plain(b []byte) any {
	switch k {
	case asUUID:
		return uuid.UUID(b).String()
	case asBool:
		return b[0] == 1
	case asTime:
		return time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC().Format(time.RFC3339Nano)
	default:
		if !utf8.Valid(b) {
			return map[string]any{"base64": base64.StdEncoding.EncodeToString(b)}
		}
		return string(b)
	}
}

// parse undoes plain.
func (k kind) parse(v any) ([]byte, error) {
	switch v := v.(type) {
	case bool:
		if k == asBool {
			return truth(v), nil
		}
	case map[string]any:
		if text, ok := v["base64"].(string); ok && (k == asText || k == asJSON) {
			return base64.StdEncoding.DecodeString(text)
		}
	case string:
		switch k {
		case asText, asJSON:
			return []byte(v), nil
		case asUUID:
			id, err := uuid.Parse(v)
			return id[:], err
		case asTime:
			t, err := time.Parse(time.RFC3339Nano, v)
			return micros(t), err
		}
	}
	return nil, fmt.Errorf("a %T is no value of kind %d", v, k)
}

// canonical is the row as its code covers it, and what it is a row of.
func (s *Sealed) canonical() (c canonical, of *stream, id uuid.UUID, err error) {
	for i := range streams {
		if streams[i].table == s.Log {
			of = &streams[i]
		}
	}
	if of == nil {
		return nil, nil, id, fmt.Errorf("entry %d is of %q, which is no log", s.Seq, s.Log)
	}
	c = of.begin(nil)
	known := 0
	for i, col := range of.columns {
		v, ok := s.Row[col.name]
		if !ok {
			continue
		}
		b, err := col.kind.parse(v)
		if err != nil {
			return nil, nil, id, fmt.Errorf("entry %d, %s: %w", s.Seq, col.name, err)
		}
		if i == 0 {
			id = uuid.UUID(b)
		}
		c = c.add(i, b)
		known++
	}
	if known < len(s.Row) {
		return nil, nil, id, fmt.Errorf("entry %d has columns that %s has not", s.Seq, s.Log)
	}
	return c, of, id, nil
}

// Fits says what is wrong with an archived entry that is to follow the one with
// the code before; nil: nothing is.
func (k *Keys) Fits(s *Sealed, before []byte) *Problem {
	c, of, id, err := s.canonical()
	if err != nil {
		return &Problem{Kind: ProblemRow, Seq: s.Seq, Table: s.Log, Row: id}
	}
	e := &Entry{Seq: s.Seq, RowID: id, stream: of.id, rowMAC: s.RowCode, sealedAt: s.SealedAt.UnixMicro()}
	if !hmac.Equal(k.entry(e, before), s.Code) {
		return &Problem{Kind: ProblemEntry, Seq: s.Seq, Table: s.Log, Row: id}
	}
	if !hmac.Equal(k.row(c), s.RowCode) {
		return &Problem{Kind: ProblemRow, Seq: s.Seq, Table: s.Log, Row: id}
	}
	return nil
}

// Each gives the entries first to last with their rows, in order, each checked:
// that it follows from the one before, the first from the code before, and that
// its row is what it was. It ends at the first that is not, and says so.
func (k *Keys) Each(ctx context.Context, db *store.DB, first, last int64, before []byte, do func(*Sealed) error) (*Problem, error) {
	for from := first; from <= last; from += stretch {
		to := min(from+stretch-1, last)
		entries, err := readEntries(ctx, db, from, to)
		if err != nil {
			return nil, store.Classify(err)
		}
		rows, err := k.sealedRows(ctx, db, from, to)
		if err != nil {
			return nil, store.Classify(err)
		}
		for want := from; want <= to; want++ {
			i := int(want - from)
			if i >= len(entries) || entries[i].Seq != want {
				return &Problem{Kind: ProblemGap, Seq: want}, nil
			}
			e := &entries[i]
			row, there := rows[want]
			if !there {
				return &Problem{Kind: ProblemRowMissing, Seq: want, Table: tableOf(e.stream), Row: e.RowID}, nil
			}
			s := &Sealed{Seq: want, Log: tableOf(e.stream), SealedAt: time.UnixMicro(e.sealedAt).UTC(), Row: row.row, RowCode: e.rowMAC, Code: e.mac}
			if p := k.Fits(s, before); p != nil {
				return p, nil
			}
			if !bytes.Equal(row.carried, e.rowMAC) && (row.carried != nil || want > k.adopted) {
				return &Problem{Kind: ProblemRow, Seq: want, Table: s.Log, Row: e.RowID}, nil
			}
			if err := do(s); err != nil {
				return nil, err
			}
			before = e.mac
		}
	}
	return nil, nil
}

// sealedRow is a row of a log, and the code it carries.
type sealedRow struct {
	row     map[string]any
	carried []byte
}

func (k *Keys) sealedRows(ctx context.Context, db *store.DB, from, to int64) (map[int64]sealedRow, error) {
	all := make(map[int64]sealedRow, to-from+1)
	for i := range streams {
		st := &streams[i]
		rows, err := st.between(ctx, db, from, to)
		if err != nil {
			return nil, err
		}
		var seq int64
		if err := st.scan(rows, func(r *scanned) error {
			row := make(map[string]any, len(st.columns))
			for i, cell := range r.cells {
				if cell.valid {
					row[st.columns[i].name] = cell.kind.plain(cell.bytes)
				}
			}
			all[seq] = sealedRow{row: row, carried: r.mac}
			return nil
		}, &seq); err != nil {
			return nil, err
		}
	}
	return all, nil
}
