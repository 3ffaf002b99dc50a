package auth

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var (
	testNow     = time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)
	testSubject = uuid.MustParse("0196f0a0-0000-8000-8000-000000000001")
	testSession = uuid.MustParse("0196f0a0-0000-8000-8000-000000000002")
)

const (
	testIssuer   = "https://clinic.example"
	testAudience = "clinicgraph"
	testTTL      = 10 * time.Minute
)

func tokensAt(t testing.TB, now time.Time) *Tokens {
	t.Helper()
	return NewTokens(testKeys(t).Tokens, testIssuer, testAudience, testTTL, func() time.Time { return now })
}

func testClaims() Claims {
	return Claims{
		Subject: testSubject, Session: testSession, Version: 3,
		AuthTime: testNow.Add(-time.Hour), AMR: []string{"pwd", "otp"},
	}
}

func mustIssue(t testing.TB, tokens *Tokens, c Claims) string {
	t.Helper()
	token, _, err := tokens.Issue(c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestVerifyGivesBackWhatWasIssued(t *testing.T) {
	tokens := tokensAt(t, testNow)
	want := testClaims()
	want.ID = TokenID{1, 2, 3}
	token, expires, err := tokens.Issue(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tokens.Verify(token)
	if err != nil {
		t.Fatal(err)
	}
	want.AuthTime = want.AuthTime.Truncate(time.Second)
	want.IssuedAt = testNow.Truncate(time.Second)
	want.ExpiresAt = want.IssuedAt.Add(testTTL)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !expires.Equal(want.ExpiresAt) {
		t.Errorf("expires %s, want %s", expires, want.ExpiresAt)
	}
}

func TestEveryTokenHasItsOwnID(t *testing.T) {
	tokens := tokensAt(t, testNow)
	seen := map[TokenID]bool{{}: true}
	for range 50 {
		c, err := tokens.Verify(mustIssue(t, tokens, testClaims()))
		if err != nil || seen[c.ID] {
			t.Fatalf("id %s, %v", c.ID, err)
		}
		seen[c.ID] = true
	}
}

func TestATokenIsGoodFromLeewayBeforeToLeewayAfter(t *testing.T) {
	token := mustIssue(t, tokensAt(t, testNow), testClaims())
	issued := testNow.Truncate(time.Second)
	for _, c := range []struct {
		at   time.Time
		good bool
	}{
		{issued.Add(-tokenLeeway - time.Nanosecond), false},
		{issued.Add(-tokenLeeway), true},
		{issued, true},
		{issued.Add(testTTL), true},
		{issued.Add(testTTL + tokenLeeway - time.Nanosecond), true},
		{issued.Add(testTTL + tokenLeeway), false},
		{issued.Add(time.Hour), false},
	} {
		_, err := tokensAt(t, c.at).Verify(token)
		if (err == nil) != c.good {
			t.Errorf("at %s: %v, want good: %v", c.at.Sub(issued), err, c.good)
		}
		if err != nil {
			wantUnauthenticated(t, err)
		}
	}
}

func TestKeysThatHaveSignedUntilLatelyAreAccepted(t *testing.T) {
	old := testKeys(t).Tokens
	token := mustIssue(t, tokensAt(t, testNow), testClaims())
	fresh := ed25519.NewKeyFromSeed([]byte("a fresh seed of thirty-two bytes"))
	now := func() time.Time { return testNow }
	rotated := NewTokens(NewKeySet(fresh, old.public[old.active]), testIssuer, testAudience, testTTL, now)
	if _, err := rotated.Verify(token); err != nil {
		t.Errorf("token of the retired key: %v", err)
	}
	if _, err := rotated.Verify(mustIssue(t, rotated, testClaims())); err != nil {
		t.Errorf("token of the new key: %v", err)
	}
	_, err := NewTokens(NewKeySet(fresh), testIssuer, testAudience, testTTL, now).Verify(token)
	wantUnauthenticated(t, err)
}

func TestIssueRefusesIncompleteClaims(t *testing.T) {
	for name, change := range map[string]func(*Claims){
		"no subject":            func(c *Claims) { c.Subject = uuid.Nil },
		"no session":            func(c *Claims) { c.Session = uuid.Nil },
		"no auth time":          func(c *Claims) { c.AuthTime = time.Time{} },
		"auth time to come":     func(c *Claims) { c.AuthTime = testNow.Add(time.Minute) },
		"no method":             func(c *Claims) { c.AMR = nil },
		"negative token epoch":  func(c *Claims) { c.Version = -1 },
		"auth time before 1970": func(c *Claims) { c.AuthTime = time.Unix(-1, 0) },
	} {
		c := testClaims()
		change(&c)
		if token, _, err := tokensAt(t, testNow).Issue(c); err == nil || token != "" {
			t.Errorf("%s: issued", name)
		}
	}
}

func TestATokenHoldsNoRightsAndNoPersonalData(t *testing.T) {
	token := mustIssue(t, tokensAt(t, testNow), testClaims())
	parts := strings.Split(token, ".")
	header, payload := decodeJSON(t, parts[0]), decodeJSON(t, parts[1])
	if diff := cmp.Diff(map[string]any{"alg": "EdDSA", "typ": "at+jwt", "kid": testKeys(t).Tokens.ActiveID()}, header); diff != "" {
		t.Error(diff)
	}
	delete(payload, "jti")
	want := map[string]any{
		"iss": testIssuer, "aud": testAudience, "sub": testSubject.String(), "sid": testSession.String(),
		"iat": 1772600767.0, "nbf": 1772600767.0, "exp": 1772601367.0, "auth_time": 1772597167.0,
		"amr": []any{"pwd", "otp"}, "ver": 3.0,
	}
	if diff := cmp.Diff(want, payload); diff != "" {
		t.Error(diff)
	}
}

func TestTokensAreNotMadeWithoutTheirChecks(t *testing.T) {
	keys, now := testKeys(t).Tokens, func() time.Time { return testNow }
	for name, make := range map[string]func(){
		"no key":      func() { NewTokens(KeySet{}, testIssuer, testAudience, testTTL, now) },
		"no issuer":   func() { NewTokens(keys, "", testAudience, testTTL, now) },
		"no audience": func() { NewTokens(keys, testIssuer, "", testTTL, now) },
		"no ttl":      func() { NewTokens(keys, testIssuer, testAudience, 0, now) },
		"no clock":    func() { NewTokens(keys, testIssuer, testAudience, testTTL, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			make()
		}()
	}
}

// The key could not check another algorithm either; but it must not be asked.
func TestOtherAlgorithmsAreRefusedBeforeAnyKeyIsAsked(t *testing.T) {
	for _, alg := range []string{"none", "HS256", "RS256", "ES256"} {
		_, err := tokensAt(t, testNow).Verify(header("alg", alg)(newForgery(t)))
		if err == nil || !strings.Contains(err.Error(), "signing method "+alg+" is invalid") {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

// BenchmarkVerify is a token that is met for the first time, and one that is known.
func BenchmarkVerify(b *testing.B) {
	tokens := tokensAt(b, testNow)
	token := mustIssue(b, tokens, testClaims())
	for name, fresh := range map[string]bool{"first": true, "known": false} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if fresh {
					tokens.verified.cache.InvalidateAll()
				}
				if _, err := tokens.Verify(token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestATokenEndsWithItsSession(t *testing.T) {
	for name, c := range map[string]struct{ session, want time.Duration }{
		"long before the token would": {time.Minute, time.Minute},
		"a fraction before it would":  {testTTL - time.Millisecond, testTTL - time.Second},
		"with it":                     {testTTL, testTTL},
		"after it":                    {time.Hour, testTTL},
		"within this second":          {time.Millisecond, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			claims := testClaims()
			claims.ExpiresAt = testNow.Truncate(time.Second).Add(c.session)
			_, expires, err := tokensAt(t, testNow).Issue(claims)
			if err != nil || !expires.Equal(testNow.Truncate(time.Second).Add(c.want)) {
				t.Errorf("expires %s, %v", expires, err)
			}
		})
	}
}
