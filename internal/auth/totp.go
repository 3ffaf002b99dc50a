package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// Codes of an app (RFC 6238) in the one form that all apps know: HMAC-SHA-1, six
// digits, a new code every 30 seconds. SHA-1 is sound under HMAC (RFC 6238 1.2
// names it first), and several apps ignore a request for another one.
const (
	totpSecretLen = 20 // as long as the hash (RFC 4226 4, R6)
	totpStep      = 30 // seconds
	totpSkew      = 1  // steps that clocks may differ (RFC 6238 5.2)
	totpDigits    = 6
)

func newTOTPSecret() []byte {
	secret := make([]byte, totpSecretLen)
	rand.Read(secret)
	return secret
}

// totpCode is the code of a time step (RFC 4226 5.3).
func totpCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%0*d", totpDigits, (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// matchTOTP finds the time step that the code is of: this one, the one before or
// the one after, and later than last, whose code was taken already.
func matchTOTP(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	current := now.Unix() / totpStep
	for candidate := current - totpSkew; candidate <= current+totpSkew; candidate++ {
		if subtle.ConstantTimeCompare([]byte(totpCode(secret, candidate)), []byte(code)) == 1 && candidate > last {
			step, ok = candidate, true
		}
	}
	return step, ok
}

func totpText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// totpURI is what apps read from a QR code (the key URI format of Google
// Authenticator, which all of them took over).
func totpURI(secret []byte, issuer, account string) string {
	query := url.Values{
		"secret": {totpText(secret)}, "issuer": {issuer},
		"algorithm": {"SHA1"}, "digits": {fmt.Sprint(totpDigits)}, "period": {fmt.Sprint(totpStep)},
	}
	return (&url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: query.Encode()}).String()
}
