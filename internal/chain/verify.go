package chain

import (
	"bytes"
	"context"
	"crypto/hmac"
	"fmt"
	"runtime"
	"sync"

	"github.com/google/uuid"

	"clinicgraph/internal/store"
)

// What can be wrong with the chain.
const (
	ProblemGap        = "GAP"         // an entry is missing
	ProblemEntry      = "ENTRY"       // an entry does not follow from the one before
	ProblemRowMissing = "ROW_MISSING" // an entry's row is gone
	ProblemRow        = "ROW_CHANGED" // a row is not what it was when it was sealed
	ProblemForeign    = "ROW_FOREIGN" // a row was not written by a server, or is kept out of the chain
	ProblemHead       = "HEAD"        // an exported head is not in the chain
	ProblemCheckpoint = "CHECKPOINT"  // the last checkpoint is not ours
)

// Problem is one thing that is wrong. Seq is 0 where it is about a row that is in
// no entry, Row nil where it is about none.
type Problem struct {
	Kind  string
	Seq   int64
	Table string
	Row   uuid.UUID
}

// String tells it in a line.
func (p Problem) String() string {
	switch {
	case p.Seq == 0 && p.Table != "":
		return fmt.Sprintf("%s: row %s of %s", p.Kind, p.Row, p.Table)
	case p.Row == uuid.Nil:
		return fmt.Sprintf("%s: entry %d", p.Kind, p.Seq)
	default:
		return fmt.Sprintf("%s: entry %d, row %s of %s", p.Kind, p.Seq, p.Row, p.Table)
	}
}

// Report is the outcome of a check.
type Report struct {
	Entries  int64    // looked at
	Archived int64    // the last entry that is archived, 0: none is
	Last     int64    // the chain's last entry
	Waiting  int64    // rows that are not sealed yet
	First    *Problem // the first thing that is wrong, in the order of the chain; nil: nothing is
}

// Check looks at the whole chain and at every row of the logs: that no entry is
// missing and each follows from the one before, that its row is there and is what
// it was, that no row is outside of the chain but those that wait to be sealed, and
// that each of the given heads is in it. What is archived is not looked at; that
// the last checkpoint is ours is. Rows may be written meanwhile, and archived.
// Errors: those of the database; what is wrong with the record is no error.
func (k *Keys) Check(ctx context.Context, db *store.DB, heads ...Head) (Report, error) {
	for {
		began, r, err := k.check(ctx, db, heads)
		if err != nil || r.First == nil {
			return r, store.Classify(err)
		}
		// What was archived and taken away meanwhile is not missing.
		now, p, err := k.begin(ctx, db)
		if err != nil || p != nil || now == began {
			return r, store.Classify(err)
		}
	}
}

func (k *Keys) check(ctx context.Context, db *store.DB, heads []Head) (b beginning, r Report, err error) {
	last, err := readHead(ctx, db.Read)
	if err != nil {
		return b, r, err
	}
	r.Last = last.Seq
	if b, r.First, err = k.begin(ctx, db); err != nil || r.First != nil {
		return b, r, err
	}
	r.Archived = b.archived
	if r.Entries, r.First, err = k.entries(ctx, db, b, last.Seq); err != nil || r.First != nil {
		return b, r, err
	}
	for _, h := range heads {
		if r.First, err = k.holds(ctx, db, b, h); err != nil || r.First != nil {
			return b, r, err
		}
	}
	r.First, err = outside(ctx, db)
	if err != nil || r.First != nil {
		return b, r, err
	}
	err = db.Read.QueryRowContext(ctx, `SELECT count(*) FROM audit_pending`).Scan(&r.Waiting)
	return b, r, err
}

// stretch is how many entries are read at once.
const stretch = 5000

