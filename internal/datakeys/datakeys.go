// Package datakeys owns the keys of people: one for each person whose data are
// sealed, random, kept in the database sealed with a key of the master secret, and
// destroyed when the person is erased. Whatever was sealed with it is then unreadable
// wherever a copy lies, in logs that are never rewritten and in archives (known as
// crypto-shredding; NIST SP 800-88 Rev. 1, 2.5, cryptographic erase). It never knows
// what a value means or who may see it.
package datakeys

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
)

// ErrDestroyed says that the person was erased: nothing can be sealed for them.
var ErrDestroyed = errors.New("the key of the person was destroyed")

const (
	// keySize is that of a person's key, in bytes.
	keySize = 32
	// purpose is what a person's key is derived for; see package seal.
	purpose = "personal-data"
	// keptFor bounds for how long a key is held in memory. What another server
	// destroys is used that long to seal, which nobody can open any more, and never to
	// open: that asks the database.
	keptFor = time.Minute
	// mostKept bounds how many are held, about 1 KiB each.
	mostKept = 4096
	// adoptBatch is how many keys are sealed anew in one transaction.
	adoptBatch = 200
)

// Keys are the keys of people.
type Keys struct {
	// Wrap seals the keys in the database.
	Wrap *seal.Key

	mu   sync.Mutex
	kept map[uuid.UUID]kept
}

// kept is a key and since when it is known.
type kept struct {
	key   *seal.Key
	since time.Time
}

// Mutation is a change in a transaction, as hooks have it.
type Mutation interface {
	Client() *ent.Client
	Tx() (*ent.Tx, error)
}

// ForWriting gives the key of a person, and makes it in the mutation's transaction
// where there is none. Two who make it at once get one key: the second waits at the
// primary key and reads what the first has written. Errors: ErrDestroyed.
func (k *Keys) ForWriting(ctx context.Context, m Mutation, person uuid.UUID) (*seal.Key, error) {
	if key := k.look(person); key != nil {
		return key, nil
	}
	since := time.Now()
	key, err := k.readOrMake(ctx, m.Client(), person)
	if err != nil {
		return nil, err
	}
	tx, err := m.Tx()
	if err != nil {
		return nil, fmt.Errorf("key of a person: %w", err)
	}
	// Not before the commit, and not where nobody knows whether there was one: what is
	// sealed with a key that was rolled back is lost.
	tx.OnCommit(func(next ent.Committer) ent.Committer {
		return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
			err := next.Commit(ctx, tx)
			if err == nil {
				k.keep(person, kept{key, since})
			}
			return err
		})
	})
	return key, nil
}

func (k *Keys) readOrMake(ctx context.Context, c *ent.Client, person uuid.UUID) (*seal.Key, error) {
	found, err := k.read(ctx, c, person)
	if err != nil {
		return nil, err
	}
	if key, known := found[person]; known {
		if key == nil {
			return nil, ErrDestroyed
		}
		return key, nil
	}
	plain := make([]byte, keySize)
	_, _ = rand.Read(plain) // never fails since Go 1.24
	result, err := c.ExecContext(ctx, `INSERT INTO data_keys (subject_id, sealed) VALUES ($1, $2) ON CONFLICT (subject_id) DO NOTHING`,
		person, k.Wrap.Seal(plain, place(person)))
	if err != nil {
		return nil, fmt.Errorf("write the key of a person: %w", err)
	}
	made, err := result.RowsAffected()
	if err != nil {
		return nil, fmt.Errorf("write the key of a person: %w", err)
	}
	if made == 1 {
		return seal.New(plain, purpose)
	}
	if found, err = k.read(ctx, c, person); err != nil {
		return nil, err
	}
	if found[person] == nil {
		return nil, ErrDestroyed
	}
	return found[person], nil
}

// ForReading gives the keys of people as the database has them now, in one
// statement. Of whom there is none, because it was destroyed or never made, the map
// holds nil.
func (k *Keys) ForReading(ctx context.Context, c *ent.Client, people ...uuid.UUID) (map[uuid.UUID]*seal.Key, error) {
	if len(people) == 0 {
		return nil, nil
	}
	return k.read(ctx, c, people...)
}

