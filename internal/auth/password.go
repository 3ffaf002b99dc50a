package auth

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"clinicgraph/internal/fault"
)

// ErrUnusableHash is in the chain when a stored hash cannot be checked at all:
// malformed, out of bounds, or made with a pepper that this server does not have
// (the secret file was exchanged and the former one is not named). Callers log it and answer like a wrong password: the work has
// been spent, so the time tells nothing.
var ErrUnusableHash = errors.New("stored password hash is unusable")

// Params are the costs of a new hash. A zero field takes the default.
type Params struct {
	MemoryKiB uint32 // 19456
	Time      uint32 // passes over the memory: 2
	Threads   uint8  // 1
	SaltLen   uint32 // bytes: 16
	TagLen    uint32 // bytes: 32
	Slots     int    // hashes at once: by processors and GOMEMLIMIT, 1..16
}

func (p Params) withDefaults() Params {
	p.MemoryKiB = cmp.Or(p.MemoryKiB, 19456)
	p.Time = cmp.Or(p.Time, 2)
	p.Threads = cmp.Or(p.Threads, 1)
	p.SaltLen = cmp.Or(p.SaltLen, 16)
	p.TagLen = cmp.Or(p.TagLen, 32)
	p.Slots = cmp.Or(p.Slots, defaultSlots(p.MemoryKiB))
	return p
}

// Passwords hashes and checks passwords with argon2id over
// HMAC-SHA-256(pepper, NFC(password)). A stolen database alone cannot be
// guessed against, and the two ways to type "é" are one password.
//
// Hash, Verify and VerifyDummy take tens of milliseconds and megabytes: call
// them outside any transaction. They answer OVERLOADED before any work when
// too many are at it. Safe for concurrent use.
type Passwords struct {
	// Blocked says whether a password is on the list of those that everybody
	// guesses first. It is given the folded form (NFKC, case folded). Nil: no
	// list. Set it before use.
	Blocked func(folded string) bool

	// Strict asks more of a password that is the only thing to guard an account. Set
	// it before use.
	Strict bool

	// Context are the words of the clinic, which no password may contain.
	Context []string

	params  Params
	peppers map[string]Secret // by their ids: that of today, and the former ones
	kid     string            // of the one that new hashes are made with
	dummy   phc
	slots   *slots
}

// NewPasswords hashes with the pepper, and checks what was hashed with it or with
// a former one. It panics when one is shorter than 32 bytes or a parameter is
// outside the bounds of a stored hash: both are defects of the wiring.
func NewPasswords(pepper []byte, p Params, former ...[]byte) *Passwords {
	p = p.withDefaults()
	w := &Passwords{params: p, peppers: map[string]Secret{}, kid: pepperID(pepper), slots: newSlots(p.Slots)}
	for _, pepper := range append(former, pepper) {
		secret, err := NewSecret(pepper)
		if err != nil {
			panic(fmt.Errorf("password pepper: %w", err))
		}
		w.peppers[pepperID(pepper)] = secret
	}
	w.slots.heavy = p.MemoryKiB >= 1024
	// Nobody knows a password with this random tag: it never matches.
	w.dummy = w.blank()
	rand.Read(w.dummy.tag)
	if err := w.dummy.bounds(); err != nil {
		panic(fmt.Errorf("password parameters: %w", err))
	}
	return w
}

// Hash gives the PHC string to store. The policy is the caller's to check
// first; Hash refuses only what Verify would never accept.
func (w *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > maxRawBytes {
		return "", fault.Invalid(policyPath, "The password is too long.")
	}
	h := w.blank()
	err := w.slots.do(ctx, func() {
		h.tag = argon2.IDKey(w.peppered(h.kid, password), h.salt, h.time, h.memoryKiB, h.threads, w.params.TagLen)
	})
	if err != nil {
		return "", err
	}
	return h.String(), nil
}

