package auth

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// known is a token that has been verified, on a clock that can be set.
func known(t *testing.T) (tokens *Tokens, token string, clock *time.Time) {
	t.Helper()
	at := testNow
	clock = &at
	tokens = NewTokens(testKeys(t).Tokens, testIssuer, testAudience, testTTL, func() time.Time { return at })
	token = mustIssue(t, tokens, testClaims())
	first, err := tokens.Verify(token)
	if err != nil {
		t.Fatal(err)
	}
	again, err := tokens.Verify(token)
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Fatalf("%v %s", err, diff)
	}
	return tokens, token, clock
}

func TestAKnownTokenIsGoodFromLeewayBeforeToLeewayAfter(t *testing.T) {
	tokens, token, clock := known(t)
	issued := testNow.Truncate(time.Second)
	for _, c := range []struct {
		at   time.Time
		good bool
	}{
		{issued.Add(testTTL + tokenLeeway - time.Nanosecond), true},
		{issued.Add(testTTL + tokenLeeway), false},
		{issued, true},
		{issued.Add(-tokenLeeway), true},
		{issued.Add(-tokenLeeway - time.Nanosecond), false},
		{issued.Add(testTTL), true},
		{issued.Add(time.Hour), false},
	} {
		*clock = c.at
		_, err := tokens.Verify(token)
		if (err == nil) != c.good {
			t.Errorf("at %s: %v, want good: %v", c.at.Sub(issued), err, c.good)
		}
		if err != nil {
			wantUnauthenticated(t, err)
		}
	}
}

func TestAKnownTokenEndsWithItsKey(t *testing.T) {
	tokens, token, _ := known(t)
	old := testKeys(t).Tokens
	fresh := ed25519.NewKeyFromSeed([]byte("a fresh seed of thirty-two bytes"))
	tokens.use(NewKeySet(fresh, old.public[old.active]))
	if _, err := tokens.Verify(token); err != nil {
		t.Errorf("its key has ceased to sign and is still accepted: %v", err)
	}
	withdrawn := NewKeySet(fresh)
	tokens.use(withdrawn)
	_, err := tokens.Verify(token)
	wantUnauthenticated(t, err)
	// Another key under the same name is another key.
	withdrawn.public[old.active] = fresh.Public().(ed25519.PublicKey)
	tokens.use(withdrawn)
	_, err = tokens.Verify(token)
	wantUnauthenticated(t, err)
}

func TestEveryLetterOfAKnownTokenCounts(t *testing.T) {
	tokens, token, _ := known(t)
	for i := range token {
		other := byte('A')
		if token[i] == other {
			other = 'B'
		}
		if _, err := tokens.Verify(token[:i] + string(other) + token[i+1:]); err == nil {
			t.Errorf("letter %d may be another one", i)
		}
	}
	for _, almost := range []string{token + "\n", " " + token, token + "=", strings.ToLower(token), token[:len(token)-1]} {
		_, err := tokens.Verify(almost)
		wantUnauthenticated(t, err)
	}
}

func TestBadTokensAreNotRemembered(t *testing.T) {
	tokens, token, _ := known(t)
	if _, err := tokens.Verify(token[:len(token)-4] + "AAAA"); err == nil {
		t.Fatal("it is good")
	}
	if n := tokens.verified.cache.EstimatedSize(); n != 1 {
		t.Errorf("%d tokens are remembered, want the good one alone", n)
	}
}
