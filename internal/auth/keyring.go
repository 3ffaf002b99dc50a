package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/signingkey"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
)

const (
	// keyAnnounced is how long a key is published before it signs: twice as long as
	// a program may keep the published keys, and six hundred times as long as the
	// other servers take to know it.
	keyAnnounced = 10 * time.Minute
	// keyLife is how long a key signs.
	keyLife = 90 * 24 * time.Hour
	// keyLock is the name of the lock under which keys change.
	keyLock = "signing-keys"
)

// Keyring is the keys of access tokens as the database has them. One signs, the
// next is published already, and those before are accepted until their last
// token has expired. Seeds lie sealed in the database: to read it is not to be
// able to sign.
type Keyring struct {
	Store    *store.Store
	Tokens   *Tokens   // is handed what Load finds
	Seal     *seal.Key // seals the seeds
	Security *audit.Security
	Now      func() time.Time

	// First is the key of a database that has none yet: the one that servers signed
	// with before there were rows, so that nobody who is signed in notices.
	First KeySet

	mu     sync.Mutex // orders Load
	states map[string]int
}

// ErrForeignSecret says that a secret is not the one that the database's keys were
// sealed with, nor a later one.
var ErrForeignSecret = errors.New("another secret sealed the keys of this database")

// Prepare makes the first key where there is none, publishes its successor where
// that is missing, and seals anew what a former secret has sealed. Servers do so
// when they start. Errors: ErrForeignSecret.
func (k *Keyring) Prepare(ctx context.Context) error {
	return k.change(ctx, func(ctx context.Context, c *ent.Client) error {
		n, err := c.SigningKey.Query().Count(ctx)
		if err != nil {
			return fmt.Errorf("count keys: %w", err)
		}
		if n == 0 {
			if err := k.add(ctx, c, k.First.private(), signingkey.StateActive); err != nil {
				return err
			}
		}
		return k.adopt(ctx, c)
	})
}

// adopt looks at the key that signs and at the one that will: to find out at the
// rotation that it does not open would be too late.
func (k *Keyring) adopt(ctx context.Context, c *ent.Client) error {
	rows, err := c.SigningKey.Query().Where(signingkey.PrivateSealedNotNil()).All(ctx)
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	for _, row := range rows {
		renewed, err := k.Seal.Renew(row.PrivateSealed, row.Kid)
		if err != nil {
			return fmt.Errorf("key %s: %w", row.Kid, ErrForeignSecret)
		}
		if renewed == nil {
			continue
		}
		if err := row.Update().SetPrivateSealed(renewed).Exec(ctx); err != nil {
			return fmt.Errorf("seal the key anew: %w", err)
		}
	}
	return nil
}

// Rotate has the published key sign from now on, and publishes the next. What the
// key before has signed stays good. Errors: CONFLICT while the published key has
// not been for long enough that everybody knows it.
func (k *Keyring) Rotate(ctx context.Context) (err error) {
	defer func() { k.failed(ctx, audit.Event{Name: audit.EventKeyRotate, Err: err}) }()
	return k.change(ctx, func(ctx context.Context, c *ent.Client) error {
		next, err := c.SigningKey.Query().Where(signingkey.StateEQ(signingkey.StatePending)).Order(signingkey.ByCreatedAt()).First(ctx)
		if err != nil {
			return fmt.Errorf("find the published key: %w", err)
		}
		if from := next.CreatedAt.Add(keyAnnounced); k.Now().Before(from) {
			return fault.Conflict("The next key was published at %s and may sign from %s on.",
				next.CreatedAt.UTC().Format(time.RFC3339), from.UTC().Format(time.RFC3339))
		}
		return k.promote(ctx, c, next)
	})
}

// RotateDue rotates when the key that signs has done so for ninety days.
func (k *Keyring) RotateDue(ctx context.Context) (rotated int, err error) {
	due, err := k.Store.Client.SigningKey.Query().
		Where(signingkey.StateEQ(signingkey.StateActive), signingkey.ActivatedAtLTE(k.Now().Add(-keyLife))).Exist(ctx)
	if err != nil || !due {
		return 0, store.Classify(err)
	}
	if err := k.Rotate(ctx); err != nil {
		return 0, err
	}
	return 1, nil
}

// Revoke has a key refused at once, with everything that it has signed. When it
// is the one that signs, the published key takes its place, however new it is.
// Errors: NOT_FOUND.
func (k *Keyring) Revoke(ctx context.Context, kid string) (err error) {
	defer func() { k.failed(ctx, audit.Event{Name: audit.EventKeyRevoke, Resource: kid, Err: err}) }()
	return k.change(ctx, func(ctx context.Context, c *ent.Client) error {
		key, err := c.SigningKey.Query().Where(signingkey.Kid(kid)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NotFound("There is no such key.")
		}
		if err != nil {
			return fmt.Errorf("find the key: %w", err)
		}
		if key.State == signingkey.StateRevoked {
			return nil
		}
		err = key.Update().SetState(signingkey.StateRevoked).SetRevokedAt(k.Now()).ClearPrivateSealed().Exec(ctx)
		if err != nil {
			return fmt.Errorf("revoke the key: %w", err)
		}
		if err := audit.Write(ctx, c, audit.Event{Name: audit.EventKeyRevoke, Subject: &key.ID, Resource: kid}); err != nil {
			return err
		}
		if key.State != signingkey.StateActive {
			return nil
		}
		next, err := c.SigningKey.Query().Where(signingkey.StateEQ(signingkey.StatePending)).Order(signingkey.ByCreatedAt()).First(ctx)
		if err != nil {
			return fmt.Errorf("find the published key: %w", err)
		}
		return k.promote(ctx, c, next)
	})
}

