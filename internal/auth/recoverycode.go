package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"strings"

	"github.com/google/uuid"
)

const (
	recoveryCodes  = 10
	recoveryLen    = 16 // letters of five bits: 80 bits, which nobody guesses online or off
	recoveryGroups = 4
)

// newRecoveryCodes gives ten codes such as "7k2m-9xw4-pq8r-tv3w", shown once.
func newRecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		raw := make([]byte, recoveryLen)
		rand.Read(raw)
		var b strings.Builder
		for j, r := range raw {
			if j > 0 && j%(recoveryLen/recoveryGroups) == 0 {
				b.WriteByte('-')
			}
			b.WriteByte(onetimeAlphabet[int(r)%len(onetimeAlphabet)])
		}
		codes[i] = b.String()
	}
	return codes
}

// hashRecoveryCode is what is stored of a code: keyed, so that the database
// alone cannot be searched, and of its owner, so that a row moved to another
// account is worth nothing. Case, blanks and dashes do not count, and letters
// that are not in the alphabet are read as what they look like.
func hashRecoveryCode(key Secret, owner uuid.UUID, code string) []byte {
	code = strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(code))
	mac := hmac.New(sha256.New, key.Reveal())
	mac.Write(owner[:])
	mac.Write([]byte(code))
	return mac.Sum(nil)
}
