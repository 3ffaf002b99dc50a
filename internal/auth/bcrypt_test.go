package auth

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

func bcrypted(t *testing.T, password string) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

func TestImportedHashesFitAndAreReplaced(t *testing.T) {
	w := cheapPasswords()
	long := strings.Repeat("é", 36) // 72 bytes
	for name, c := range map[string]struct {
		stored, password string
		want             bool
	}{
		"right":                 {bcrypted(t, goodPassword), goodPassword, true},
		"2y":                    {strings.Replace(bcrypted(t, goodPassword), "$2a$", "$2y$", 1), goodPassword, true},
		"wrong":                 {bcrypted(t, goodPassword), goodPassword + "x", false},
		"as long as it may be":  {bcrypted(t, long), long, true},
		"longer than looked at": {bcrypted(t, long), long + "x", false},
		"far too long":          {bcrypted(t, goodPassword), strings.Repeat("a", 100_000), false},
	} {
		ok, rehash, err := w.Verify(t.Context(), c.stored, c.password)
		if ok != c.want || rehash != c.want || err != nil {
			t.Errorf("%s: Verify = %v, %v, %v, want %v", name, ok, rehash, err, c.want)
		}
	}
}

func TestAFormerPasswordIsFoundAmongAllKindsOfHashes(t *testing.T) {
	w := cheapPasswords()
	stored := []string{"", "nonsense", mustHash(t, w, "the first of them"), bcrypted(t, goodPassword)}
	for password, want := range map[string]bool{goodPassword: true, "the first of them": true, "": false, "another": false} {
		found, err := w.AnyOf(t.Context(), stored, password)
		if found != want || err != nil {
			t.Errorf("AnyOf(%q) = %v, %v", password, found, err)
		}
	}
}
