package main

import "database/sql"

// text adds a key, with what stands before it, and a text or null.
func text(b []byte, key string, value sql.RawBytes) []byte {
	b = append(b, key...)
	if value == nil {
		return append(b, "null"...)
	}
	b = append(b, '"')
	from := 0
	for i, c := range value {
		if c < 0x20 || c == '"' || c == '\\' {
			const digits = "0123456789abcdef"
			b = append(append(b, value[from:i]...), '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			from = i + 1
		}
	}
	return append(append(b, value[from:]...), '"')
}

// price adds a key and an amount, which PostgreSQL has as a number.
func price(b []byte, key string, amount, currency sql.RawBytes) []byte {
	b = append(append(append(b, key...), `{"amount":`...), amount...)
	return append(text(b, `,"currency":`, currency), '}')
}

// name adds the two edges that a customer's name is.
func name(b []byte, given, surname sql.RawBytes) []byte {
	b = append(text(b, `"givenName":{"firstName":`, given), '}')
	return append(text(b, `,"surname":{"surname":`, surname), '}')
}

// comma parts the elements of a list.
func comma(b []byte) []byte {
	if b[len(b)-1] != '[' {
		b = append(b, ',')
	}
	return b
}
