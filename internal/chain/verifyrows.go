package chain

import (
	"bytes"
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/internal/store"
)

// checked are the entries of one log in a stretch, by the ids of their rows.
type checked struct {
	places   map[uuid.UUID]int
	min, max uuid.UUID
}

// rows checks the rows of consecutive entries, and gives the first problem in the
// order of the chain. What is archived may be gone, with its month.
func (k *Keys) rows(ctx context.Context, db *store.DB, entries []Entry, archived int64) (*Problem, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	ok := make([]bool, len(entries))
	there := make([]bool, len(entries))
	for i := range streams {
		st := &streams[i]
		of := placesOf(st, entries)
		if len(of.places) == 0 {
			continue
		}
		rows, err := st.within(ctx, db, of)
		if err != nil {
			return nil, err
		}
		seen := 0
		each := func(r *scanned) error {
			seen++
			at, asked := of.places[r.id]
			if !asked { // of another stretch
				return nil
			}
			e := &entries[at]
			code := k.row(r.canonical)
			carried := bytes.Equal(r.mac, e.rowMAC) || r.mac == nil && e.Seq <= k.adopted
			there[at], ok[at] = true, carried && hmac.Equal(code, e.rowMAC)
			return nil
		}
		if err := st.scan(rows, each); err != nil {
			return nil, err
		}
		if seen < of.most() {
			continue
		}
		if rows, err = st.between(ctx, db, entries[0].Seq, entries[len(entries)-1].Seq); err != nil {
			return nil, err
		}
		var seq int64
		if err := st.scan(rows, each, &seq); err != nil {
			return nil, err
		}
	}
	for i := range entries {
		if ok[i] || !there[i] && entries[i].Seq <= archived {
			continue
		}
		kind := ProblemRow
		if !there[i] {
			kind = ProblemRowMissing
		}
		return &Problem{Kind: kind, Seq: entries[i].Seq, Table: tableOf(entries[i].stream), Row: entries[i].RowID}, nil
	}
	return nil, nil
}

func placesOf(s *stream, entries []Entry) checked {
	c := checked{places: make(map[uuid.UUID]int, len(entries))}
	for i := range entries {
		e := &entries[i]
		if e.stream != s.id {
			continue
		}
		if len(c.places) == 0 {
			c.min, c.max = e.RowID, e.RowID
		}
		c.places[e.RowID] = i
		if bytes.Compare(e.RowID[:], c.min[:]) < 0 {
			c.min = e.RowID
		}
		if bytes.Compare(e.RowID[:], c.max[:]) > 0 {
			c.max = e.RowID
		}
	}
	return c
}

// most bounds the rows that are read for some entries: more, and they are looked up
// one by one.
func (c checked) most() int { return 2*len(c.places) + 1000 }

// within selects the rows of the log whose ids lie between those of some entries. Ids
// and entries both come in the order of time, nearly: so these are hardly more than
// the rows of the entries, and are read without looking each up.
func (s *stream) within(ctx context.Context, db *store.DB, c checked) (*sql.Rows, error) {
	rows, err := db.Read.QueryContext(ctx, `SELECT `+s.list("l.")+` FROM `+s.table+` l WHERE l.id BETWEEN $1 AND $2 LIMIT $3`, c.min, c.max, c.most())
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.table, err)
	}
	return rows, nil
}

// outside looks for a row that is neither in the chain nor waits for it. Each entry
// has been seen to have its row: where there are as many rows as entries and rows that
// wait there is none, and only otherwise each is looked up.
func outside(ctx context.Context, db *store.DB) (*Problem, error) {
	var rows, expected int64
	err := db.Read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM operation_logs) + (SELECT count(*) FROM audit_logs) + (SELECT count(*) FROM session_logs),
		(SELECT count(*) FROM audit_chain) + (SELECT count(DISTINCT p.row_id) FROM audit_pending p WHERE NOT p.refused
			AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.row_id = p.row_id)
			AND (p.stream = 1 AND EXISTS (SELECT 1 FROM operation_logs l WHERE l.id = p.row_id)
				OR p.stream = 2 AND EXISTS (SELECT 1 FROM audit_logs l WHERE l.id = p.row_id)
				OR p.stream = 3 AND EXISTS (SELECT 1 FROM session_logs l WHERE l.id = p.row_id)))`).Scan(&rows, &expected)
	if err != nil {
		return nil, fmt.Errorf("count the rows of the logs: %w", err)
	}
	if rows == expected {
		return nil, nil
	}
	for i := range streams {
		st := &streams[i]
		var id uuid.UUID
		err := db.Read.QueryRowContext(ctx, `SELECT id FROM `+st.table+` EXCEPT SELECT row_id FROM audit_chain WHERE stream = $1
			EXCEPT SELECT row_id FROM audit_pending WHERE stream = $1 AND NOT refused ORDER BY id LIMIT 1`, st.id).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for rows of %s outside of the chain: %w", st.table, err)
		}
		return &Problem{Kind: ProblemForeign, Table: st.table, Row: id}, nil
	}
	return nil, nil
}
