package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clinicgraph/internal/fault"
)

// cheap are the least costs that are within bounds: tests hash a lot.
var cheap = Params{MemoryKiB: 8, Time: 1, Threads: 1, Slots: 2}

func testPepper() []byte { return []byte("pepper-of-the-tests-0123456789abcdef") }

func cheapPasswords() *Passwords { return NewPasswords(testPepper(), cheap) }

const goodPassword = "correct horse battery"

func mustHash(t *testing.T, w *Passwords, password string) string {
	t.Helper()
	stored, err := w.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func TestVerifyAcceptsOnlyThePasswordThatWasHashed(t *testing.T) {
	w := cheapPasswords()
	stored := mustHash(t, w, goodPassword)
	for password, want := range map[string]bool{
		goodPassword:                  true,
		goodPassword + " ":            false,
		strings.ToUpper(goodPassword): false,
		goodPassword[1:]:              false,
		"":                            false,
		strings.Repeat("a", 100_000):  false,
	} {
		ok, rehash, err := w.Verify(t.Context(), stored, password)
		if ok != want || rehash || err != nil {
			t.Errorf("Verify(%.30q) = %v, %v, %v, want %v", password, ok, rehash, err, want)
		}
	}
}

func TestEveryPasswordVerifiesAgainstItsOwnHash(t *testing.T) {
	w := cheapPasswords()
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.String().Draw(t, "password")
		stored, err := w.Hash(context.Background(), password)
		if err != nil {
			t.Fatal(err)
		}
		if ok, _, err := w.Verify(context.Background(), stored, password); !ok || err != nil {
			t.Fatalf("Verify = %v, %v", ok, err)
		}
	})
}

func TestComposedAndDecomposedAreOnePassword(t *testing.T) {
	w := cheapPasswords()
	stored := mustHash(t, w, "caf\u00e9 cr\u00e8me br\u00fbl\u00e9e")
	ok, _, err := w.Verify(t.Context(), stored, "cafe\u0301 cre\u0300me bru\u0302le\u0301e")
	if !ok || err != nil {
		t.Errorf("Verify = %v, %v", ok, err)
	}
}

func TestHashesOfOnePasswordDiffer(t *testing.T) {
	w := cheapPasswords()
	if a, b := mustHash(t, w, goodPassword), mustHash(t, w, goodPassword); a == b {
		t.Error("two hashes with the same salt")
	}
}

func TestDefaultsAreTheDocumentedOnes(t *testing.T) {
	w := NewPasswords(testPepper(), Params{})
	got := w.blank().String()
	if want := "$argon2id$v=19$m=19456,t=2,p=1,kid=" + w.kid + "$"; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s...", got, want)
	}
	if p := w.params; p.SaltLen != 16 || p.TagLen != 32 || p.Slots < 1 || p.Slots > 16 {
		t.Errorf("params %+v", p)
	}
}

// A stored hash of an earlier version must verify for ever: this one pins the
// format, the pepper's mixing and argon2 itself.
func TestStoredHashOfAnEarlierVersionStillVerifies(t *testing.T) {
	const stored = "$argon2id$v=19$m=8,t=1,p=1,kid=0362a98b$AAECAwQFBgcICQoLDA0ODw$FBfrTMwFPteD9dzkTONYARfSG+nz5a+7FFKrbMlslAE"
	ok, rehash, err := cheapPasswords().Verify(t.Context(), stored, goodPassword)
	if !ok || rehash || err != nil {
		t.Errorf("Verify = %v, %v, %v", ok, rehash, err)
	}
}

func TestAnotherPepperMakesAHashUnusable(t *testing.T) {
	stored := mustHash(t, cheapPasswords(), goodPassword)
	other := NewPasswords([]byte(strings.Repeat("another pepper ", 4)), cheap)
	ok, _, err := other.Verify(t.Context(), stored, goodPassword)
	if ok || !errors.Is(err, ErrUnusableHash) {
		t.Errorf("Verify = %v, %v", ok, err)
	}
	// Not even with the name of the pepper changed: the tag depends on it.
	ok, _, err = other.Verify(t.Context(), strings.Replace(stored, cheapPasswords().kid, other.kid, 1), goodPassword)
	if ok || err != nil {
		t.Errorf("renamed pepper: Verify = %v, %v", ok, err)
	}
}

