package auth

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	// maxBcryptCost bounds the work of a stored hash: 2^14 rounds take a second.
	maxBcryptCost = 14

	// maxBcryptBytes is as much of a password as bcrypt looks at.
	maxBcryptBytes = 72
)

// bcryptHash is a password hash that was made elsewhere, for an account that was
// imported. It is checked as it is, without the pepper, and replaced at the first
// sign-in.
type bcryptHash string

// isBcrypt tells bcrypt's modular crypt format from PHC strings.
func isBcrypt(s string) bool {
	return strings.HasPrefix(s, "$2a$") || strings.HasPrefix(s, "$2b$") || strings.HasPrefix(s, "$2y$")
}

// parseBcrypt refuses a hash whose work is out of bounds. Errors never hold the
// hash.
func parseBcrypt(s string) (bcryptHash, error) {
	cost, err := bcrypt.Cost([]byte(s))
	if err != nil || len(s) != 60 {
		return "", errors.New("not a bcrypt hash")
	}
	if cost > maxBcryptCost {
		return "", fmt.Errorf("bcrypt's cost %d is above %d", cost, maxBcryptCost)
	}
	return bcryptHash(s), nil
}

// fits compares the password byte for byte. One that is longer than what bcrypt
// looks at never fits: anything that begins like it would. Its owner sets a new
// one by mail.
func (h bcryptHash) fits(_ *Passwords, password string) bool {
	tooLong := len(password) > maxBcryptBytes
	err := bcrypt.CompareHashAndPassword([]byte(h), []byte(password[:min(len(password), maxBcryptBytes)]))
	return err == nil && !tooLong
}

func (bcryptHash) weaker(*Passwords) bool { return true }
