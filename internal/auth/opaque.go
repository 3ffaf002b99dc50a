package auth

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
)

// opaque is a kind of token, by what it begins with: 256 random bits as refresh
// tokens have them, with a checksum that tells it from a typing error before it
// costs a query. A plain hash of it may be kept: so many bits cannot be guessed.
type opaque string

// make gives a token for whoever it is for, and the SHA-256 to look it up by.
func (kind opaque) make() (plain string, hash []byte) {
	raw := make([]byte, refreshBytes)
	rand.Read(raw)
	body := string(kind) + base64.RawURLEncoding.EncodeToString(raw)
	plain = body + refreshChecksum(body)
	return plain, hashRefreshToken(plain)
}

// hash gives what to look a token up by; false for what was never made.
func (kind opaque) hash(s string) ([]byte, bool) {
	if len(s) != len(kind)+refreshBodyLen+refreshCheckLen || !strings.HasPrefix(s, string(kind)) {
		return nil, false
	}
	body := s[:len(kind)+refreshBodyLen]
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body[len(kind):])
	if err != nil || len(raw) != refreshBytes || refreshChecksum(body) != s[len(body):] {
		return nil, false
	}
	return hashRefreshToken(s), true
}
