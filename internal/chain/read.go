package chain

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/ids"
	"clinicgraph/internal/store"
)

// Row is a row of a log for those who write it out. It is good until the next one.
type Row struct {
	Seq    int64  // its place in the chain, 0 where that was not asked
	Log    string // "operation", "audit" or "session"
	Fields []Field
}

// Field is a column of a row under the name that the graph has for it.
type Field struct {
	Name  string
	Value any // nil, string, bool, time.Time or json.RawMessage
}

// LogNames are the logs that can be read, in the order of their streams.
func LogNames() []string {
	names := make([]string, len(streams))
	for i := range streams {
		names[i] = streams[i].name()
	}
	return names
}

// FieldNames are the columns of a log, in their order.
func FieldNames(log string) []string {
	var names []string
	for i := range streams {
		if streams[i].name() == log {
			for _, c := range streams[i].columns {
				names = append(names, camel(c.name))
			}
		}
	}
	return names
}

// name is that of the log, without the ending of its table.
func (s *stream) name() string { return strings.TrimSuffix(s.table, "_logs") }

// camel is what the graph calls a column.
func camel(column string) string {
	words := strings.Split(column, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

// apart bounds by how much the id of an entry and its time differ; see graph.dated.
const apart = time.Minute

// ReadLog gives the rows of a log with from <= created_at < to, the oldest first by
// their ids, one at a time as the database sends them.
func ReadLog(ctx context.Context, db *store.DB, log string, from, to time.Time, each func(*Row) error) error {
	for i := range streams {
		st := &streams[i]
		if st.name() != log {
			continue
		}
		rows, err := db.Read.QueryContext(ctx, `SELECT `+st.list("l.")+` FROM `+st.table+` l WHERE l.created_at >= $1 AND l.created_at < $2 AND l.id >= $3 AND l.id < $4 ORDER BY l.id`,
			from.UTC(), to.UTC(), ids.From(from.Add(-apart)), ids.From(to.Add(apart)))
		if err != nil {
			return fmt.Errorf("read %s: %w", st.table, err)
		}
		row := &Row{Log: log}
		return st.scan(rows, func(r *scanned) error {
			row.fill(st, r.cells)
			return each(row)
		})
	}
	return fmt.Errorf("there is no log %q", log)
}

// Follow gives the entries of the chain behind seq with their rows, in the order
// of the chain, at most one batch of them, and says how many it gave. An entry
// whose row is in an archive has no fields but its id.
func Follow(ctx context.Context, db *store.DB, seq int64, each func(*Row) error) (int, error) {
	entries, err := entriesBehind(ctx, db, seq)
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	found := make(map[int64]*Row, len(entries))
	for i := range streams {
		st := &streams[i]
		rows, err := st.between(ctx, db, seq+1, entries[len(entries)-1].Seq)
		if err != nil {
			return 0, err
		}
		var at int64
		if err := st.scan(rows, func(r *scanned) error {
			row := &Row{Seq: at, Log: st.name()}
			row.fill(st, r.cells)
			found[at] = row
			return nil
		}, &at); err != nil {
			return 0, err
		}
	}
	for _, e := range entries {
		row := found[e.Seq]
		if row == nil {
			row = &Row{Seq: e.Seq, Fields: []Field{{"id", e.RowID.String()}}}
			if st := streamByID(e.stream); st != nil {
				row.Log = st.name()
			}
		}
		if err := each(row); err != nil {
			return 0, err
		}
	}
	return len(entries), nil
}

// follow has the chain written out. A failure is told once, until it goes again.
func (s *Sealer) follow(ctx context.Context) {
	if s.Follow == nil {
		return
	}
	err := s.Follow(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil && !s.behind {
		s.Log.ErrorContext(ctx, "the record is not written out", "error", err)
	}
	s.behind = err != nil
}

// entriesBehind reads the next entries that the chain still has: what is in archives
// is left out.
func entriesBehind(ctx context.Context, db *store.DB, seq int64) (entries []Entry, err error) {
	rows, err := db.Read.QueryContext(ctx, `SELECT seq, stream, row_id FROM audit_chain WHERE seq > $1 ORDER BY seq LIMIT $2`, seq, batch)
	if err != nil {
		return nil, fmt.Errorf("read the audit chain: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.Seq, &e.stream, &e.RowID); err != nil {
			return nil, fmt.Errorf("read the audit chain: %w", err)
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

// Last is the number of the chain's last entry, 0 for none.
func Last(ctx context.Context, db *store.DB) (int64, error) {
	e, err := readHead(ctx, db.Read)
	return e.Seq, err
}

// fill takes over the cells of a row.
func (r *Row) fill(st *stream, cells []cell) {
	r.Fields = r.Fields[:0]
	for i, c := range st.columns {
		r.Fields = append(r.Fields, Field{camel(c.name), cells[i].value()})
	}
}

// Read fills a row with an archived entry, and says when the row was written. Columns
// that are null are nil.
func (s *Sealed) Read(row *Row) (written time.Time, err error) {
	_, st, _, err := s.canonical()
	if err != nil {
		return written, err
	}
	row.Seq, row.Log = s.Seq, st.name()
	cells := make([]cell, len(st.columns))
	for i, col := range st.columns {
		cells[i].kind = col.kind
		if v, ok := s.Row[col.name]; ok {
			if cells[i].bytes, err = col.kind.parse(v); err != nil {
				return written, err
			}
			cells[i].valid = true
		}
	}
	row.fill(st, cells)
	written, _ = cells[1].value().(time.Time) // created_at is the second column of each
	return written, nil
}

// value is what the cell holds as a Go value.
func (c *cell) value() any {
	if !c.valid {
		return nil
	}
	switch c.kind {
	case asUUID:
		return uuid.UUID(c.bytes).String()
	case asBool:
		return c.bytes[0] != 0
	case asTime:
		return time.UnixMicro(int64(binary.BigEndian.Uint64(c.bytes))).UTC()
	case asJSON:
		if json.Valid(c.bytes) {
			return json.RawMessage(bytes.Clone(c.bytes))
		}
	}
	return string(c.bytes)
}