func TestAHashOfAFormerPepperFitsAndAsksForARehash(t *testing.T) {
	former := cheapPasswords()
	stored := mustHash(t, former, goodPassword)
	now := NewPasswords([]byte(strings.Repeat("another pepper ", 4)), cheap, []byte(strings.Repeat("a third pepper ", 4)), testPepper())
	if ok, rehash, err := now.Verify(t.Context(), stored, goodPassword); !ok || !rehash || err != nil {
		t.Errorf("Verify = %v, %v, %v", ok, rehash, err)
	}
	if ok, rehash, err := now.Verify(t.Context(), stored, goodPassword+"!"); ok || rehash || err != nil {
		t.Errorf("wrong: Verify = %v, %v, %v", ok, rehash, err)
	}
	if found, err := now.AnyOf(t.Context(), []string{stored}, goodPassword); !found || err != nil {
		t.Errorf("AnyOf = %v, %v", found, err)
	}
	if fresh := mustHash(t, now, goodPassword); now.NeedsRehash(fresh) || !strings.Contains(fresh, "kid="+now.kid) || now.kid == former.kid {
		t.Errorf("made with %s", fresh)
	}
}

func TestAccountsWithoutPasswordNeverMatch(t *testing.T) {
	w := cheapPasswords()
	for _, password := range []string{"", goodPassword} {
		if ok, rehash, err := w.Verify(t.Context(), "", password); ok || rehash || err != nil {
			t.Errorf("Verify(no hash, %q) = %v, %v, %v", password, ok, rehash, err)
		}
		if err := w.VerifyDummy(t.Context(), password); err != nil {
			t.Errorf("VerifyDummy: %v", err)
		}
	}
}

// What is too long to have been set is checked as "", which is a password, too.
func TestATooLongPasswordMatchesNothing(t *testing.T) {
	w := cheapPasswords()
	ok, _, err := w.Verify(t.Context(), mustHash(t, w, ""), strings.Repeat("a", maxRawBytes+1))
	if ok || err != nil {
		t.Errorf("Verify = %v, %v", ok, err)
	}
}

func TestWeakerHashesAskForARehash(t *testing.T) {
	strong := Params{MemoryKiB: 32, Time: 2, Threads: 2, SaltLen: 16, TagLen: 32, Slots: 1}
	today := NewPasswords(testPepper(), strong)
	for name, c := range map[string]struct {
		params Params
		want   bool
	}{
		"same":          {strong, false},
		"stronger":      {Params{MemoryKiB: 64, Time: 3, Threads: 3, SaltLen: 32, TagLen: 64}, false},
		"less memory":   {Params{MemoryKiB: 31, Time: 2, Threads: 2}, true},
		"fewer passes":  {Params{MemoryKiB: 32, Time: 1, Threads: 2}, true},
		"fewer threads": {Params{MemoryKiB: 32, Time: 2, Threads: 1}, true},
		"shorter salt":  {Params{MemoryKiB: 32, Time: 2, Threads: 2, SaltLen: 15}, true},
		"shorter tag":   {Params{MemoryKiB: 32, Time: 2, Threads: 2, TagLen: 31}, true},
	} {
		stored := mustHash(t, NewPasswords(testPepper(), c.params), goodPassword)
		if got := today.NeedsRehash(stored); got != c.want {
			t.Errorf("%s: NeedsRehash = %v", name, got)
		}
		ok, rehash, err := today.Verify(t.Context(), stored, goodPassword)
		if !ok || rehash != c.want || err != nil {
			t.Errorf("%s: Verify = %v, %v, %v", name, ok, rehash, err)
		}
		// A wrong guess must not have the hash replaced by its own.
		if ok, rehash, _ := today.Verify(t.Context(), stored, "wrong"); ok || rehash {
			t.Errorf("%s: wrong password: Verify = %v, %v", name, ok, rehash)
		}
	}
	if !today.NeedsRehash("") || !today.NeedsRehash("$2a$10$abcdefghijklmnopqrstuv") {
		t.Error("an unusable hash needs none")
	}
}

