package auth

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"clinicgraph/internal/fault"
)

const (
	minPasswordChars = 12
	minAloneChars    = 15 // of a password that is the only factor: NIST SP 800-63B-4, 3.1.1.2
	maxPasswordChars = 128
	maxPasswordBytes = 4 * maxPasswordChars // UTF-8 takes no more

	// maxRawBytes bounds what is normalised at all. Composing shrinks a text
	// at most threefold, so nothing longer can pass the policy.
	maxRawBytes = 4 * maxPasswordBytes

	// minContextChars keeps short names such as "ann" from refusing ordinary
	// words.
	minContextChars = 4

	// policyPath is the input that login, register and the rest call by one
	// name. A verb that names it otherwise sets Fields[0].Path.
	policyPath = "input.password"
)

// CheckPolicy says whether a new password is good enough: 12 to 128 characters
// (NFC code points, so at most 512 bytes), nothing of the context in it, not
// on the list of [Passwords.Blocked]. There are no rules of composition. The
// context is what an attacker knows: login, e-mail address (its local part
// counts too), names, the clinic. The error is BAD_USER_INPUT at
// "input.password"; its message never repeats the password.
func (w *Passwords) CheckPolicy(password string, context ...string) error {
	return w.check(password, minPasswordChars, context)
}

// CheckAlone is CheckPolicy for an account that nothing but the password guards:
// it needs 15 characters where [Passwords.Strict] says so.
func (w *Passwords) CheckAlone(password string, context ...string) error {
	if w.Strict {
		return w.check(password, minAloneChars, context)
	}
	return w.check(password, minPasswordChars, context)
}

func (w *Passwords) check(password string, least int, context []string) error {
	if len(password) > maxRawBytes {
		return tooLong()
	}
	if !utf8.ValidString(password) {
		return fault.Invalid(policyPath, "The password holds characters that cannot be read.")
	}
	chars := utf8.RuneCountInString(norm.NFC.String(password))
	if chars < least {
		return fault.Invalid(policyPath, "The password must have at least %d characters.", least)
	}
	if chars > maxPasswordChars {
		return tooLong()
	}
	folded := fold(password)
	for _, word := range append(contextWords(context), contextWords(w.Context)...) {
		if strings.Contains(folded, word) {
			return fault.Invalid(policyPath, "The password must not contain your login, e-mail address or name, or that of the clinic.")
		}
	}
	if w.Blocked != nil && w.Blocked(folded) {
		return fault.Invalid(policyPath, "This password is known to be guessed first. Please choose another one.")
	}
	return nil
}

func tooLong() error {
	return fault.Invalid(policyPath, "The password must have at most %d characters (%d bytes).",
		maxPasswordChars, maxPasswordBytes)
}

func contextWords(context []string) []string {
	var words []string
	add := func(word string) {
		if word = strings.TrimSpace(fold(word)); utf8.RuneCountInString(word) >= minContextChars {
			words = append(words, word)
		}
	}
	for _, word := range context {
		add(word)
		if at := strings.LastIndexByte(word, '@'); at >= 0 {
			add(word[:at])
		}
	}
	return words
}

// fold makes texts comparable that people hold for the same: full width and
// half width, upper and lower case.
func fold(s string) string {
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
}
