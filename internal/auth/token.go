package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	tokenType    = "at+jwt"
	tokenLeeway  = 30 * time.Second // how far clocks of servers may differ
	maxTokenLen  = 4096
	tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
)

// TokenID is the 128 random bits that name one access token (`jti`).
type TokenID [16]byte

// String is the form in the token: base64url, 22 characters.
func (id TokenID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// Claims are what an access token says. It holds no role and no permission:
// those are read when they are needed, so that a token is never stale about
// them, and no data of a person.
type Claims struct {
	Subject uuid.UUID // the user
	Session uuid.UUID // the sign-in that the token belongs to
	ID      TokenID   // Issue draws one when it is zero
	// Actor is who acts in the subject's name, as `act` (RFC 8693, section 4.1);
	// zero: the subject.
	Actor uuid.UUID
	// AuthTime is when the password or the second factor was last given.
	AuthTime time.Time
	// AMR says what was given (RFC 8176): "pwd", "otp". At least one.
	AMR []string
	// Version is the user's token epoch; tokens of a lower one are revoked.
	Version int64
	// IssuedAt and ExpiresAt are set by Issue and Verify; an ExpiresAt that Issue
	// is given is the end of the session, which no token outlives. Times are UTC
	// and whole seconds.
	IssuedAt, ExpiresAt time.Time
}

// Tokens issues and checks access tokens: JWTs signed with Ed25519, `typ`
// at+jwt. It knows nothing of revocation: the caller asks for jti, sid and ver
// after Verify. Safe for concurrent use.
type Tokens struct {
	keys     atomic.Pointer[KeySet]
	issuer   string
	audience string
	ttl      time.Duration
	now      func() time.Time
	parser   *jwt.Parser
	verified verified
}

// NewTokens panics when anything is missing: an empty issuer or audience would
// switch its check off, and the ttl is at least a second.
func NewTokens(keys KeySet, issuer, audience string, ttl time.Duration, now func() time.Time) *Tokens {
	if keys.private == nil || issuer == "" || audience == "" || ttl < time.Second || now == nil {
		panic("auth.NewTokens: key, issuer, audience, ttl and clock are all needed")
	}
	t := &Tokens{
		issuer: issuer, audience: audience, ttl: ttl, now: now, verified: newVerified(),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
			jwt.WithIssuer(issuer),
			jwt.WithAudience(audience),
			jwt.WithExpirationRequired(),
			jwt.WithNotBeforeRequired(),
			jwt.WithIssuedAt(),
			jwt.WithLeeway(tokenLeeway),
			jwt.WithStrictDecoding(),
			jwt.WithTimeFunc(now),
		),
	}
	t.use(keys)
	return t
}

// use has tokens signed and checked with these keys from now on.
func (t *Tokens) use(keys KeySet) { t.keys.Store(&keys) }

// JWKS is the published form of the keys; see KeySet.
func (t *Tokens) JWKS() []byte { return t.keys.Load().JWKS() }

// Issue signs a token that is good from now for the ttl, or until the session
// ends where that is sooner. Subject, Session, AuthTime and AMR must be set; an
// error is a defect of the caller.
func (t *Tokens) Issue(c Claims) (token string, expires time.Time, err error) {
	if c.ID == (TokenID{}) {
		rand.Read(c.ID[:])
	}
	now := t.now().UTC().Truncate(time.Second)
	lives := t.ttl
	if !c.ExpiresAt.IsZero() {
		lives = max(min(lives, c.ExpiresAt.Sub(now)), time.Second) // the last second of a session is a whole one
	}
	expires = now.Add(lives).Truncate(time.Second)
	wire := wireClaims{
		Issuer: t.issuer, Audience: t.audience,
		Subject: c.Subject.String(), Session: c.Session.String(), ID: c.ID.String(),
		IssuedAt: now.Unix(), NotBefore: now.Unix(), ExpiresAt: expires.Unix(),
		AuthTime: c.AuthTime.Unix(), AMR: c.AMR, Version: &c.Version,
	}
	if c.Actor != uuid.Nil {
		wire.Act = &wireAct{Subject: c.Actor.String()}
	}
	if _, err := t.check(wire); err != nil {
		return "", time.Time{}, fmt.Errorf("issue access token: %w", err)
	}
	keys := t.keys.Load()
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, wire)
	unsigned.Header["typ"] = tokenType
	unsigned.Header["kid"] = keys.active
	token, err = unsigned.SignedString(keys.private())
	if err != nil {
		return "", time.Time{}, fmt.Errorf("issue access token: %w", err)
	}
	return token, expires, nil
}

