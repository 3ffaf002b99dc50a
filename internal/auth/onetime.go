package auth

import (
	"crypto/rand"
	"strings"
)

// onetimeAlphabet has 32 letters and digits, five bits each, without those that
// are read for another one (i, l, o, u).
const onetimeAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const (
	onetimeGroups   = 5
	onetimeGroupLen = 5
)

// NewRandomPassword gives a password of 125 random bits in groups that can be
// read aloud and typed, such as "7k2mq-9xw4p-…": for the first administrator
// and the demo accounts, printed once. It passes the policy.
func NewRandomPassword() string {
	raw := make([]byte, onetimeGroups*onetimeGroupLen)
	rand.Read(raw)
	var b strings.Builder
	for i, r := range raw {
		if i > 0 && i%onetimeGroupLen == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(onetimeAlphabet[int(r)%len(onetimeAlphabet)]) // 256 is a multiple of 32: no bias
	}
	return b.String()
}
