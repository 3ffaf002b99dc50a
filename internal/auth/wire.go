package auth

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// wireClaims is the payload of an access token. The types are stricter than
// the library's: whole seconds only, one audience only, so that a number in
// quotes or a list is refused and not understood somehow.
type wireClaims struct {
	Issuer    string   `json:"iss"`
	Audience  string   `json:"aud"`
	Subject   string   `json:"sub"`
	Session   string   `json:"sid"`
	ID        string   `json:"jti"`
	IssuedAt  int64    `json:"iat"`
	NotBefore int64    `json:"nbf"`
	ExpiresAt int64    `json:"exp"`
	AuthTime  int64    `json:"auth_time"`
	AMR       []string `json:"amr"`
	Version   *int64   `json:"ver"`
	Act       *wireAct `json:"act,omitempty"`
}

// wireAct says who acts for the subject (RFC 8693, section 4.1).
type wireAct struct {
	Subject string `json:"sub"`
}

var _ jwt.Claims = wireClaims{}

func (w wireClaims) GetIssuer() (string, error)  { return w.Issuer, nil }
func (w wireClaims) GetSubject() (string, error) { return w.Subject, nil }

func (w wireClaims) GetAudience() (jwt.ClaimStrings, error) {
	return jwt.ClaimStrings{w.Audience}, nil
}

func (w wireClaims) GetExpirationTime() (*jwt.NumericDate, error) { return numericDate(w.ExpiresAt) }
func (w wireClaims) GetNotBefore() (*jwt.NumericDate, error)      { return numericDate(w.NotBefore) }
func (w wireClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return numericDate(w.IssuedAt) }

// numericDate gives nil for a claim that is not there, which the parser takes
// for missing.
func numericDate(seconds int64) (*jwt.NumericDate, error) {
	if seconds == 0 {
		return nil, nil
	}
	return jwt.NewNumericDate(time.Unix(seconds, 0)), nil
}
