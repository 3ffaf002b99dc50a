package auth

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"
)

func decodeJSON(t testing.TB, segment string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// forgery is a token in the making. It begins as a good one, so that each case
// differs from a good one in what it says and nothing else.
type forgery struct {
	t      testing.TB
	key    ed25519.PrivateKey
	header map[string]any
	claims map[string]any
}

func newForgery(t testing.TB) *forgery {
	keys := testKeys(t).Tokens
	return &forgery{
		t: t, key: keys.private(),
		header: map[string]any{"alg": "EdDSA", "typ": "at+jwt", "kid": keys.active},
		claims: map[string]any{
			"iss": testIssuer, "aud": testAudience, "sub": testSubject.String(), "sid": testSession.String(),
			"jti": TokenID{7}.String(), "iat": testNow.Unix(), "nbf": testNow.Unix(), "exp": testNow.Add(testTTL).Unix(),
			"auth_time": testNow.Add(-time.Hour).Unix(), "amr": []string{"pwd"}, "ver": 3,
		},
	}
}

func (f *forgery) text() string {
	header, errHeader := json.Marshal(f.header)
	claims, errClaims := json.Marshal(f.claims)
	if errHeader != nil || errClaims != nil {
		f.t.Fatal(errHeader, errClaims)
	}
	return b64(string(header)) + "." + b64(string(claims))
}

func (f *forgery) sign() string { return signText(f.key, f.text()) }

func signText(key ed25519.PrivateKey, text string) string {
	return text + "." + b64(string(ed25519.Sign(key, []byte(text))))
}

// with signs a good token with the claim changed; nil takes it away.
func with(claim string, value any) func(*forgery) string {
	return func(f *forgery) string { set(f.claims, claim, value); return f.sign() }
}

// header does so with a field of the header.
func header(field string, value any) func(*forgery) string {
	return func(f *forgery) string { set(f.header, field, value); return f.sign() }
}

func set(m map[string]any, key string, value any) {
	m[key] = value
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
}

func hmacToken(alg string, key []byte) func(*forgery) string {
	return func(f *forgery) string {
		f.header["alg"] = alg
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(f.text()))
		return f.text() + "." + b64(string(mac.Sum(nil)))
	}
}

func rawHeader(f *forgery, header string) string {
	_, claims, _ := strings.Cut(f.text(), ".")
	return signText(f.key, b64(header)+"."+claims)
}

func rawClaims(f *forgery, before, after string) string {
	raw, err := json.Marshal(f.claims)
	if err != nil || !strings.Contains(string(raw), before) {
		f.t.Fatal(err, string(raw))
	}
	header, _, _ := strings.Cut(f.text(), ".")
	return signText(f.key, header+"."+b64(strings.Replace(string(raw), before, after, 1)))
}

// nextLetter is the letter after, which at the end of a segment differs in
// bits that decode to nothing.
func nextLetter(c byte) string {
	at := strings.IndexByte(tokenLetters, c)
	return string(tokenLetters[(at+1)%len(tokenLetters)])
}

// notReduced adds the order of the group to the second half of a signature: it
// satisfies the equation of the signature, and a lax check takes it.
func notReduced(f *forgery) string {
	order := []byte{
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	}
	signature := ed25519.Sign(f.key, []byte(f.text()))
	carry := 0
	for i, b := range order {
		sum := int(signature[32+i]) + int(b) + carry
		signature[32+i], carry = byte(sum), sum>>8
	}
	return f.text() + "." + b64(string(signature))
}

// standardAlphabet spells the signature in the other base64.
func standardAlphabet(f *forgery) string {
	for f.claims["ver"] = 3; ; f.claims["ver"] = f.claims["ver"].(int) + 1 {
		token := f.sign()
		at := strings.LastIndex(token, ".")
		if strings.ContainsAny(token[at:], "-_") {
			return token[:at] + strings.NewReplacer("-", "+", "_", "/").Replace(token[at:])
		}
	}
}
