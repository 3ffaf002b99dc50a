package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Bounds of a stored hash. A row that asks for more would break the memory
// budget of the slots; one with a short tag would match by chance.
const (
	maxMemoryKiB = 64 * 1024
	maxTime      = 10
	maxThreads   = 4
	minSaltLen   = 8
	minTagLen    = 16
	maxFieldLen  = 64
	maxPHCLen    = 512
)

var phcBase64 = base64.RawStdEncoding

// phc is a stored password hash in the PHC string format:
//
//	$argon2id$v=19$m=19456,t=2,p=1,kid=0a1b2c3d$<salt>$<tag>
//
// kid names the pepper that the password was mixed with. Salt and tag are
// unpadded standard base64.
type phc struct {
	memoryKiB uint32
	time      uint32
	threads   uint8
	kid       string
	salt, tag []byte
}

func (h phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d,kid=%s$%s$%s", argon2.Version,
		h.memoryKiB, h.time, h.threads, h.kid,
		phcBase64.EncodeToString(h.salt), phcBase64.EncodeToString(h.tag))
}

// matches spends the work of the hash on the peppered password. The time does
// not depend on where the tags differ.
func (h phc) matches(peppered []byte) bool {
	got := argon2.IDKey(peppered, h.salt, h.time, h.memoryKiB, h.threads, uint32(len(h.tag)))
	return subtle.ConstantTimeCompare(got, h.tag) == 1
}

// parsePHC reads a stored hash and refuses one out of bounds. There is exactly
// one spelling of each hash. Errors never hold the hash.
func parsePHC(s string) (phc, error) {
	if len(s) > maxPHCLen {
		return phc{}, errors.New("longer than a hash can be")
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return phc{}, errors.New("not an argon2id hash")
	}
	params := strings.Split(parts[3], ",")
	if len(params) != 4 {
		return phc{}, errors.New("parameters are not m, t, p, kid")
	}
	m, errM := number(params[0], "m=", 32)
	t, errT := number(params[1], "t=", 32)
	p, errP := number(params[2], "p=", 8)
	kid, hasKid := strings.CutPrefix(params[3], "kid=")
	salt, errSalt := phcBase64.DecodeString(parts[4])
	tag, errTag := phcBase64.DecodeString(parts[5])
	if err := errors.Join(errM, errT, errP, errSalt, errTag); err != nil || !hasKid {
		return phc{}, errors.New("parameters, salt or tag are malformed")
	}
	h := phc{memoryKiB: uint32(m), time: uint32(t), threads: uint8(p), kid: kid, salt: salt, tag: tag}
	if h.String() != s {
		return phc{}, errors.New("not in canonical form")
	}
	return h, h.bounds()
}

func (h phc) bounds() error {
	switch {
	case h.threads < 1 || h.threads > maxThreads:
		return fmt.Errorf("p=%d is outside 1..%d", h.threads, maxThreads)
	case h.time < 1 || h.time > maxTime:
		return fmt.Errorf("t=%d is outside 1..%d", h.time, maxTime)
	case h.memoryKiB < 8*uint32(h.threads) || h.memoryKiB > maxMemoryKiB:
		return fmt.Errorf("m=%d is outside %d..%d KiB", h.memoryKiB, 8*h.threads, maxMemoryKiB)
	case len(h.salt) < minSaltLen || len(h.salt) > maxFieldLen:
		return fmt.Errorf("a salt of %d bytes is outside %d..%d", len(h.salt), minSaltLen, maxFieldLen)
	case len(h.tag) < minTagLen || len(h.tag) > maxFieldLen:
		return fmt.Errorf("a tag of %d bytes is outside %d..%d", len(h.tag), minTagLen, maxFieldLen)
	}
	return nil
}

func number(s, prefix string, bits int) (uint64, error) {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return 0, errors.New("parameter is missing")
	}
	return strconv.ParseUint(digits, 10, bits)
}