// failed puts a change that was not made on record; one that was is there with it.
func (k *Keyring) failed(ctx context.Context, e audit.Event) {
	if e.Err != nil {
		k.Security.Record(access.System(ctx, "keys"), e)
	}
}

// List gives all keys, the newest first.
func (k *Keyring) List(ctx context.Context) ([]*ent.SigningKey, error) {
	keys, err := k.Store.Client.SigningKey.Query().Order(ent.Desc(signingkey.FieldCreatedAt, signingkey.FieldID)).All(access.System(ctx, "keys"))
	return keys, store.Classify(err)
}

// change runs a change of the keys alone among all servers, sees to it that a
// successor is published, and has this server know the outcome at once.
func (k *Keyring) change(ctx context.Context, body func(context.Context, *ent.Client) error) error {
	ctx = access.System(ctx, "keys")
	err := k.Store.InTx(ctx, func(c *ent.Client, tx *sql.Tx) error {
		if err := k.Store.DB.Lock(ctx, tx, keyLock); err != nil {
			return err
		}
		if err := body(ctx, c); err != nil {
			return err
		}
		published, err := c.SigningKey.Query().Where(signingkey.StateEQ(signingkey.StatePending)).Exist(ctx)
		if err != nil || published {
			return err
		}
		_, next, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return fmt.Errorf("make a key: %w", err)
		}
		return k.add(ctx, c, next, signingkey.StatePending)
	})
	if err != nil {
		return err
	}
	return k.Load(ctx)
}

func (k *Keyring) add(ctx context.Context, c *ent.Client, key ed25519.PrivateKey, state signingkey.State) error {
	public := key.Public().(ed25519.PublicKey)
	kid := KeyID(public)
	create := c.SigningKey.Create().SetKid(kid).SetState(state).SetPublicKey(public).SetPrivateSealed(k.Seal.Seal(key.Seed(), kid))
	if state == signingkey.StateActive {
		create.SetActivatedAt(k.Now())
	}
	if err := create.Exec(ctx); err != nil {
		return fmt.Errorf("keep the key: %w", err)
	}
	return nil
}

// promote has the key sign instead of the one that does.
func (k *Keyring) promote(ctx context.Context, c *ent.Client, next *ent.SigningKey) error {
	now := k.Now()
	before, err := c.SigningKey.Query().Where(signingkey.StateEQ(signingkey.StateActive)).All(ctx)
	if err != nil {
		return fmt.Errorf("find the key that signs: %w", err)
	}
	for _, key := range before {
		if err := key.Update().SetState(signingkey.StateRetired).SetRetiredAt(now).ClearPrivateSealed().Exec(ctx); err != nil {
			return fmt.Errorf("retire the key: %w", err)
		}
	}
	if err := next.Update().SetState(signingkey.StateActive).SetActivatedAt(now).Exec(ctx); err != nil {
		return fmt.Errorf("have the key sign: %w", err)
	}
	return audit.Write(ctx, c, audit.Event{Name: audit.EventKeyRotate, Subject: &next.ID, Resource: next.Kid})
}

// Load reads the keys and hands those that count to Tokens. Until it has done so
// the ones before count.
func (k *Keyring) Load(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	rows, err := k.Store.Client.SigningKey.Query().Order(signingkey.ByActivatedAt()).All(access.System(ctx, "keys"))
	if err != nil {
		return store.Classify(fmt.Errorf("read keys: %w", err))
	}
	states := map[string]int{}
	var accepted []ed25519.PublicKey
	var signs ed25519.PrivateKey
	for _, row := range rows {
		states[string(row.State)]++
		if !k.accepts(row) {
			continue
		}
		accepted = append(accepted, row.PublicKey)
		if row.State == signingkey.StateActive {
			if signs, err = k.open(row); err != nil {
				return err
			}
		}
	}
	if signs == nil {
		return errors.New("read keys: none of them signs")
	}
	k.states = states
	k.Tokens.use(NewKeySet(signs, accepted...))
	return nil
}

// accepts says whether tokens of the key may be good now.
func (k *Keyring) accepts(row *ent.SigningKey) bool {
	if len(row.PublicKey) != ed25519.PublicKeySize || KeyID(row.PublicKey) != row.Kid {
		return false
	}
	switch row.State {
	case signingkey.StatePending, signingkey.StateActive:
		return true
	case signingkey.StateRetired: // another server may sign with it for a second more
		return row.RetiredAt != nil && k.Now().Before(row.RetiredAt.Add(k.Tokens.ttl+tokenLeeway+revocationMargin))
	default:
		return false
	}
}

// open gives the private key of a row, from the keys in use where it is there.
func (k *Keyring) open(row *ent.SigningKey) (ed25519.PrivateKey, error) {
	if used := k.Tokens.keys.Load(); used.active == row.Kid {
		return used.private(), nil
	}
	seed, err := k.Seal.Open(row.PrivateSealed, row.Kid)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("key %s: %w", row.Kid, ErrForeignSecret)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// States counts the keys by their state, as of the last Load.
func (k *Keyring) States(context.Context) (map[string]int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.states, nil
}
