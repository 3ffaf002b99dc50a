package auth

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"clinicgraph/internal/seal"
)

// The labels of the derived keys. To change one is to exchange the key, and there
// are no former labels: every stored password, every cursor in the hands of
// clients, or everything sealed in the database becomes useless.
const (
	labelSigning = "clinicgraph/v1/access-token/ed25519-seed"
	labelPepper  = "clinicgraph/v1/password-pepper"
	labelCursor  = "clinicgraph/v1/cursor"
	labelSealing = "clinicgraph/v1/sealing"
	labelGuard   = "clinicgraph/v1/login-guard"
)

// Keys are what the server needs of secrets, each independent of the others:
// to know one is not to know the next.
type Keys struct {
	Tokens KeySet // signs and checks access tokens
	Pepper Secret // 32 bytes, for NewPasswords
	Cursor Secret // 32 bytes, for the MAC of page cursors

	Guard Secret // 32 bytes, for what the login guard hides and signs

	// Sealing is 32 bytes for package seal, which makes a key of its own out of it
	// for each purpose.
	Sealing Secret

	// Former are the keys of the secrets before: what was hashed or sealed with them
	// is accepted, and nothing is made with them.
	Former []Keys
}

// Sealer makes the key that seals for a purpose.
func (k Keys) Sealer(purpose string) (*seal.Key, error) {
	former := make([][]byte, len(k.Former))
	for i, f := range k.Former {
		former[i] = f.Sealing.Reveal()
	}
	return seal.New(k.Sealing.Reveal(), purpose, former...)
}

// DeriveKeys makes the keys out of one master secret (HKDF-SHA-256). The same
// secret gives the same keys, on every server and after every restart. Those of
// the former secrets go with them.
func DeriveKeys(master Secret, former ...Secret) (Keys, error) {
	seed, errSeed := derive(master, labelSigning)
	pepper, errPepper := derive(master, labelPepper)
	cursor, errCursor := derive(master, labelCursor)
	sealing, errSealing := derive(master, labelSealing)
	guard, errGuard := derive(master, labelGuard)
	for _, err := range []error{errSeed, errPepper, errCursor, errSealing, errGuard} {
		if err != nil {
			return Keys{}, fmt.Errorf("derive keys: %w", err)
		}
	}
	var before []Keys
	for _, secret := range former {
		keys, err := DeriveKeys(secret)
		if err != nil {
			return Keys{}, err
		}
		before = append(before, keys)
	}
	return Keys{
		Tokens:  NewKeySet(ed25519.NewKeyFromSeed(seed.Reveal())),
		Pepper:  pepper,
		Cursor:  cursor,
		Guard:   guard,
		Sealing: sealing,
		Former:  before,
	}, nil
}

func derive(master Secret, label string) (Secret, error) {
	if _, err := NewSecret(master.Reveal()); err != nil {
		return Secret{}, err
	}
	key, err := hkdf.Key(sha256.New, master.Reveal(), nil, label, minSecretLen)
	if err != nil {
		return Secret{}, err
	}
	return NewSecret(key)
}

// KeySet is one key that signs access tokens and all keys that are accepted on
// them, found by their id and nothing else: a token cannot bring its own. It
// does not change; the zero KeySet knows no key.
type KeySet struct {
	active  string
	private func() ed25519.PrivateKey // a function, so that it cannot be printed
	public  map[string]ed25519.PublicKey
}

// NewKeySet signs with active and also accepts the accepted ones: keys that
// have signed until lately, or will soon.
func NewKeySet(active ed25519.PrivateKey, accepted ...ed25519.PublicKey) KeySet {
	own := active.Public().(ed25519.PublicKey)
	set := KeySet{active: KeyID(own), private: func() ed25519.PrivateKey { return active }, public: map[string]ed25519.PublicKey{}}
	for _, key := range append(accepted, own) {
		set.public[KeyID(key)] = key
	}
	return set
}

// JWKS is the public half of all keys as programs that check tokens themselves
// read it (RFC 7517, RFC 8037), in the order of their ids.
func (k KeySet) JWKS() []byte {
	type jwk struct {
		Kty string `json:"kty"`
		Crv string `json:"crv"`
		Use string `json:"use"`
		Alg string `json:"alg"`
		Kid string `json:"kid"`
		X   string `json:"x"`
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, kid := range slices.Sorted(maps.Keys(k.public)) {
		set.Keys = append(set.Keys, jwk{"OKP", "Ed25519", "sig", "EdDSA", kid, base64.RawURLEncoding.EncodeToString(k.public[kid])})
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err) // strings can always be written
	}
	return text
}

// ActiveID is the id of the key that signs, "" for the zero KeySet.
func (k KeySet) ActiveID() string { return k.active }

// KeyID is the `kid` of a public key: its RFC 7638 thumbprint, base64url.
func KeyID(key ed25519.PublicKey) string {
	x := base64.RawURLEncoding.EncodeToString(key)
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