// Verify gives the claims of a token that this server, or one with the same
// keys, has issued and that is good now (30 s leeway). Everything else is the
// same UNAUTHENTICATED; the cause is for the log only. The AMR of the claims is
// shared: nobody changes it.
func (t *Tokens) Verify(token string) (Claims, error) {
	if len(token) > maxTokenLen {
		return Claims{}, unauthenticated(errors.New("access token: too long"))
	}
	keys, hash := t.keys.Load(), sha256.Sum256([]byte(token))
	if claims, known := t.verified.of(hash, keys, t.now()); known {
		return claims, nil
	}
	// The decoder skips line breaks: one token would have many spellings.
	if strings.Trim(token, tokenLetters) != "" {
		return Claims{}, unauthenticated(errors.New("access token: not base64url"))
	}
	var wire wireClaims
	var signer goodToken
	if _, err := t.parser.ParseWithClaims(token, &wire, func(parsed *jwt.Token) (key any, err error) {
		signer.kid, signer.key, err = keys.of(parsed)
		return signer.key, err
	}); err != nil {
		return Claims{}, unauthenticated(fmt.Errorf("access token: %w", err))
	}
	claims, err := t.check(wire)
	if err != nil {
		return Claims{}, unauthenticated(fmt.Errorf("access token: %w", err))
	}
	signer.claims, signer.notBefore = claims, time.Unix(wire.NotBefore, 0)
	t.verified.keep(hash, signer)
	return claims, nil
}

// of finds the public key of a token by its kid. The header is exactly ours: with
// three known names in it there is no room for crit, jku, jwk, x5u, x5c, zip or b64.
func (k *KeySet) of(token *jwt.Token) (kid string, key ed25519.PublicKey, err error) {
	if len(token.Header) != 3 || token.Header["typ"] != tokenType {
		return "", nil, errors.New("header is not alg, kid and typ " + tokenType)
	}
	kid, _ = token.Header["kid"].(string)
	key, ok := k.public[kid]
	if !ok || len(key) != ed25519.PublicKeySize {
		return "", nil, errors.New("key is not known")
	}
	return kid, key, nil
}

// check is the rest that a good token must hold. Signature, iss, aud, exp and
// nbf are the parser's.
func (t *Tokens) check(w wireClaims) (Claims, error) {
	subject, errSubject := parseID(w.Subject)
	session, errSession := parseID(w.Session)
	actor, errActor := parseActor(w.Act)
	id, errID := base64.RawURLEncoding.Strict().DecodeString(w.ID)
	switch {
	case errSubject != nil:
		return Claims{}, fmt.Errorf("sub: %w", errSubject)
	case errSession != nil:
		return Claims{}, fmt.Errorf("sid: %w", errSession)
	case errActor != nil:
		return Claims{}, fmt.Errorf("act: %w", errActor)
	case actor == subject:
		return Claims{}, errors.New("act: the subject")
	case errID != nil || len(id) != len(TokenID{}) || TokenID(id).String() != w.ID:
		return Claims{}, errors.New("jti: not 128 bits in base64url")
	case w.Version == nil || *w.Version < 0:
		return Claims{}, errors.New("ver: missing or negative")
	case w.IssuedAt <= 0 || w.NotBefore < w.IssuedAt || w.ExpiresAt <= w.IssuedAt:
		return Claims{}, errors.New("iat, nbf, exp: missing or out of order")
	case w.ExpiresAt-w.IssuedAt > int64(t.ttl/time.Second):
		// Revocations are remembered for one ttl, so no token may outlive it.
		return Claims{}, errors.New("exp: lives longer than tokens do")
	case w.AuthTime <= 0 || w.AuthTime > w.IssuedAt+int64(tokenLeeway/time.Second):
		return Claims{}, errors.New("auth_time: missing or in the future")
	case len(w.AMR) == 0:
		return Claims{}, errors.New("amr: missing")
	}
	return Claims{
		Subject: subject, Session: session, ID: TokenID(id), Actor: actor,
		AuthTime: time.Unix(w.AuthTime, 0).UTC(), AMR: w.AMR, Version: *w.Version,
		IssuedAt: time.Unix(w.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(w.ExpiresAt, 0).UTC(),
	}, nil
}

// parseActor gives the zero id where nobody acts for the subject.
func parseActor(act *wireAct) (uuid.UUID, error) {
	if act == nil {
		return uuid.Nil, nil
	}
	return parseID(act.Subject)
}

// parseID accepts the one canonical spelling and not the nil UUID.
func parseID(s string) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil || id == uuid.Nil || id.String() != s {
		return uuid.Nil, errors.New("not an id")
	}
	return id, nil
}
