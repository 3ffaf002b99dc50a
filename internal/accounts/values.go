package accounts

import (
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"clinicgraph/internal/fault"
)

// username is what a login name may be. Neither it nor its key has an "@", which
// every address and every key of one has: login names and addresses share one
// name space, and cannot meet in it. All letters are 2 MB of expression, which nobody
// waits for at the start.
var username = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{2,63}$`)
})

// number is a telephone number in E.164.
var number = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

func checkUsername(name string) error {
	if !username().MatchString(name) || strings.Contains(LoginKey(name), "@") {
		return fault.Invalid("input.username", "A user name has 3 to 64 letters, digits, dots, dashes and underscores.")
	}
	return nil
}

func checkEmail(address string) error {
	if a, err := mail.ParseAddress(address); err != nil || a.Address != address || len(address) > 254 {
		return fault.Invalid("input.email", "This is not an e-mail address.")
	}
	return nil
}

// CheckPhone refuses what is no telephone number in E.164, at input.phone; nil is
// none.
func CheckPhone(phone *string) error {
	if phone != nil && !number.MatchString(*phone) {
		return fault.Invalid("input.phone", "A telephone number is written as +49301234567 (E.164).")
	}
	return nil
}

// canonicalLocale gives the canonical spelling of a language tag (BCP 47).
func canonicalLocale(tag string) (string, error) {
	parsed, err := language.Parse(tag)
	if err != nil || parsed == language.Und || len(tag) > 35 {
		return "", fault.Invalid("input.locale", "This is not a language tag such as en or de-AT (BCP 47).")
	}
	return parsed.String(), nil
}

// checkTimezone accepts names of the IANA database. The clock of the server's own
// machine ("Local") is not one.
func checkTimezone(zone string) error {
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return fault.Invalid("input.timezone", "There is no time zone %.100q in the IANA database; one is Europe/Warsaw.", zone)
	}
	return nil
}

// Stated trims a reason that somebody gives, and refuses one that is too short or
// too long, in characters, or that holds what is not text.
func Stated(reason string, least, most int) (string, error) {
	reason = strings.TrimSpace(reason)
	n := utf8.RuneCountInString(reason)
	if n < least || n > most || !utf8.ValidString(reason) || strings.ContainsFunc(reason, unicode.IsControl) {
		return "", fault.Invalid("input.reason", "A reason has %d to %d characters, on one line.", least, most)
	}
	return reason, nil
}