// read finds keys; nil are those that were destroyed.
func (k *Keys) read(ctx context.Context, c *ent.Client, people ...uuid.UUID) (_ map[uuid.UUID]*seal.Key, err error) {
	args := make([]any, len(people))
	for i, person := range people {
		args[i] = person
	}
	rows, err := c.QueryContext(ctx, `SELECT subject_id, sealed FROM data_keys WHERE subject_id IN (`+store.Places(1, len(people))+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("read keys of people: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found := make(map[uuid.UUID]*seal.Key, len(people))
	for rows.Next() {
		var person uuid.UUID
		var sealed []byte
		if err := rows.Scan(&person, &sealed); err != nil {
			return nil, fmt.Errorf("read the key of a person: %w", err)
		}
		if sealed == nil {
			found[person] = nil
			continue
		}
		plain, err := k.Wrap.Open(sealed, place(person))
		if err != nil {
			return nil, fmt.Errorf("open the key of %s: %w", person, err)
		}
		if found[person], err = seal.New(plain, purpose); err != nil {
			return nil, err
		}
	}
	return found, rows.Err()
}

// Destroy destroys the key of a person in the client's transaction, for good: none
// is made again. Call Forget once it has committed.
func (k *Keys) Destroy(ctx context.Context, c *ent.Client, person uuid.UUID, now time.Time) error {
	_, err := c.ExecContext(ctx, `INSERT INTO data_keys (subject_id, sealed, destroyed_at) VALUES ($1, NULL, $2)
		ON CONFLICT (subject_id) DO UPDATE SET sealed = NULL, destroyed_at = excluded.destroyed_at WHERE data_keys.sealed IS NOT NULL`, person, now.UnixMicro())
	if err != nil {
		return fmt.Errorf("destroy the key of a person: %w", err)
	}
	return nil
}

// Forget takes the key of a person out of the memory of this server.
func (k *Keys) Forget(person uuid.UUID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, person)
}

// Adopt seals anew the keys that a former secret has sealed. It may run on several
// servers at once, and be repeated. A key that no secret opens is an error.
func (k *Keys) Adopt(ctx context.Context, s *store.Store) (adopted int, err error) {
	after := uuid.Nil
	for {
		n := 0
		err := s.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
			batch, err := wrapped(ctx, tx, after)
			if err != nil {
				return err
			}
			for _, row := range batch {
				renewed, err := k.Wrap.Renew(row.sealed, place(row.person))
				if err != nil {
					return fmt.Errorf("open the key of %s: %w", row.person, err)
				}
				if renewed == nil {
					continue
				}
				// What was destroyed meanwhile stays so.
				if _, err := tx.ExecContext(ctx, `UPDATE data_keys SET sealed = $1 WHERE subject_id = $2 AND sealed = $3`, renewed, row.person, row.sealed); err != nil {
					return fmt.Errorf("seal the key of a person anew: %w", err)
				}
				adopted++
			}
			if n = len(batch); n > 0 {
				after = batch[n-1].person
			}
			return nil
		})
		if err != nil || n < adoptBatch {
			return adopted, err
		}
	}
}

// wrappedKey is a key as the database has it.
type wrappedKey struct {
	person uuid.UUID
	sealed []byte
}

// wrapped reads a batch of keys behind a person.
func wrapped(ctx context.Context, tx *sql.Tx, after uuid.UUID) (batch []wrappedKey, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT subject_id, sealed FROM data_keys WHERE subject_id > $1 AND sealed IS NOT NULL ORDER BY subject_id LIMIT $2`, after, adoptBatch)
	if err != nil {
		return nil, fmt.Errorf("read keys of people: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var row wrappedKey
		if err := rows.Scan(&row.person, &row.sealed); err != nil {
			return nil, fmt.Errorf("read the key of a person: %w", err)
		}
		batch = append(batch, row)
	}
	return batch, rows.Err()
}

// place is what a key is sealed for: it opens in its own row alone.
func place(person uuid.UUID) string { return "data key of " + person.String() }

func (k *Keys) look(person uuid.UUID) *seal.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	if held, ok := k.kept[person]; ok && time.Since(held.since) < keptFor {
		return held.key
	}
	return nil
}

func (k *Keys) keep(person uuid.UUID, held kept) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= mostKept {
		k.kept = map[uuid.UUID]kept{} // each is read once more
	}
	k.kept[person] = held
}
