package auth

import (
	"bytes"
	"crypto/sha256"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clinicgraph/internal/fault"
)

func TestRefreshTokensAreFoundByTheirHash(t *testing.T) {
	form := regexp.MustCompile(`^rt_[A-Za-z0-9_-]{43}[A-Za-z0-9_-]{6}$`)
	seen := map[string]bool{}
	for range 100 {
		plain, hash := NewRefreshToken()
		if !form.MatchString(plain) || seen[plain] {
			t.Fatalf("token %q, seen before: %v", plain, seen[plain])
		}
		seen[plain] = true
		got, err := ParseRefreshToken(plain)
		want := sha256.Sum256([]byte(plain))
		if err != nil || !bytes.Equal(got, hash) || !bytes.Equal(hash, want[:]) {
			t.Fatalf("hash %x, parsed %x, %v", hash, got, err)
		}
	}
}

func wantUnauthenticated(t testing.TB, err error) {
	t.Helper()
	e, ok := fault.As(err)
	if !ok || e.Code != fault.CodeUnauthenticated || e.Message != "Please sign in." || e.Fields != nil || e.RetryAfter != 0 {
		t.Errorf("got %+v, want the one UNAUTHENTICATED", err)
	}
}

func TestRefreshTokensThatWereNeverIssuedAreRefused(t *testing.T) {
	plain, _ := NewRefreshToken()
	body := plain[:len(plain)-checksumLen]
	for name, s := range map[string]string{
		"empty":                     "",
		"prefix only":               "rt_",
		"cut off":                   plain[:len(plain)-1],
		"too long":                  plain + "A",
		"megabytes":                 strings.Repeat(plain, 20_000),
		"other prefix":              "at_" + plain[3:],
		"other prefix, summed":      withChecksum("at_" + body[3:]),
		"capital prefix":            "RT_" + plain[3:],
		"without checksum":          body,
		"checksum of another token": body + checksum(body+"x"),
		"blank before":              " " + plain[:len(plain)-1],
		"line end":                  plain[:len(plain)-1] + "\n",
		"line break in the body":    withChecksum("rt_" + strings.Repeat("A", 20) + "\n" + strings.Repeat("A", 22)),
		"padding":                   withChecksum("rt_" + strings.Repeat("A", 42) + "="),
		"loose bits":                withChecksum("rt_" + strings.Repeat("A", 42) + "B"),
		"standard alphabet":         withChecksum("rt_" + strings.Repeat("/", 42) + "A"),
		"not ASCII":                 withChecksum("rt_" + strings.Repeat("A", 41) + "é"),
		"an access token":           "eyJhbGciOiJFZERTQSJ9.e30.c2ln",
	} {
		if hash, err := ParseRefreshToken(s); err == nil || hash != nil {
			t.Errorf("%s: %x", name, hash)
		} else {
			wantUnauthenticated(t, err)
			if len(s) > 10 && strings.Contains(err.Error(), s[3:10]) {
				t.Errorf("%s: the error shows the token", name)
			}
		}
	}
}

func withChecksum(body string) string { return body + checksum(body) }

func TestOneWrongLetterIsSeenBeforeTheDatabase(t *testing.T) {
	plain, _ := NewRefreshToken()
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(plain)-1).Draw(t, "at")
		letter := rapid.Byte().Draw(t, "letter")
		if letter == plain[at] {
			return
		}
		if _, err := ParseRefreshToken(plain[:at] + string([]byte{letter}) + plain[at+1:]); err == nil {
			t.Fatal("accepted")
		}
	})
}

func TestRandomPasswordsAreReadableAndPassThePolicy(t *testing.T) {
	form := regexp.MustCompile(`^([0-9a-hjkmnp-tv-z]{5}-){4}[0-9a-hjkmnp-tv-z]{5}$`)
	letters := map[rune]int{}
	seen := map[string]bool{}
	w := cheapPasswords()
	for range 2000 {
		password := NewRandomPassword()
		if !form.MatchString(password) || seen[password] {
			t.Fatalf("password %q, seen before: %v", password, seen[password])
		}
		seen[password] = true
		if err := w.CheckPolicy(password, "admin", "admin@clinic.example"); err != nil {
			t.Fatal(err)
		}
		for _, r := range password {
			letters[r]++
		}
	}
	// 50,000 letters of 32: 1562 each; a missing or doubled one is far outside.
	for _, r := range onetimeAlphabet {
		if n := letters[r]; n < 1300 || n > 1830 {
			t.Errorf("%c comes %d times", r, n)
		}
	}
	if len(letters) != 33 {
		t.Errorf("%d different letters", len(letters))
	}
}
