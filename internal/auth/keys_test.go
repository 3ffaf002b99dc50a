package auth

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func testMaster(t testing.TB) Secret {
	t.Helper()
	s, err := NewSecret([]byte("master-secret-of-the-tests-0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testKeys(t testing.TB) Keys {
	t.Helper()
	keys, err := DeriveKeys(testMaster(t))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// Another value here means that an upgrade locks every user out.
func TestDerivedKeysNeverChange(t *testing.T) {
	keys := testKeys(t)
	for name, c := range map[string]struct{ got, want string }{
		"kid":     {keys.Tokens.ActiveID(), "8rliFk3f8KLRg4DFLLwj-VhPT-1sWBMskgEVsGxZlJc"},
		"pepper":  {hex.EncodeToString(keys.Pepper.Reveal()), "8d95f1b6ee9a50d3c0e0700aef84804e569968d70a63cf9d97a0cbce4d6c53c7"},
		"cursor":  {hex.EncodeToString(keys.Cursor.Reveal()), "2510a3d112c74e528f54499dae4772678108eb1f309cee24c33064a96b6fe727"},
		"guard":   {hex.EncodeToString(keys.Guard.Reveal()), "0da4322f42671307176828d681fe47d6e54ecbe1cf93120a17f588c8046b1059"},
		"sealing": {hex.EncodeToString(keys.Sealing.Reveal()), "ed327897193e24803c4fcfdeff57fa7f5b985bb9f7c6c34940f5984679935e4b"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %s, want %s", name, c.got, c.want)
		}
	}
}

func TestDerivedKeysAreIndependent(t *testing.T) {
	keys, master := testKeys(t), testMaster(t)
	seen := map[string]string{}
	for name, key := range map[string][]byte{
		"master": master.Reveal(), "pepper": keys.Pepper.Reveal(), "cursor": keys.Cursor.Reveal(),
		"sealing": keys.Sealing.Reveal(), "guard": keys.Guard.Reveal(), "seed": keys.Tokens.private().Seed(),
	} {
		if other, dup := seen[string(key)]; dup {
			t.Errorf("%s is %s", name, other)
		}
		seen[string(key)] = name
	}
	changed := append([]byte("X"), master.Reveal()[1:]...)
	other, err := NewSecret(changed)
	if err != nil {
		t.Fatal(err)
	}
	otherKeys, err := DeriveKeys(other)
	if err != nil {
		t.Fatal(err)
	}
	if otherKeys.Tokens.ActiveID() == keys.Tokens.ActiveID() || bytes.Equal(otherKeys.Pepper.Reveal(), keys.Pepper.Reveal()) || bytes.Equal(otherKeys.Cursor.Reveal(), keys.Cursor.Reveal()) {
		t.Error("another master secret gives the same keys")
	}
}

func TestNoKeysWithoutASecret(t *testing.T) {
	if _, err := DeriveKeys(Secret{}); err == nil {
		t.Error("keys of the empty secret")
	}
	if _, err := NewSecret(make([]byte, 31)); err == nil {
		t.Error("a secret of 31 bytes")
	}
}

// The vector of RFC 8037, appendix A.3.
func TestKeyIDIsTheThumbprint(t *testing.T) {
	public, err := hex.DecodeString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := KeyID(ed25519.PublicKey(public)), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSecretsPrintAsStars(t *testing.T) {
	raw := []byte("hunter2-hunter2-hunter2-hunter2-")
	secret, err := NewSecret(raw)
	if err != nil {
		t.Fatal(err)
	}
	keys := testKeys(t)
	seed := keys.Tokens.private().Seed()
	type holder struct {
		Exported   Secret
		unexported Secret
		pointer    *Secret
		set        KeySet
	}
	h := holder{secret, secret, &secret, keys.Tokens}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t", "%p"} {
		fmt.Fprintf(&out, strings.Repeat(verb+"\n", 6), secret, h, &h, []Secret{secret}, keys, keys.Tokens)
	}
	fmt.Fprintln(&out, secret, h, keys)
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(handler).Info("x", "secret", secret, "holder", h, "keys", keys)
	}
	if err := json.NewEncoder(&out).Encode(map[string]any{"secret": secret, "holder": h, "keys": keys}); err != nil {
		t.Fatal(err)
	}
	shown := strings.ToLower(out.String())
	for name, b := range map[string][]byte{"secret": raw, "seed": seed, "pepper": keys.Pepper.Reveal()} {
		for _, leak := range []string{
			string(b[:6]), hex.EncodeToString(b[:6]), strings.Trim(fmt.Sprint(b[:6]), "[]"),
			strings.Trim(strings.ReplaceAll(fmt.Sprintf("%#v", b[:3]), "[]byte", ""), "{}"),
		} {
			if strings.Contains(shown, leak) {
				t.Errorf("%s leaks as %q", name, leak)
			}
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%t", "%p", "%10.3f"} {
		if got := fmt.Sprintf(verb, secret); verb != "%p" && got != "***" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	if got := secret.String() + secret.GoString() + secret.LogValue().String(); got != "*********" {
		t.Errorf("prints as %q", got)
	}
}

func TestASecretIsACopy(t *testing.T) {
	raw := bytes.Repeat([]byte("a"), 32)
	secret, err := NewSecret(raw)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw)
	if secret.Reveal()[0] != 'a' {
		t.Error("the caller's bytes are shared")
	}
}
