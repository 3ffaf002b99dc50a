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

func TestASecretThatIsTooShortMakesNoKey(t *testing.T) {
	if _, err := New(make([]byte, minSecret-1), "a"); err == nil {
		t.Error("made")
	}
}
