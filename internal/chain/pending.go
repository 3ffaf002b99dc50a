package chain

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/store"
)

// pendingRow is a row of a log that waits to be sealed.
type pendingRow struct {
	id     int64
	stream *stream
	row    uuid.UUID
}

// code is what a row carries and what it should, and when the row was written.
type code struct {
	carried, is []byte
	writtenAt   time.Time
}

// comesBack is how long a row from before the end of the last archive may wait to be
// sealed. Rows are sealed in a moment, in the order in which they come, nearly: what
// waits longer was sealed before, and has been archived.
const comesBack = time.Hour

// isArchived says that the record has had the row before, and does not take it back.
func (c *code) isArchived(last []Manifest, now time.Time) bool {
	return len(last) > 0 && !c.writtenAt.After(last[0].To) && now.Sub(c.writtenAt) > comesBack
}

func (p pendingRow) mayBeSealed(c *code, adopting bool) bool {
	if c == nil { // there is no such row, or it is sealed
		return false
	}
	return hmac.Equal(c.carried, c.is) || adopting && c.carried == nil
}

func readPending(ctx context.Context, tx *sql.Tx) ([]pendingRow, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, stream, row_id FROM audit_pending WHERE NOT refused ORDER BY id LIMIT $1`, batch)
	if err != nil {
		return nil, fmt.Errorf("read what waits to be sealed: %w", err)
	}
	defer rows.Close()
	var pending []pendingRow
	for rows.Next() {
		var p pendingRow
		var stream int16
		if err := rows.Scan(&p.id, &stream, &p.row); err != nil {
			return nil, fmt.Errorf("read what waits to be sealed: %w", err)
		}
		if p.stream = streamByID(stream); p.stream == nil {
			return nil, fmt.Errorf("the audit chain knows no log %d: a newer server writes to this database", stream)
		}
		pending = append(pending, p)
	}
	return pending, rows.Err()
}

// codes reads the rows and computes their codes.
func (s *Sealer) codes(ctx context.Context, tx *sql.Tx, pending []pendingRow) (map[uuid.UUID]*code, error) {
	codes := make(map[uuid.UUID]*code, len(pending))
	for i := range streams {
		st := &streams[i]
		var ids []any
		for _, p := range pending {
			if p.stream == st {
				ids = append(ids, p.row)
			}
		}
		if len(ids) == 0 {
			continue
		}
		// What is in the chain is not sealed twice, whoever lists it.
		rows, err := tx.QueryContext(ctx, `SELECT `+st.list("l.")+` FROM `+st.table+` l WHERE l.id IN (`+store.Places(1, len(ids))+`)
			AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.row_id = l.id)`, ids...)
		if err != nil {
			return nil, fmt.Errorf("read %s to seal: %w", st.table, err)
		}
		if err := st.scan(rows, func(r *scanned) error {
			written, _ := r.cells[1].value().(time.Time) // created_at is the second column of each
			codes[r.id] = &code{carried: r.mac, is: s.Keys.row(r.canonical), writtenAt: written}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return codes, nil
}
