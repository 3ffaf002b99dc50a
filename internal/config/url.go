package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

// URL is the address of a database. It may hold a password: it prints as
// scheme, host and path only, whatever the verb, in logs and in JSON. Reveal
// gives the whole.
type URL string

// Reveal is the URL with all that it holds, for the driver.
func (u URL) Reveal() string { return string(u) }

func (u URL) String() string { return withoutSecrets(string(u)) }

// Format prints the same for every verb.
func (u URL) Format(f fmt.State, _ rune) { io.WriteString(f, u.String()) }

func (u URL) GoString() string             { return u.String() }
func (u URL) LogValue() slog.Value         { return slog.StringValue(u.String()) }
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// hidden stands for what cannot be shown at all.
const hidden = "***"

// withoutSecrets leaves out the user, the query and the fragment: passwords
// live in all three. What is not a URL may be a password from end to end, and
// an @ beyond the user is the end of a password that was not encoded.
func withoutSecrets(s string) string {
	if s == "" {
		return ""
	}
	parsed, err := url.Parse(s)
	if err != nil || parsed.Scheme == "" || parsed.Opaque != "" {
		return hidden
	}
	if strings.Count(s, "@") > 1 || strings.Contains(s, "@") && parsed.User == nil {
		return hidden
	}
	return (&url.URL{Scheme: parsed.Scheme, Host: parsed.Host, Path: parsed.Path}).String()
}
