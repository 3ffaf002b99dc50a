package customers

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"clinicgraph/internal/fault"
)

// What the values of a profile are at most, and at the earliest.
const (
	earliestBirth = "1900-01-01"
	mostAddress   = 500    // characters
	mostNotes     = 10_000 // characters
)

// text refuses what is longer than most characters, is empty, or is no text: of
// control characters it may have ends of lines and tabs. nil is none. Errors:
// BAD_USER_INPUT at path.
func text(path string, value *string, most int) error {
	if value == nil {
		return nil
	}
	strange := func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) }
	if n := utf8.RuneCountInString(*value); n > most || strings.TrimSpace(*value) == "" || !utf8.ValidString(*value) || strings.ContainsFunc(*value, strange) {
		return fault.Invalid(path, "This is a text of 1 to %d characters; null is none.", most)
	}
	return nil
}