// entries checks the entries up to last, stretches of them at the same time: each
// entry says what the one before it must have been, so that a stretch needs no more
// than the entry before its first.
func (k *Keys) entries(ctx context.Context, db *store.DB, b beginning, last int64) (seen int64, first *Problem, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := b.oldest
	for range max(2, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for {
				mu.Lock()
				from := next
				next += stretch
				done := from > last || err != nil || first != nil
				mu.Unlock()
				if done {
					return
				}
				p, e := k.stretch(ctx, db, b, from, min(from+stretch-1, last))
				mu.Lock()
				seen += min(from+stretch-1, last) - from + 1
				if e != nil && err == nil {
					err = e
				}
				if p != nil && (first == nil || p.Seq < first.Seq) {
					first = p
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return seen, first, err
}

// stretch checks the entries from..to against each other and against their rows.
func (k *Keys) stretch(ctx context.Context, db *store.DB, b beginning, from, to int64) (*Problem, error) {
	entries, err := readEntries(ctx, db, from-1, to)
	if err != nil {
		return nil, err
	}
	var before []byte
	known := true // what the first entry must follow
	switch {
	case from == b.archived+1:
		before = []byte(b.code)
		if len(entries) > 0 && entries[0].Seq < from {
			entries = entries[1:]
		}
	case from == b.oldest: // archived, and soon taken away like those before it
		known = false
	case len(entries) == 0 || entries[0].Seq != from-1:
		return &Problem{Kind: ProblemGap, Seq: from - 1}, nil
	default:
		before, entries = entries[0].mac, entries[1:]
	}
	var first *Problem
	for i := range entries {
		e := &entries[i]
		if want := from + int64(i); e.Seq != want {
			first = &Problem{Kind: ProblemGap, Seq: want}
			entries = entries[:i]
			break
		}
		follows := !known || hmac.Equal(e.mac, k.entry(e, before))
		if !follows || e.Seq == b.archived && !hmac.Equal(e.mac, []byte(b.code)) {
			first = &Problem{Kind: ProblemEntry, Seq: e.Seq, Row: e.RowID, Table: tableOf(e.stream)}
			entries = entries[:i]
			break
		}
		before, known = e.mac, true
	}
	if first == nil && int64(len(entries)) < to-from+1 {
		first = &Problem{Kind: ProblemGap, Seq: from + int64(len(entries))}
	}
	bad, err := k.rows(ctx, db, entries, b.archived)
	if bad != nil {
		first = bad // its entry comes before
	}
	return first, err
}

func tableOf(id int16) string {
	if s := streamByID(id); s != nil {
		return s.table
	}
	return ""
}

func readEntries(ctx context.Context, db *store.DB, from, to int64) ([]Entry, error) {
	rows, err := db.Read.QueryContext(ctx, `SELECT seq, stream, row_id, row_mac, mac, sealed_at FROM audit_chain WHERE seq BETWEEN $1 AND $2 ORDER BY seq`, from, to)
	if err != nil {
		return nil, fmt.Errorf("read the audit chain: %w", err)
	}
	defer rows.Close()
	entries := make([]Entry, 0, to-from+1)
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.Seq, &e.stream, &e.RowID, &e.rowMAC, &e.mac, &e.sealedAt); err != nil {
			return nil, fmt.Errorf("read the audit chain: %w", err)
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

// holds looks for the entry of an exported head. The head of an entry that has gone
// with an archive is checked with that.
func (k *Keys) holds(ctx context.Context, db *store.DB, b beginning, h Head) (*Problem, error) {
	if h.Seq == 0 { // of an empty chain
		return nil, nil
	}
	if err := h.Check(k.Public()); err != nil {
		return &Problem{Kind: ProblemHead, Seq: h.Seq}, nil
	}
	if h.Seq < b.oldest && h.Seq < b.archived || h.Seq == b.archived && bytes.Equal(h.Code, []byte(b.code)) {
		return nil, nil
	}
	entries, err := readEntries(ctx, db, h.Seq, h.Seq)
	if err != nil {
		return nil, err
	}
	if len(entries) != 1 || !hmac.Equal(entries[0].mac, h.Code) {
		return &Problem{Kind: ProblemHead, Seq: h.Seq}, nil
	}
	return nil, nil
}
