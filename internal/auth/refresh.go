package auth

import (
	"errors"

	"github.com/google/uuid"

	"clinicgraph/internal/ids"
)

const refreshTokens opaque = "rt_"

// NewRefreshToken gives an opaque token of 256 random bits for the client,
// `rt_` + base64url + 6 characters of checksum, and the SHA-256 of it that the
// database keeps.
func NewRefreshToken() (plain string, hash []byte) { return refreshTokens.make() }

// ParseRefreshToken gives the hash to look a token up by. What was never
// issued (mistyped, cut off, made up) is UNAUTHENTICATED here, before it costs
// a query.
func ParseRefreshToken(s string) (hash []byte, err error) {
	hash, ok := refreshTokens.hash(s)
	if !ok {
		return nil, unauthenticated(errors.New("refresh token: never issued"))
	}
	return hash, nil
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
