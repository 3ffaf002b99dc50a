package auth

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/google/uuid"
)

func TestRecoveryCodesAreTenAndAllDifferent(t *testing.T) {
	form := regexp.MustCompile(`^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$`)
	seen := map[string]bool{}
	for _, code := range append(newRecoveryCodes(), newRecoveryCodes()...) {
		if !form.MatchString(code) || seen[code] {
			t.Errorf("%q", code)
		}
		seen[code] = true
	}
	if len(seen) != 2*recoveryCodes {
		t.Errorf("%d codes", len(seen))
	}
}

func TestARecoveryCodeIsKnownHoweverItIsTyped(t *testing.T) {
	key, owner := testSecret(t, 1), uuid.New()
	stored := hashRecoveryCode(key, owner, "7k20-9xw1-pq8r-tv3w")
	for _, typed := range []string{"7K20-9XW1-PQ8R-TV3W", "7k209xw1pq8rtv3w", " 7k2O 9xwI pq8r tv3w ", "7k2o-9xwl-pq8r-tv3w"} {
		if !bytes.Equal(hashRecoveryCode(key, owner, typed), stored) {
			t.Errorf("%q is another code", typed)
		}
	}
	for name, other := range map[string][]byte{
		"another code":  hashRecoveryCode(key, owner, "7k20-9xw1-pq8r-tv3x"),
		"another owner": hashRecoveryCode(key, uuid.New(), "7k20-9xw1-pq8r-tv3w"),
		"another key":   hashRecoveryCode(testSecret(t, 2), owner, "7k20-9xw1-pq8r-tv3w"),
	} {
		if bytes.Equal(other, stored) {
			t.Error(name + " has the same hash")
		}
	}
}

func testSecret(t *testing.T, fill byte) Secret {
	t.Helper()
	s, err := NewSecret(bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
