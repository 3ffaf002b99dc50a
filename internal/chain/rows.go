package chain

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/store"
)

// list are the columns of the log and the code that the row carries, for a SELECT.
func (s *stream) list(prefix string) string {
	names := make([]string, 0, len(s.columns)+1)
	for _, c := range s.columns {
		names = append(names, prefix+c.name)
	}
	return strings.Join(append(names, prefix+"mac"), ", ")
}

// scanned is a row of a log as the database has it. It is good until the next one.
type scanned struct {
	id        uuid.UUID
	mac       []byte
	canonical canonical
	cells     []cell // one for each column
}

// scan gives the rows of a SELECT of list, and closes them. Columns before the list
// go to also.
func (s *stream) scan(rows *sql.Rows, each func(*scanned) error, also ...any) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	cells := make([]cell, len(s.columns))
	r := &scanned{cells: cells}
	to := append([]any{}, also...)
	for i := range s.columns {
		cells[i].kind = s.columns[i].kind
		to = append(to, &cells[i])
	}
	var mac []byte
	to = append(to, &mac)
	for rows.Next() {
		mac = nil
		if err := rows.Scan(to...); err != nil {
			return fmt.Errorf("read %s: %w", s.table, err)
		}
		r.mac, r.canonical = mac, s.begin(r.canonical)
		for i := range cells {
			if cells[i].valid {
				r.canonical = r.canonical.add(i, cells[i].bytes)
			}
		}
		r.id = uuid.Nil
		if cells[0].valid { // id is the first column of each
			r.id = uuid.UUID(cells[0].bytes)
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// cell takes one value of a row as the bytes of its kind.
type cell struct {
	kind  kind
	valid bool
	bytes []byte
}

// Scan implements sql.Scanner.
func (c *cell) Scan(v any) error {
	c.valid, c.bytes = v != nil, c.bytes[:0]
	switch v := v.(type) {
	case nil:
		return nil
	case time.Time:
		if c.kind == asTime {
			c.bytes = append(c.bytes, micros(v)...)
			return nil
		}
	case bool:
		if c.kind == asBool {
			c.bytes = append(c.bytes, truth(v)...)
			return nil
		}
	case int64:
		if c.kind == asBool {
			c.bytes = append(c.bytes, truth(v != 0)...)
			return nil
		}
	case string:
		return c.text(v)
	case []byte:
		if c.kind == asUUID && len(v) == len(uuid.UUID{}) {
			c.bytes = append(c.bytes, v...)
			return nil
		}
		return c.text(string(v))
	}
	return fmt.Errorf("a %T is no value of kind %d", v, c.kind)
}

func (c *cell) text(v string) error {
	switch c.kind {
	case asText, asJSON:
		c.bytes = append(c.bytes, v...)
		return nil
	case asUUID:
		id, err := uuid.Parse(v)
		c.bytes = append(c.bytes, id[:]...)
		return err
	default:
		return fmt.Errorf("a text is no value of kind %d", c.kind)
	}
}

func streamByID(id int16) *stream {
	for i := range streams {
		if streams[i].id == id {
			return &streams[i]
		}
	}
	return nil
}

// querier is a transaction or a pool.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// between selects the rows of the log that the entries from..to seal: the number
// of the entry, and list.
func (s *stream) between(ctx context.Context, db *store.DB, from, to int64) (*sql.Rows, error) {
	rows, err := db.Read.QueryContext(ctx, `SELECT c.seq, `+s.list("l.")+` FROM audit_chain c JOIN `+s.table+` l ON l.id = c.row_id
		WHERE c.seq BETWEEN $1 AND $2 AND c.stream = $3`, from, to, s.id)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.table, err)
	}
	return rows, nil
}

// readHead reads the last entry of the chain, of the last archive where all of it
// is archived; the zero Entry of an empty one.
func readHead(ctx context.Context, q querier) (Entry, error) {
	var e Entry
	err := q.QueryRowContext(ctx, `SELECT seq, mac FROM audit_chain ORDER BY seq DESC LIMIT 1`).Scan(&e.Seq, &e.mac)
	if errors.Is(err, sql.ErrNoRows) {
		err = q.QueryRowContext(ctx, `SELECT last_seq, code FROM audit_checkpoints ORDER BY last_seq DESC LIMIT 1`).Scan(&e.Seq, &e.mac)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return e, fmt.Errorf("read the head of the audit chain: %w", err)
	}
	return e, nil
}

// insert appends entries to the chain.
func insert(ctx context.Context, tx *sql.Tx, entries []*Entry) error {
	const columns = 6
	if len(entries) == 0 {
		return nil
	}
	var b strings.Builder
	args := make([]any, 0, columns*len(entries))
	b.WriteString(`INSERT INTO audit_chain (seq, stream, row_id, row_mac, mac, sealed_at) VALUES `)
	for i, e := range entries {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("(" + store.Places(i*columns+1, columns) + ")")
		args = append(args, e.Seq, e.stream, e.RowID, e.rowMAC, e.mac, e.sealedAt)
	}
	if _, err := tx.ExecContext(ctx, b.String(), args...); err != nil {
		return fmt.Errorf("append to the audit chain: %w", err)
	}
	return nil
}

// settle takes what was sealed off the list, and marks what was refused.
func settle(ctx context.Context, tx *sql.Tx, pending []pendingRow, refused []int64) error {
	for _, id := range refused {
		if _, err := tx.ExecContext(ctx, `UPDATE audit_pending SET refused = TRUE WHERE id = $1`, id); err != nil {
			return fmt.Errorf("mark a row that is not sealed: %w", err)
		}
	}
	ids := make([]any, len(pending))
	for i, p := range pending {
		ids[i] = p.id
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM audit_pending WHERE NOT refused AND id IN (`+store.Places(1, len(ids))+`)`, ids...); err != nil {
		return fmt.Errorf("take what was sealed off the list: %w", err)
	}
	return nil
}
