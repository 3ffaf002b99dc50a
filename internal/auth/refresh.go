package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/internal/ids"
)

const (
	refreshPrefix   = "rt_"
	refreshBytes    = 32
	refreshBodyLen  = 43 // base64url of 32 bytes
	refreshCheckLen = 6
	refreshLen      = len(refreshPrefix) + refreshBodyLen + refreshCheckLen
)

// NewRefreshToken gives an opaque token of 256 random bits for the client,
// `rt_` + base64url + 6 characters of checksum, and the SHA-256 of it that the
// database keeps. A plain hash is enough: so many bits cannot be guessed.
func NewRefreshToken() (plain string, hash []byte) {
	raw := make([]byte, refreshBytes)
	rand.Read(raw)
	body := refreshPrefix + base64.RawURLEncoding.EncodeToString(raw)
	plain = body + refreshChecksum(body)
	return plain, hashRefreshToken(plain)
}

// ParseRefreshToken gives the hash to look a token up by. What was never
// issued (mistyped, cut off, made up) is UNAUTHENTICATED here, before it costs
// a query.
func ParseRefreshToken(s string) (hash []byte, err error) {
	if len(s) != refreshLen || !strings.HasPrefix(s, refreshPrefix) {
		return nil, unauthenticated(errors.New("refresh token: malformed"))
	}
	body := s[:len(refreshPrefix)+refreshBodyLen]
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body[len(refreshPrefix):])
	if err != nil || len(raw) != refreshBytes {
		return nil, unauthenticated(errors.New("refresh token: malformed"))
	}
	if refreshChecksum(body) != s[len(body):] {
		return nil, unauthenticated(errors.New("refresh token: checksum differs"))
	}
	return hashRefreshToken(s), nil
}

// refreshChecksum is no secret: it only tells a token from a typing error, and
// lets a scanner of leaked secrets be sure.
func refreshChecksum(body string) string {
	sum := sha256.Sum256([]byte(body))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:refreshCheckLen]
}

func hashRefreshToken(plain string) []byte {
	sum := sha256.Sum256([]byte(plain))
	return sum[:]
}

// successor is a refresh token on its way to the client.
type successor struct {
	id    uuid.UUID
	plain string
	hash  []byte
}

func newSuccessor() successor {
	plain, hash := NewRefreshToken()
	return successor{id: ids.New(ids.RefreshToken), plain: plain, hash: hash}
}
