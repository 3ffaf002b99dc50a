package app

import (
	"encoding"
	"fmt"
	"log/slog"
	"strings"
	"unicode"
)

// visible makes the text form of a log safe to look at: what a client has chosen
// can neither begin a line nor move the cursor. tint writes messages as they are,
// and on a terminal it even turns an escaped \x1b back into the control
// character. JSON needs none of this.
func visible(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(printable(a.Value.String()))
	case slog.KindAny:
		if _, isLevel := a.Value.Any().(slog.Level); !isLevel {
			a.Value = slog.StringValue(printable(text(a.Value.Any())))
		}
	}
	return a
}

func text(value any) string {
	if m, ok := value.(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	return fmt.Sprintf("%+v", value)
}

// printable puts the control picture (␊, ␛) in the place of a control character,
// and a question mark in that of whatever else nobody sees. Not U+FFFD: tint
// takes it for the end.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < ' ':
			return r + '␀'
		case !unicode.IsPrint(r), r == unicode.ReplacementChar:
			return '?'
		default:
			return r
		}
	}, s)
	return strings.ReplaceAll(s, `\x1b`, `\x1B`) // tint looks for the one in small letters
}
