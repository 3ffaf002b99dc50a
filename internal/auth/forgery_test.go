package auth

import (
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestForgedTokensAreAllTheSameUnauthenticated(t *testing.T) {
	now := testNow.Unix()
	ttl := int64(testTTL / time.Second)
	stranger := ed25519.NewKeyFromSeed([]byte("a stranger's seed: 32 bytes long"))
	strangerJWK := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": b64(string(stranger.Public().(ed25519.PublicKey)))}
	own := testKeys(t).Tokens
	public := []byte(own.public[own.active])

	forged := map[string]func(*forgery) string{
		// The algorithm.
		"alg none, no signature":    func(f *forgery) string { f.header["alg"] = "none"; return f.text() + "." },
		"alg None":                  func(f *forgery) string { f.header["alg"] = "None"; return f.text() + "." },
		"alg none, good signature":  header("alg", "none"),
		"alg HS256 with public key": hmacToken("HS256", public),
		"alg EdDSA but an HMAC":     hmacToken("EdDSA", public),
		"alg HS256 with empty key":  hmacToken("HS256", nil),
		"alg RS256":                 header("alg", "RS256"),
		"alg ES256":                 header("alg", "ES256"),
		"alg Ed25519":               header("alg", "Ed25519"),
		"alg in small letters":      header("alg", "eddsa"),
		"alg is a list":             header("alg", []string{"EdDSA"}),
		"alg missing":               header("alg", nil),
		"alg twice, none last": func(f *forgery) string {
			return rawHeader(f, `{"alg":"EdDSA","alg":"none","typ":"at+jwt","kid":"`+own.active+`"}`)
		},

		// The key.
		"kid unknown":                header("kid", "nobody"),
		"kid missing":                header("kid", nil),
		"kid empty":                  header("kid", ""),
		"kid is a path":              header("kid", "../../../../dev/null"),
		"kid is a query":             header("kid", "' OR 1=1 --"),
		"kid is a number":            header("kid", 1),
		"kid of ours, another's key": func(f *forgery) string { f.key = stranger; return f.sign() },
		"kid of another's key": func(f *forgery) string {
			f.key = stranger
			f.header["kid"] = KeyID(stranger.Public().(ed25519.PublicKey))
			return f.sign()
		},
		"jwk brings its own key": func(f *forgery) string { f.key = stranger; f.header["jwk"] = strangerJWK; return f.sign() },
		"jwk, signed by us":      header("jwk", strangerJWK),
		"jku":                    header("jku", "https://evil.example/keys"),
		"x5u":                    header("x5u", "https://evil.example/cert"),
		"x5c":                    header("x5c", []string{"AAAA"}),
		"crit":                   header("crit", []string{"exp"}),
		"empty crit":             header("crit", []string{}),
		"b64 false":              header("b64", false),
		"zip":                    header("zip", "DEF"),
		"cty":                    header("cty", "JWT"),

		// The kind of token.
		"typ JWT":            header("typ", "JWT"),
		"typ of an id token": header("typ", "id+jwt"),
		"typ missing":        header("typ", nil),
		"typ in capitals":    header("typ", "AT+JWT"),
		"header is a list":   func(f *forgery) string { return rawHeader(f, `["EdDSA"]`) },
		"header is null":     func(f *forgery) string { return rawHeader(f, `null`) },
		"header is nothing":  func(f *forgery) string { return rawHeader(f, ``) },

		// Who, for whom.
		"another issuer":       with("iss", "https://evil.example"),
		"issuer with a slash":  with("iss", testIssuer+"/"),
		"no issuer":            with("iss", nil),
		"empty issuer":         with("iss", ""),
		"another audience":     with("aud", "another-service"),
		"no audience":          with("aud", nil),
		"empty audience":       with("aud", ""),
		"audience is a list":   with("aud", []string{testAudience}),
		"no subject":           with("sub", nil),
		"subject is not an id": with("sub", "admin"),
		"subject is nil":       with("sub", "00000000-0000-0000-0000-000000000000"),
		"subject in capitals":  with("sub", strings.ToUpper(testSubject.String())),
		"subject as urn":       with("sub", "urn:uuid:"+testSubject.String()),
		"subject is a number":  with("sub", 1),
		"no session":           with("sid", nil),
		"session is not an id": with("sid", "1"),
		"no jti":               with("jti", nil),
		"short jti":            with("jti", "AAAA"),
		"long jti":             with("jti", strings.Repeat("A", 24)),
		"jti with loose bits":  with("jti", TokenID{7}.String()[:21]+"B"),
		"jti with line break":  with("jti", TokenID{7}.String()+"\n"),

		// When.
		"expired": func(f *forgery) string {
			f.claims["iat"], f.claims["nbf"] = now-ttl, now-ttl
			return with("exp", now-31)(f)
		},
		"no exp":                      with("exp", nil),
		"exp zero":                    with("exp", 0),
		"exp negative":                with("exp", -1),
		"exp before iat":              with("exp", now-1),
		"exp in quotes":               with("exp", "1772601367"),
		"exp with a fraction":         with("exp", float64(now)+0.5),
		"exp overflows":               with("exp", json.Number("9223372036854775808")),
		"exp at the end of time":      with("exp", json.Number("9223372036854775807")),
		"exp huge exponent":           with("exp", json.Number("1e300")),
		"lives longer than tokens do": with("exp", now+ttl+1),
		"not yet": func(f *forgery) string {
			f.claims["iat"], f.claims["exp"] = now+31, now+ttl
			return with("nbf", now+31)(f)
		},
		"no nbf":                with("nbf", nil),
		"nbf before iat":        with("nbf", now-1),
		"no iat":                with("iat", nil),
		"iat to come":           with("iat", now+60),
		"iat negative":          with("iat", json.Number("-9223372036854775808")),
		"no auth time":          with("auth_time", nil),
		"auth time to come":     with("auth_time", now+31),
		"no method":             with("amr", nil),
		"empty methods":         with("amr", []string{}),
		"method is a word":      with("amr", "pwd"),
		"no token epoch":        with("ver", nil),
		"token epoch null":      func(f *forgery) string { return rawClaims(f, `"ver":3`, `"ver":null`) },
		"negative token epoch":  with("ver", -1),
		"token epoch in quotes": with("ver", "3"),
		"claims are a list":     func(f *forgery) string { return signText(f.key, strings.Split(f.text(), ".")[0]+"."+b64(`[]`)) },
		"claims are null":       func(f *forgery) string { return signText(f.key, strings.Split(f.text(), ".")[0]+"."+b64(`null`)) },

		// The spelling.
		"empty":                     func(*forgery) string { return "" },
		"dots only":                 func(*forgery) string { return ".." },
		"two segments":              func(f *forgery) string { return f.text() },
		"four segments":             func(f *forgery) string { return f.sign() + "." },
		"five segments (encrypted)": func(f *forgery) string { return f.sign() + ".A.A" },
		"padded signature":          func(f *forgery) string { return f.sign() + "==" },
		"padded header":             func(f *forgery) string { return signText(f.key, strings.Replace(f.text(), ".", "=.", 1)) },
		"line break in signature":   func(f *forgery) string { s := f.sign(); return s[:len(s)-5] + "\n" + s[len(s)-5:] },
		"line break in signed text": func(f *forgery) string { return signText(f.key, strings.Replace(f.text(), ".", "\r\n.", 1)) },
		"blank before":              func(f *forgery) string { return " " + f.sign() },
		"Bearer before":             func(f *forgery) string { return "Bearer " + f.sign() },
		"standard alphabet":         standardAlphabet,
		"loose bits in signature":   func(f *forgery) string { s := f.sign(); return s[:len(s)-1] + nextLetter(s[len(s)-1]) },
		"signature cut off":         func(f *forgery) string { s := f.sign(); return s[:len(s)-4] },
		"no signature":              func(f *forgery) string { return f.text() + "." },
		"signature of zeros":        func(f *forgery) string { return f.text() + "." + b64(strings.Repeat("\x00", 64)) },
		"signature of another token": func(f *forgery) string {
			s := f.sign()
			f.claims["ver"] = 4
			return f.text() + s[strings.LastIndex(s, "."):]
		},
		"signature not reduced": notReduced,
		"longer than 4 KiB":     with("more", strings.Repeat("A", 4096)),
	}
	if len(forged) < 100 {
		t.Errorf("only %d forgeries", len(forged))
	}
	tokens := tokensAt(t, testNow)
	if _, err := tokens.Verify(newForgery(t).sign()); err != nil {
		t.Fatalf("the pattern of all forgeries is refused: %v", err)
	}
	for name, forge := range forged {
		t.Run(name, func(t *testing.T) {
			claims, err := tokens.Verify(forge(newForgery(t)))
			if err == nil || claims.AMR != nil || claims.Subject != [16]byte{} {
				t.Fatalf("accepted: %+v, %v", claims, err)
			}
			wantUnauthenticated(t, err)
		})
	}
}

func TestAClaimOfALaterVersionIsPassedOver(t *testing.T) {
	if _, err := tokensAt(t, testNow).Verify(with("cnf", "later")(newForgery(t))); err != nil {
		t.Errorf("servers of two versions side by side: %v", err)
	}
}

// No letter of a token can be exchanged for another one.
func TestEveryLetterCounts(t *testing.T) {
	tokens := tokensAt(t, testNow)
	token := mustIssue(t, tokens, testClaims())
	for i := range token {
		if _, err := tokens.Verify(token[:i] + nextLetter(token[i]) + token[i+1:]); err == nil {
			t.Errorf("letter %d can be changed", i)
		}
		if _, err := tokens.Verify(token[:i] + token[i+1:]); err == nil {
			t.Errorf("letter %d can be left out", i)
		}
	}
}

func FuzzVerifyNeverPanics(f *testing.F) {
	tokens := tokensAt(f, testNow)
	good := newForgery(f).sign()
	f.Add(good)
	f.Add("..")
	f.Add(b64(`{"alg":"EdDSA"}`) + "." + b64(`{}`) + ".")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := tokens.Verify(token); err == nil && token != good {
			t.Errorf("accepted %q", token)
		}
	})
}
