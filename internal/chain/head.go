package chain

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"

	"clinicgraph/internal/store"
)

// headInterval is how often the head is exported, while the chain grows: what a
// forger can cut off unnoticed is what came since.
const headInterval = time.Minute

// Head says how far the chain went at a moment, signed, so that it can be kept
// where whoever can write to the database cannot: in a file, on paper. A chain that
// does not hold an exported head's entry has been cut short or written anew.
type Head struct {
	Seq       int64             `json:"seq"`
	Code      []byte            `json:"code"` // of the entry; base64
	At        time.Time         `json:"at"`   // when it was signed, UTC
	Key       ed25519.PublicKey `json:"key"`  // base64
	Signature []byte            `json:"signature"`
}

// signed is what a head's signature covers.
func (h Head) signed() []byte {
	h.Signature, h.At = nil, h.At.UTC()
	text, err := json.Marshal(h)
	if err != nil {
		panic(err) // numbers, bytes and a time can always be written
	}
	return append([]byte("clinicgraph audit head v1\n"), text...)
}

// Head signs the chain's head of this moment (Ed25519, RFC 8032). An empty chain
// has none: Seq is 0.
func (k *Keys) Head(ctx context.Context, db *store.DB, now time.Time) (Head, error) {
	last, err := readHead(ctx, db.Read)
	if err != nil || last.Seq == 0 {
		return Head{}, store.Classify(err)
	}
	h := Head{Seq: last.Seq, Code: last.mac, At: now.UTC(), Key: k.Public()}
	h.Signature = ed25519.Sign(k.private, h.signed())
	return h, nil
}

// Check says whether the head was signed by the holder of the key.
func (h Head) Check(key ed25519.PublicKey) error {
	if !key.Equal(h.Key) {
		return fmt.Errorf("the head of entry %d was signed with another key", h.Seq)
	}
	if !ed25519.Verify(key, h.signed(), h.Signature) {
		return fmt.Errorf("the signature of the head of entry %d is wrong", h.Seq)
	}
	return nil
}

// export tells the head when it has moved since the last time.
func (s *Sealer) export(ctx context.Context) {
	if s.Heads == nil {
		return
	}
	h, err := s.Keys.Head(ctx, s.DB, s.Now())
	if err == nil && h.Seq > s.exported {
		if err = s.Heads(ctx, h); err == nil {
			s.exported = h.Seq
		}
	}
	if err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "head of the audit chain not exported", "error", err)
	}
}