// Verify says whether the password is the one of the stored hash, and whether it
// should be hashed anew because the stored costs are below today's, the pepper is
// a former one, or it was imported. An empty one stands for an account without a password: the same work,
// never a match. Errors: OVERLOADED, ctx's error, or [ErrUnusableHash].
func (w *Passwords) Verify(ctx context.Context, stored, password string) (ok, rehash bool, err error) {
	h, unusable := w.stored(stored)
	tooLong := len(password) > maxRawBytes
	if tooLong {
		password = ""
	}
	if err := w.slots.do(ctx, func() { ok = h.fits(w, password) }); err != nil {
		return false, false, err
	}
	if unusable != nil {
		return false, false, unusable
	}
	ok = ok && stored != "" && !tooLong
	return ok, ok && h.weaker(w), nil
}

// AnyOf says whether the password is that of one of the stored hashes. It looks
// at one after the other in a single slot; those that cannot be checked are not
// it. Errors: OVERLOADED, ctx's error.
func (w *Passwords) AnyOf(ctx context.Context, stored []string, password string) (found bool, err error) {
	if len(password) > maxRawBytes {
		return false, nil
	}
	err = w.slots.do(ctx, func() {
		for _, s := range stored {
			if h, unusable := w.stored(s); s != "" && unusable == nil && h.fits(w, password) {
				found = true
				return
			}
		}
	})
	return found, err
}

// storedHash is a hash of either kind.
type storedHash interface {
	fits(w *Passwords, password string) bool
	weaker(w *Passwords) bool
}

// stored reads a hash as it is in the database. One that is empty or unusable
// comes back as the dummy, with the error of the latter.
func (w *Passwords) stored(s string) (storedHash, error) {
	switch {
	case s == "":
		return w.dummy, nil
	case isBcrypt(s):
		h, err := parseBcrypt(s)
		if err != nil {
			return w.dummy, fmt.Errorf("%w: %w", ErrUnusableHash, err)
		}
		return h, nil
	}
	h, err := w.parse(s)
	if err != nil {
		return w.dummy, err
	}
	return h, nil
}

func (h phc) fits(w *Passwords, password string) bool { return h.matches(w.peppered(h.kid, password)) }

func (h phc) weaker(w *Passwords) bool { return w.weaker(h) }

// VerifyDummy spends the slot and the work of Verify where there is no account
// to check, so that the time does not tell which logins exist.
func (w *Passwords) VerifyDummy(ctx context.Context, password string) error {
	_, _, err := w.Verify(ctx, "", password)
	return err
}

// NeedsRehash says whether a stored hash is below today's costs, of a former pepper
// or unusable.
func (w *Passwords) NeedsRehash(stored string) bool {
	h, err := w.stored(stored)
	return err != nil || stored == "" || h.weaker(w)
}

func (w *Passwords) weaker(h phc) bool {
	return h.kid != w.kid || h.memoryKiB < w.params.MemoryKiB || h.time < w.params.Time || h.threads < w.params.Threads ||
		uint32(len(h.salt)) < w.params.SaltLen || uint32(len(h.tag)) < w.params.TagLen
}

func (w *Passwords) parse(s string) (phc, error) {
	h, err := parsePHC(s)
	if err != nil {
		return phc{}, fmt.Errorf("%w: %w", ErrUnusableHash, err)
	}
	if _, known := w.peppers[h.kid]; !known {
		return phc{}, fmt.Errorf("%w: it was made with pepper %q, this server has %q", ErrUnusableHash, h.kid, w.kid)
	}
	return h, nil
}

// blank is a hash with today's costs, a fresh salt and a zero tag.
func (w *Passwords) blank() phc {
	h := phc{
		memoryKiB: w.params.MemoryKiB,
		time:      w.params.Time,
		threads:   w.params.Threads,
		kid:       w.kid,
		salt:      make([]byte, w.params.SaltLen),
		tag:       make([]byte, w.params.TagLen),
	}
	rand.Read(h.salt)
	return h
}

func (w *Passwords) peppered(kid, password string) []byte {
	return keyed(w.peppers[kid].Reveal(), norm.NFC.String(password))
}

func pepperID(pepper []byte) string {
	return hex.EncodeToString(keyed(pepper, "clinicgraph/v1/pepper-id")[:4])
}

func keyed(key []byte, message string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(message))
	return mac.Sum(nil)
}
