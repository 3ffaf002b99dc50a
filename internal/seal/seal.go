// Package seal owns the encryption of small values that the database keeps and
// must not be able to read: what a message says, what goes with a one-time
// token. It never holds the master secret itself, and never sees what it seals
// for longer than a call.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// minSecret is the shortest secret to derive keys from, in bytes.
const minSecret = 32

// overhead is what sealing adds: the version, the nonce and the tag.
const overhead = 1 + 12 + 16

// version is the first byte of what is sealed, in the clear and authenticated.
const version = 1

// Key seals values for one purpose (AES-256-GCM with random nonces: good for
// 2^32 values, NIST SP 800-38D, 8.3). What it seals opens with no other key.
type Key struct {
	aead   cipher.AEAD
	former []cipher.AEAD
}

// New derives the key of a purpose from a secret of at least 32 bytes, which may
// serve other purposes too (HKDF-SHA-256, RFC 5869). What was sealed for the
// purpose with one of the former secrets opens as well.
func New(secret []byte, purpose string, former ...[]byte) (*Key, error) {
	aead, err := derive(secret, purpose)
	if err != nil {
		return nil, err
	}
	k := &Key{aead: aead}
	for _, secret := range former {
		if aead, err = derive(secret, purpose); err != nil {
			return nil, err
		}
		k.former = append(k.former, aead)
	}
	return k, nil
}

func derive(secret []byte, purpose string) (cipher.AEAD, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("sealing key of %s: the secret is shorter than %d bytes", purpose, minSecret)
	}
	raw, err := hkdf.Key(sha256.New, secret, nil, "clinicgraph seal v1 "+purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("sealing key of %s: %w", purpose, err)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("sealing key of %s: %w", purpose, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("sealing key of %s: %w", purpose, err)
	}
	return aead, nil
}

// Seal encrypts a value. Context is what the value belongs to, such as the id of
// its user: it is not kept, and Open needs the same, so that nothing sealed can
// be moved to another row.
func (k *Key) Seal(plain []byte, context string) []byte {
	return k.aead.Seal([]byte{version}, nil, plain, append([]byte{version}, context...))
}

// errForeign says no more than that: which check failed helps only a forger.
var errForeign = errors.New("the sealed value was not made by this key for this place")

// Open gives the value back.
func (k *Key) Open(sealed []byte, context string) ([]byte, error) {
	plain, _, err := k.open(sealed, context)
	return plain, err
}

// Renew seals the value anew where a former secret sealed it, and otherwise gives
// nil: there is nothing to do.
func (k *Key) Renew(sealed []byte, context string) ([]byte, error) {
	plain, former, err := k.open(sealed, context)
	if err != nil || !former {
		return nil, err
	}
	return k.Seal(plain, context), nil
}

func (k *Key) open(sealed []byte, context string) (plain []byte, former bool, err error) {
	if len(sealed) < overhead || sealed[0] != version {
		return nil, false, errForeign
	}
	with := append([]byte{version}, context...)
	if plain, err = k.aead.Open(nil, nil, sealed[1:], with); err == nil {
		return plain, false, nil
	}
	for _, aead := range k.former {
		if plain, err = aead.Open(nil, nil, sealed[1:], with); err == nil {
			return plain, true, nil
		}
	}
	return nil, false, errForeign
}