func TestUnusableHashesNeverMatchAndSayWhy(t *testing.T) {
	w := cheapPasswords()
	const salt, tag = "AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	mk := func(params, salt, tag string) string {
		return "$argon2id$v=19$" + params + ",kid=" + w.kid + "$" + salt + "$" + tag
	}
	if _, err := w.parse(mk("m=8,t=1,p=1", salt, tag)); err != nil {
		t.Fatalf("the pattern of all cases is refused: %v", err)
	}
	for name, stored := range map[string]string{
		"memory above 64 MiB":   mk("m=65537,t=1,p=1", salt, tag),
		"memory of terabytes":   mk("m=4294967295,t=1,p=1", salt, tag),
		"memory too large":      mk("m=4294967296,t=1,p=1", salt, tag),
		"memory below 8p":       mk("m=8,t=1,p=2", salt, tag),
		"passes above 10":       mk("m=8,t=11,p=1", salt, tag),
		"no pass":               mk("m=8,t=0,p=1", salt, tag),
		"threads above 4":       mk("m=64,t=1,p=5", salt, tag),
		"no thread":             mk("m=8,t=1,p=0", salt, tag),
		"threads too large":     mk("m=8,t=1,p=257", salt, tag),
		"negative":              mk("m=-8,t=1,p=1", salt, tag),
		"leading zero":          mk("m=08,t=1,p=1", salt, tag),
		"plus sign":             mk("m=+8,t=1,p=1", salt, tag),
		"other order":           mk("t=1,m=8,p=1", salt, tag),
		"parameter missing":     mk("m=8,t=1", salt, tag),
		"parameter twice":       mk("m=8,m=8,t=1,p=1", salt, tag),
		"no tag":                mk("m=8,t=1,p=1", salt, ""),
		"short tag":             mk("m=8,t=1,p=1", salt, "AAAA"),
		"long tag":              mk("m=8,t=1,p=1", salt, strings.Repeat("AAAA", 22)),
		"short salt":            mk("m=8,t=1,p=1", "AAAA", tag),
		"padded":                mk("m=8,t=1,p=1", salt+"==", tag),
		"loose bits":            mk("m=8,t=1,p=1", salt[:21]+"x", tag),
		"line break":            mk("m=8,t=1,p=1", salt, tag[:4]+"\n"+tag[4:]),
		"base64url":             mk("m=8,t=1,p=1", salt, strings.Repeat("_", 43)),
		"trailing part":         mk("m=8,t=1,p=1", salt, tag) + "$x",
		"very long":             mk("m=8,t=1,p=1", salt, tag) + strings.Repeat("A", 1000),
		"argon2i":               "$argon2i$v=19$m=8,t=1,p=1,kid=" + w.kid + "$" + salt + "$" + tag,
		"old version of argon2": "$argon2id$v=16$m=8,t=1,p=1,kid=" + w.kid + "$" + salt + "$" + tag,
		"without version":       "$argon2id$m=8,t=1,p=1,kid=" + w.kid + "$" + salt + "$" + tag,
		"without pepper":        "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$" + tag,
		"empty pepper":          "$argon2id$v=19$m=8,t=1,p=1,kid=$" + salt + "$" + tag,
		"bcrypt, cut off":       "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhW",
		"bcrypt, too dear":      "$2a$15$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"clear text":            goodPassword,
	} {
		ok, rehash, err := w.Verify(t.Context(), stored, goodPassword)
		if ok || rehash || !errors.Is(err, ErrUnusableHash) {
			t.Errorf("%s: Verify = %v, %v, %v", name, ok, rehash, err)
		}
		if err != nil && strings.Contains(err.Error(), tag[4:20]) {
			t.Errorf("%s: the error shows the hash: %v", name, err)
		}
	}
}

func TestHashRefusesWhatNoPolicyAllows(t *testing.T) {
	_, err := cheapPasswords().Hash(t.Context(), strings.Repeat("a", maxRawBytes+1))
	if fault.CodeOf(err) != fault.CodeBadUserInput {
		t.Errorf("got %v", err)
	}
}

func TestWrongWiringPanics(t *testing.T) {
	for name, make := range map[string]func(){
		"short pepper":    func() { NewPasswords([]byte("short"), cheap) },
		"no pepper":       func() { NewPasswords(nil, cheap) },
		"too much memory": func() { NewPasswords(testPepper(), Params{MemoryKiB: 64*1024 + 1}) },
		"short tag":       func() { NewPasswords(testPepper(), Params{TagLen: 8}) },
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

func TestPrintingPasswordsDoesNotShowThePepper(t *testing.T) {
	w := cheapPasswords()
	for _, verb := range []string{"%v", "%+v", "%#v", "%d", "%x", "%s"} {
		for _, shown := range []string{fmt.Sprintf(verb, w), fmt.Sprintf(verb, *w)} {
			for _, leak := range []string{"pepper-of", fmt.Sprintf("%x", "pepper-of"), "112 101 112 112 101 114"} {
				if strings.Contains(shown, leak) {
					t.Errorf("%s shows the pepper: %s", verb, shown)
				}
			}
		}
	}
}
