package e2e

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"clinicgraph/ent/signingkey"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/seal"
)

// forger has the key that the server signs with: all that is wrong with its
// tokens is what they say.
type forger struct {
	t      *testing.T
	key    ed25519.PrivateKey
	header map[string]any
	claims map[string]any
}

func (c *clinic) forger(good string) *forger {
	c.t.Helper()
	row, err := c.app.Store.Client.SigningKey.Query().Where(signingkey.StateEQ(signingkey.StateActive)).Only(c.system())
	if err != nil {
		c.t.Fatal(err)
	}
	return newForger(c.t, c.secret, row.Kid, row.PrivateSealed, good)
}

// newForger has stolen the secret, and with it a key from the database.
func newForger(t *testing.T, secret []byte, kid string, sealed []byte, good string) *forger {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret.key")
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	master, err := auth.LoadSecret(path)
	if err != nil {
		t.Fatal(err)
	}
	derived, err := auth.DeriveKeys(master)
	if err != nil {
		t.Fatal(err)
	}
	sealing, err := seal.New(derived.Sealing.Reveal(), "signing-keys")
	if err != nil {
		t.Fatal(err)
	}
	seed, err := sealing.Open(sealed, kid)
	if err != nil {
		t.Fatal(err)
	}
	f := &forger{t: t, key: ed25519.NewKeyFromSeed(seed)}
	for i, into := range []*map[string]any{&f.header, &f.claims} {
		raw, err := base64.RawURLEncoding.DecodeString(strings.Split(good, ".")[i])
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(strings.NewReader(string(raw)))
		decoder.UseNumber()
		if err := decoder.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func part(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// sign makes a token with fields of the header and claims changed; nil takes one
// away.
func (f *forger) sign(header, claims map[string]any) string {
	text := part(changed(f.header, header)) + "." + part(changed(f.claims, claims))
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(f.key, []byte(text)))
}

func changed(of, by map[string]any) map[string]any {
	made := maps.Clone(of)
	maps.Copy(made, by)
	maps.DeleteFunc(made, func(_ string, v any) bool { return v == nil })
	return made
}

func (f *forger) number(claim string) int64 {
	n, err := f.claims[claim].(json.Number).Int64()
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

func TestEveryForgedTokenGetsTheSameAnswer(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		f := c.forger(me.token)
		if a := (&client{c: c, token: f.sign(nil, nil)}).do(whoAmI); a.status != 200 || a.code() != "" {
			t.Fatalf("the pattern of all forgeries is refused: %s", a.body)
		}
		public := f.key.Public().(ed25519.PublicKey)
		_, stranger, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		foreign := &forger{t: t, key: stranger, header: f.header, claims: f.claims}
		mac := func(alg string) string {
			text := part(changed(f.header, map[string]any{"alg": alg})) + "." + part(f.claims)
			sum := hmac.New(sha256.New, public)
			sum.Write([]byte(text))
			return text + "." + base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
		}
		type m = map[string]any
		good, iat, exp := f.sign(nil, nil), f.number("iat"), f.number("exp")
		segments := strings.Split(good, ".")
		forged := map[string]string{
			"alg none":                 part(changed(f.header, m{"alg": "none"})) + "." + segments[1] + ".",
			"alg none, signed":         f.sign(m{"alg": "none"}, nil),
			"alg HS256 by public key":  mac("HS256"),
			"alg EdDSA by HMAC":        mac("EdDSA"),
			"alg RS256":                f.sign(m{"alg": "RS256"}, nil),
			"no alg":                   f.sign(m{"alg": nil}, nil),
			"unknown kid":              f.sign(m{"kid": "nobody"}, nil),
			"no kid":                   f.sign(m{"kid": nil}, nil),
			"kid is a query":           f.sign(m{"kid": "' OR 1=1 --"}, nil),
			"our kid, another's key":   foreign.sign(nil, nil),
			"another's kid and key":    foreign.sign(m{"kid": auth.KeyID(stranger.Public().(ed25519.PublicKey))}, nil),
			"brings its key":           foreign.sign(m{"jwk": m{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(stranger.Public().(ed25519.PublicKey))}}, nil),
			"says where its key is":    f.sign(m{"jku": "https://keys.example/set"}, nil),
			"x5u":                      f.sign(m{"x5u": "https://keys.example/cert"}, nil),
			"crit":                     f.sign(m{"crit": []string{"exp"}}, nil),
			"typ JWT":                  f.sign(m{"typ": "JWT"}, nil),
			"no typ":                   f.sign(m{"typ": nil}, nil),
			"another issuer":           f.sign(nil, m{"iss": "https://other.example"}),
			"no issuer":                f.sign(nil, m{"iss": nil}),
			"another audience":         f.sign(nil, m{"aud": "another-service"}),
			"no audience":              f.sign(nil, m{"aud": nil}),
			"another subject":          f.sign(nil, m{"sub": uuid.NewString()}),
			"subject is a name":        f.sign(nil, m{"sub": customerA}),
			"no subject":               f.sign(nil, m{"sub": nil}),
			"no session":               f.sign(nil, m{"sid": nil}),
			"no jti":                   f.sign(nil, m{"jti": nil}),
			"expired":                  f.sign(nil, m{"iat": iat - 700, "nbf": iat - 700, "exp": exp - 700, "auth_time": iat - 700}),
			"no exp":                   f.sign(nil, m{"exp": nil}),
			"exp zero":                 f.sign(nil, m{"exp": 0}),
			"exp in quotes":            f.sign(nil, m{"exp": "4102444800"}),
			"lives longer than others": f.sign(nil, m{"exp": exp + 1}),
			"not yet":                  f.sign(nil, m{"iat": iat + 60, "nbf": iat + 60, "exp": exp + 60}),
			"no iat":                   f.sign(nil, m{"iat": nil}),
			"no auth_time":             f.sign(nil, m{"auth_time": nil}),
			"no amr":                   f.sign(nil, m{"amr": nil}),
			"no epoch":                 f.sign(nil, m{"ver": nil}),
			"an epoch below zero":      f.sign(nil, m{"ver": -1}),
			"no signature":             segments[0] + "." + segments[1] + ".",
			"two segments":             segments[0] + "." + segments[1],
			"five segments":            good + ".A.A",
			"padded":                   good + "==",
			"claims of another":        segments[0] + "." + part(changed(f.claims, m{"sub": c.id(admin)})) + "." + segments[2],
			"signature cut off":        good[:len(good)-4],
			"longer than 4 KiB":        f.sign(nil, m{"more": strings.Repeat("A", 4096)}),
			"a refresh token":          me.refresh,
		}
		want := (&client{c: c, token: "nonsense"}).do(whoAmI)
		if want.status != 401 || want.code() != "UNAUTHENTICATED" {
			t.Fatalf("nonsense: %d %s", want.status, want.body)
		}
		for name, token := range forged {
			a := (&client{c: c, token: token}).do(whoAmI)
			if a.status != 401 || a.bytes() != want.bytes() {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		me.do(whoAmI).ok()
	})
}
