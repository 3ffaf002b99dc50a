package transport

import (
	"encoding/json"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"clinicgraph/internal/fault"
)

// reader turns JSON that is known to be well-formed into values. encoding/json
// would take the last of two equal keys and U+FFFD for half a character: two
// programs that read one request must not see two different ones.
type reader struct {
	text  []byte
	at    int
	depth int // most levels
}

// value reads one value and stops behind it.
func (r *reader) value(level int) (any, error) {
	switch r.next() {
	case '{':
		return r.object(level)
	case '[':
		return r.array(level)
	case '"':
		return r.string()
	case 't':
		r.at += len("true")
		return true, nil
	case 'f':
		r.at += len("false")
		return false, nil
	case 'n':
		r.at += len("null")
		return nil, nil
	default:
		return r.number(), nil
	}
}

// next skips blanks and gives the byte behind them.
func (r *reader) next() byte {
	for {
		switch b := r.text[r.at]; b {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return b
		}
	}
}

func (r *reader) object(level int) (map[string]any, error) {
	if level > r.depth {
		return nil, r.tooDeep()
	}
	object := map[string]any{}
	r.at++
	for r.next() != '}' {
		if r.text[r.at] == ',' {
			r.at++
			r.next()
		}
		key, err := r.string()
		if err != nil {
			return nil, err
		}
		if _, twice := object[key]; twice {
			return nil, fault.New(fault.CodeBadUserInput, "The body has a key twice in one object.")
		}
		r.next()
		r.at++ // the colon
		if object[key], err = r.value(level + 1); err != nil {
			return nil, err
		}
	}
	r.at++
	return object, nil
}

func (r *reader) array(level int) ([]any, error) {
	if level > r.depth {
		return nil, r.tooDeep()
	}
	array := []any{}
	r.at++
	for r.next() != ']' {
		if r.text[r.at] == ',' {
			r.at++
		}
		value, err := r.value(level + 1)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	r.at++
	return array, nil
}

func (r *reader) tooDeep() error {
	return fault.New(fault.CodeBadUserInput, "The body has more than %d levels.", r.depth)
}

// string reads a string, which most often is what stands between the quotes.
func (r *reader) string() (string, error) {
	r.at++
	begin, escaped := r.at, false
	for ; r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			escaped = true
			r.at++
		}
	}
	raw := r.text[begin:r.at]
	r.at++
	if !escaped {
		return string(raw), nil
	}
	return unescape(raw)
}

// escapes are those of one letter (RFC 8259, section 7).
var escapes = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', '"': '"', '\\': '\\', '/': '/'}

// unescape refuses half of a surrogate pair: it is no character.
func unescape(raw []byte) (string, error) {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		if raw[i] != 'u' {
			out = append(out, escapes[raw[i]])
			continue
		}
		char := unit(raw[i+1:])
		i += 4
		if utf16.IsSurrogate(char) {
			rest := raw[i+1:]
			if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
				return "", fault.New(fault.CodeBadUserInput, malformed)
			}
			if char = utf16.DecodeRune(char, unit(rest[2:])); char == unicode.ReplacementChar {
				return "", fault.New(fault.CodeBadUserInput, malformed)
			}
			i += 6
		}
		out = utf8.AppendRune(out, char)
	}
	return string(out), nil
}

// unit reads the four hexadecimal digits of a UTF-16 code unit.
func unit(digits []byte) (u rune) {
	for _, d := range digits[:4] {
		switch {
		case d <= '9':
			d -= '0'
		case d <= 'F':
			d -= 'A' - 10
		default:
			d -= 'a' - 10
		}
		u = u<<4 | rune(d)
	}
	return u
}

func (r *reader) number() json.Number {
	begin := r.at
	for r.at < len(r.text) {
		switch b := r.text[r.at]; {
		case b >= '0' && b <= '9', b == '-', b == '+', b == '.', b == 'e', b == 'E':
			r.at++
			continue
		}
		break
	}
	return json.Number(r.text[begin:r.at])
}
