package auth

import (
	"crypto/ed25519"
	"crypto/sha256"
	"time"

	"github.com/maypok86/otter/v2"
)

// mostVerified bounds the tokens that are remembered, some 400 bytes each.
const mostVerified = 20_000

// verified remembers good tokens by their hash, so that the signature of each is
// checked once: that takes as long as all the rest of a small request. It says
// nothing about revocation. What it holds is no token, and only who has a good one
// can fill it.
type verified struct {
	cache *otter.Cache[[sha256.Size]byte, goodToken]
}

// goodToken is what was found of a token, and by which key.
type goodToken struct {
	claims    Claims
	notBefore time.Time
	kid       string
	key       ed25519.PublicKey
}

func newVerified() verified {
	return verified{otter.Must(&otter.Options[[sha256.Size]byte, goodToken]{MaximumSize: mostVerified})}
}

// of gives the claims of a token that was good once and still is: its time has
// come and has not ended, and the key that it was signed with is still accepted
// under that name. All else about a token can change only with its text.
func (v verified) of(hash [sha256.Size]byte, keys *KeySet, now time.Time) (Claims, bool) {
	known, there := v.cache.GetIfPresent(hash)
	if !there {
		return Claims{}, false
	}
	good := now.Before(known.claims.ExpiresAt.Add(tokenLeeway)) && !now.Before(known.notBefore.Add(-tokenLeeway)) &&
		known.key.Equal(keys.public[known.kid])
	if !good {
		v.cache.Invalidate(hash)
		return Claims{}, false
	}
	return known.claims, true
}

func (v verified) keep(hash [sha256.Size]byte, token goodToken) { v.cache.Set(hash, token) }
