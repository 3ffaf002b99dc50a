package seal

import (
	"bytes"
	"testing"
)

func key(t *testing.T, secret byte, purpose string) *Key {
	t.Helper()
	k, err := New(bytes.Repeat([]byte{secret}, minSecret), purpose)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestOpenGivesBackWhatWasSealed(t *testing.T) {
	k := key(t, 1, "a")
	for _, plain := range []string{"", "x", "a link that opens an account"} {
		sealed := k.Seal([]byte(plain), "row 1")
		if got, err := k.Open(sealed, "row 1"); err != nil || string(got) != plain {
			t.Errorf("%q: %q, %v", plain, got, err)
		}
		if plain != "" && bytes.Contains(sealed, []byte(plain)) {
			t.Errorf("%q can be read", plain)
		}
	}
	if bytes.Equal(k.Seal([]byte("x"), ""), k.Seal([]byte("x"), "")) {
		t.Error("the same value is sealed alike twice")
	}
}

func TestOpenRefusesWhatIsNotOfItsKeyAndPlace(t *testing.T) {
	k := key(t, 1, "a")
	sealed := k.Seal([]byte("value"), "row 1")
	for name, open := range map[string]func() ([]byte, error){
		"another secret":  func() ([]byte, error) { return key(t, 2, "a").Open(sealed, "row 1") },
		"another purpose": func() ([]byte, error) { return key(t, 1, "b").Open(sealed, "row 1") },
		"another row":     func() ([]byte, error) { return k.Open(sealed, "row 2") },
		"nothing":         func() ([]byte, error) { return k.Open(nil, "row 1") },
		"an end missing":  func() ([]byte, error) { return k.Open(sealed[:len(sealed)-1], "row 1") },
		"too short":       func() ([]byte, error) { return k.Open(sealed[:overhead-1], "row 1") },
	} {
		if got, err := open(); err == nil {
			t.Errorf("%s: opened as %q", name, got)
		}
	}
	for i := range sealed {
		forged := bytes.Clone(sealed)
		forged[i] ^= 1
		if _, err := k.Open(forged, "row 1"); err == nil {
			t.Errorf("byte %d changed: opened", i)
		}
	}
}

func TestWhatAFormerSecretSealedOpensAndIsSealedAnew(t *testing.T) {
	secret := func(b byte) []byte { return bytes.Repeat([]byte{b}, minSecret) }
	former := key(t, 1, "a")
	now, err := New(secret(2), "a", secret(3), secret(1))
	if err != nil {
		t.Fatal(err)
	}
	old := former.Seal([]byte("value"), "row 1")
	if got, err := now.Open(old, "row 1"); err != nil || string(got) != "value" {
		t.Errorf("%q, %v", got, err)
	}
	renewed, err := now.Renew(old, "row 1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := key(t, 2, "a").Open(renewed, "row 1"); err != nil || string(got) != "value" {
		t.Errorf("renewed: %q, %v", got, err)
	}
	if again, err := now.Renew(renewed, "row 1"); again != nil || err != nil {
		t.Errorf("renewed twice: %v, %v", again, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another row":     func() ([]byte, error) { return now.Open(old, "row 2") },
		"another purpose": func() ([]byte, error) { return now.Open(key(t, 1, "b").Seal([]byte("value"), "row 1"), "row 1") },
		"a stranger":      func() ([]byte, error) { return now.Renew(key(t, 4, "a").Seal([]byte("value"), "row 1"), "row 1") },
		"the former one":  func() ([]byte, error) { return former.Open(renewed, "row 1") },
	} {
		if got, err := open(); err == nil {
			t.Errorf("%s: opened as %q", name, got)
		}
	}
	if _, err := New(secret(2), "a", make([]byte, minSecret-1)); err == nil {
		t.Error("made with a former secret that is too short")
	}
}

func TestASecretThatIsTooShortMakesNoKey(t *testing.T) {
	if _, err := New(make([]byte, minSecret-1), "a"); err == nil {
		t.Error("made")
	}
}
