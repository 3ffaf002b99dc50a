package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// opaque is a kind of token, by what it begins with: 256 random bits in base64url
// and six characters of checksum, which tell it from a typing error before it
// costs a query. A plain hash of it may be kept: so many bits cannot be guessed.
type opaque string

const (
	opaqueBytes   = 32
	opaqueBodyLen = 43 // base64url of 32 bytes
	checksumLen   = 6
)

// make gives a token for whoever it is for, and the SHA-256 to look it up by.
func (kind opaque) make() (plain string, hash []byte) {
	raw := make([]byte, opaqueBytes)
	rand.Read(raw)
	body := string(kind) + base64.RawURLEncoding.EncodeToString(raw)
	plain = body + checksum(body)
	return plain, hashOpaque(plain)
}

// hash gives what to look a token up by; false for what was never made.
func (kind opaque) hash(s string) ([]byte, bool) {
	if len(s) != len(kind)+opaqueBodyLen+checksumLen || !strings.HasPrefix(s, string(kind)) {
		return nil, false
	}
	body := s[:len(kind)+opaqueBodyLen]
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body[len(kind):])
	if err != nil || len(raw) != opaqueBytes || checksum(body) != s[len(body):] {
		return nil, false
	}
	return hashOpaque(s), true
}

// checksum is no secret: it only tells a token from a typing error, and lets a
// scanner of leaked secrets be sure.
func checksum(body string) string {
	sum := sha256.Sum256([]byte(body))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:checksumLen]
}

func hashOpaque(plain string) []byte {
	sum := sha256.Sum256([]byte(plain))
	return sum[:]
}
