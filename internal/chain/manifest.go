package chain

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/store"
)

// Manifest says what one archive holds, signed. The database keeps it as the
// checkpoint from which on its chain goes. It holds no moment of its making: who
// archives the same entries again gets the same manifest, byte for byte.
type Manifest struct {
	File      string            `json:"file"` // its name, without a folder
	SHA256    []byte            `json:"sha256"`
	First     int64             `json:"first"`
	Last      int64             `json:"last"`
	Before    []byte            `json:"before"` // the code of the entry before the first; empty before entry 1
	FirstCode []byte            `json:"firstCode"`
	LastCode  []byte            `json:"lastCode"`
	From      time.Time         `json:"from"` // when the first entry was sealed, UTC
	To        time.Time         `json:"to"`   // when the last one was
	Rows      map[string]int64  `json:"rows"` // by log
	Key       ed25519.PublicKey `json:"key"`
	Signature []byte            `json:"signature"`
}

// signed is what a manifest's signature covers: all of it, and that it is one. A
// head can not be passed off as a manifest.
func (m Manifest) signed() []byte {
	m.Signature = nil
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // numbers, bytes, words and times can always be written
	}
	return append([]byte("clinicgraph audit manifest v1\n"), text...)
}

// Sign completes a manifest (Ed25519, RFC 8032).
func (k *Keys) Sign(m Manifest) Manifest {
	m.Key = k.Public()
	m.Signature = ed25519.Sign(k.private, m.signed())
	return m
}

// Check says whether the manifest was signed by the holder of the key.
func (m Manifest) Check(key ed25519.PublicKey) error {
	if !key.Equal(m.Key) {
		return fmt.Errorf("the manifest of %s was signed with another key", m.File)
	}
	if !ed25519.Verify(key, m.signed(), m.Signature) {
		return fmt.Errorf("the signature of the manifest of %s is wrong", m.File)
	}
	return nil
}

// Checkpoints are the manifests of all archives, oldest first. Their signatures
// are not checked.
func Checkpoints(ctx context.Context, db *store.DB) ([]Manifest, error) {
	all, err := readCheckpoints(ctx, db.Read, `ORDER BY last_seq`)
	return all, store.Classify(err)
}

func readCheckpoints(ctx context.Context, q querier, which string) ([]Manifest, error) {
	rows, err := q.QueryContext(ctx, `SELECT last_seq, manifest FROM audit_checkpoints `+which)
	if err != nil {
		return nil, fmt.Errorf("read the checkpoints of the audit chain: %w", err)
	}
	defer rows.Close()
	var all []Manifest
	for rows.Next() {
		var last int64
		var text string
		if err := rows.Scan(&last, &text); err != nil {
			return nil, fmt.Errorf("read the checkpoints of the audit chain: %w", err)
		}
		var m Manifest
		if json.Unmarshal([]byte(text), &m) != nil || m.Last != last {
			m = Manifest{Last: last} // not signed: whoever checks it finds it
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

// beginning is where the chain in the database begins.
type beginning struct {
	oldest   int64  // the first entry that is there, or would be
	archived int64  // the last entry of the last checkpoint, 0 without one
	code     string // its code
}

// Checkpoint reads the last checkpoint; ok is false where there is none, and the
// problem says that it is not ours.
func (k *Keys) Checkpoint(ctx context.Context, db *store.DB) (m Manifest, ok bool, p *Problem, err error) {
	newest, err := readCheckpoints(ctx, db.Read, `ORDER BY last_seq DESC LIMIT 1`)
	if err != nil || len(newest) == 0 {
		return m, false, nil, store.Classify(err)
	}
	m = newest[0]
	if m.Check(k.Public()) != nil {
		return m, true, &Problem{Kind: ProblemCheckpoint, Seq: m.Last}, nil
	}
	return m, true, nil, nil
}

// begin finds where the chain begins, and what is wrong with that.
func (k *Keys) begin(ctx context.Context, db *store.DB) (b beginning, p *Problem, err error) {
	var row uuid.NullUUID
	err = db.Read.QueryRowContext(ctx, `SELECT coalesce(min(seq), 0), (SELECT row_id FROM audit_chain WHERE seq < 1 LIMIT 1) FROM audit_chain`).Scan(&b.oldest, &row)
	if err != nil {
		return b, nil, fmt.Errorf("read the beginning of the audit chain: %w", err)
	}
	if row.Valid { // entries are counted from 1
		return b, &Problem{Kind: ProblemEntry, Seq: b.oldest, Row: row.UUID}, nil
	}
	m, _, p, err := k.Checkpoint(ctx, db)
	if err != nil || p != nil {
		return b, p, err
	}
	b.archived, b.code = m.Last, string(m.LastCode)
	if b.oldest == 0 {
		b.oldest = b.archived + 1
	}
	if b.oldest > b.archived+1 {
		return b, &Problem{Kind: ProblemGap, Seq: b.archived + 1}, nil
	}
	return b, nil, nil
}
