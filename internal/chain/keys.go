package chain

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"sync"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
)

// ErrForeignSecret says that a secret is not the one that sealed the chain's key,
// nor a later one.
var ErrForeignSecret = errors.New("another secret sealed the key of the audit chain")

// form is the first byte of a code: by which key and canonical form it was made.
const form = 1

// codeSize is the length of a code: its form and an HMAC-SHA-256 (RFC 2104).
const codeSize = 1 + sha256.Size

// Keys make and check the codes of rows and entries, and sign heads.
type Keys struct {
	macs    sync.Pool // of *worker
	private ed25519.PrivateKey

	// adopted is how many entries at the chain's beginning may be rows without a
	// code: those that were there before the chain.
	adopted int64
}

// worker is an HMAC and room to write a row into, kept between rows.
type worker struct {
	mac  hash.Hash
	room []byte
}

// keyContext is what the stored key is sealed for.
const keyContext = "1"

// Open gives the chain's keys, and makes them where the database has none. They are
// random and lie in the database sealed: to write to the database is not to be able
// to forge the record, and exchanging the master secret leaves them as they are.
// Errors: ErrForeignSecret.
func Open(ctx context.Context, db *store.DB, sealing *seal.Key) (*Keys, error) {
	var keys *Keys
	err := store.Retry(ctx, func(ctx context.Context) error {
		tx, err := db.Write.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("open the audit chain: %w", err)
		}
		defer func() { _ = tx.Rollback() }()
		if keys, err = open(ctx, db, tx, sealing); err != nil {
			return err
		}
		return tx.Commit()
	})
	return keys, store.Classify(err)
}

func open(ctx context.Context, db *store.DB, tx *sql.Tx, sealing *seal.Key) (*Keys, error) {
	if err := db.Lock(ctx, tx, sealerLock); err != nil {
		return nil, err
	}
	var sealed []byte
	err := tx.QueryRowContext(ctx, `SELECT sealed FROM audit_keys WHERE id = 1`).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return create(ctx, tx, sealing)
	}
	if err != nil {
		return nil, fmt.Errorf("read the audit chain's key: %w", err)
	}
	plain, err := sealing.Open(sealed, keyContext)
	if err != nil {
		return nil, ErrForeignSecret
	}
	renewed, err := sealing.Renew(sealed, keyContext)
	if err != nil {
		return nil, ErrForeignSecret
	}
	if renewed != nil {
		if _, err := tx.ExecContext(ctx, `UPDATE audit_keys SET sealed = $1 WHERE id = 1`, renewed); err != nil {
			return nil, fmt.Errorf("seal the audit chain's key anew: %w", err)
		}
	}
	return derive(plain)
}

// create makes the keys of a database that has no chain. What its logs hold by then
// is adopted; their number is sealed with the key, so that nobody adopts more.
func create(ctx context.Context, tx *sql.Tx, sealing *seal.Key) (*Keys, error) {
	var waiting int64
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM audit_pending`).Scan(&waiting); err != nil {
		return nil, fmt.Errorf("count what waits to be sealed: %w", err)
	}
	plain := make([]byte, sha256.Size, sha256.Size+8)
	_, _ = rand.Read(plain) // never fails since Go 1.24
	plain = binary.BigEndian.AppendUint64(plain, uint64(waiting))
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit_keys (id, sealed) VALUES (1, $1)`, sealing.Seal(plain, keyContext)); err != nil {
		return nil, fmt.Errorf("write the audit chain's key: %w", err)
	}
	return derive(plain)
}

func derive(plain []byte) (*Keys, error) {
	if len(plain) != sha256.Size+8 {
		return nil, ErrForeignSecret
	}
	secret := plain[:sha256.Size]
	mac, err := hkdf.Key(sha256.New, secret, nil, "clinicgraph/v1/audit-chain/mac", sha256.Size)
	if err != nil {
		return nil, err
	}
	seed, err := hkdf.Key(sha256.New, secret, nil, "clinicgraph/v1/audit-chain/heads", ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	k := &Keys{private: ed25519.NewKeyFromSeed(seed), adopted: int64(binary.BigEndian.Uint64(plain[sha256.Size:]))}
	k.macs.New = func() any { return &worker{mac: hmac.New(sha256.New, mac)} }
	return k, nil
}

// Public is the key that signed heads and archives are checked with.
func (k *Keys) Public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// row is the code of a row.
func (k *Keys) row(c canonical) []byte {
	w := k.macs.Get().(*worker)
	defer k.macs.Put(w)
	return w.code(c)
}

func (w *worker) code(c []byte) []byte {
	w.mac.Reset()
	w.mac.Write(c)
	return w.mac.Sum(append(make([]byte, 0, codeSize), form))
}

// entry is the code of an entry of the chain, over the one before it.
func (k *Keys) entry(e *Entry, before []byte) []byte {
	w := k.macs.Get().(*worker)
	defer k.macs.Put(w)
	c := append(w.room[:0], "audit_chain\x00"...)
	c = append(c, before...)
	c = binary.BigEndian.AppendUint64(c, uint64(e.Seq))
	c = binary.BigEndian.AppendUint16(c, uint16(e.stream))
	c = append(c, e.RowID[:]...)
	c = binary.BigEndian.AppendUint64(c, uint64(e.sealedAt))
	c = append(c, e.rowMAC...)
	w.room = c
	return w.code(c)
}

// Install has every new row of the logs that an ent client writes carry its code. It
// must be the last hook: what is set after it is not covered. The operation log is
// written past ent, see Code.
func (k *Keys) Install(client *ent.Client) {
	client.OperationLog.Use(k.hook)
	client.AuditLog.Use(k.hook)
	client.SessionLog.Use(k.hook)
}

func (k *Keys) hook(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		if !m.Op().Is(ent.OpCreate) {
			return next.Mutate(ctx, m)
		}
		code, err := k.Code(m.Type(), func(column string) any {
			v, ok := m.Field(column)
			if column == "id" {
				v, ok = m.(interface{ ID() (uuid.UUID, bool) }).ID()
			}
			if !ok { // v is zero, and null is written
				return nil
			}
			return v
		})
		if err != nil {
			return nil, err
		}
		if err := m.SetField("mac", code); err != nil {
			return nil, fmt.Errorf("set the code of %s: %w", m.Type(), err)
		}
		return next.Mutate(ctx, m)
	})
}

// Code is the code that a row of an entity's log must carry. The values are those
// that are written, by their columns: nil is null, JSON is as it is written.
func (k *Keys) Code(entity string, value func(column string) any) ([]byte, error) {
	s := streamOf(entity)
	if s == nil {
		return nil, fmt.Errorf("rows of %s are not sealed", entity)
	}
	w := k.macs.Get().(*worker)
	defer k.macs.Put(w)
	c := s.begin(w.room)
	for i, col := range s.columns {
		b, ok, err := col.kind.value(value(col.name))
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", s.table, col.name, err)
		}
		if ok {
			c = c.add(i, b)
		}
	}
	w.room = c
	return w.code(c), nil
}
