package datakeys

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/internal/seal"
)

// Prefix begins a sealed value where texts are kept. It holds a control character, so
// that nobody writes a text that looks like one by chance.
const Prefix = "\x01sealed:"

// At is the place of a value that its own row keeps sealed.
func At(entity string, id uuid.UUID, column string) string {
	return "row " + entity + " " + id.String() + " " + column
}

// Seal gives a value as a text that holds whose it is and what was sealed with their
// key for a place. It opens at this place and at no other.
func Seal(key *seal.Key, person uuid.UUID, plain []byte, place string) string {
	return Prefix + base64.RawStdEncoding.EncodeToString(append(person[:], key.Seal(plain, place)...))
}

// Whose says whose a sealed value is; false for any other text.
func Whose(text string) (person uuid.UUID, ok bool) {
	person, _, ok = parse(text)
	return person, ok
}

// Open gives the value back; false where it was not sealed with the key for the
// place, which is all that a forger is told.
func Open(key *seal.Key, text, place string) (plain []byte, ok bool) {
	_, sealed, ok := parse(text)
	if !ok {
		return nil, false
	}
	plain, err := key.Open(sealed, place)
	return plain, err == nil
}

func parse(text string) (person uuid.UUID, sealed []byte, ok bool) {
	coded, ok := strings.CutPrefix(text, Prefix)
	if !ok {
		return person, nil, false
	}
	raw, err := base64.RawStdEncoding.DecodeString(coded)
	if err != nil || len(raw) < len(person) {
		return person, nil, false
	}
	return uuid.UUID(raw[:len(person)]), raw[len(person):], true
}

// hidden finds sealed values in JSON, where the control character is escaped.
var hidden = regexp.MustCompile(`"\\u0001sealed:[A-Za-z0-9+/]*"`)

// Hide puts another JSON value into the place of each sealed one in JSON as it was
// stored: for whoever has no use for what they cannot open.
func Hide(text []byte, instead string) []byte {
	return hidden.ReplaceAllLiteral(text, []byte(strconv.Quote(instead)))
}
