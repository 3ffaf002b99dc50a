package store

import "strings"

// firstWord gives the first word of a statement, in capitals, after blanks,
// opening parentheses and comments; "" when there is none.
func firstWord(query string) string {
	for {
		query = strings.TrimLeft(query, " \t\r\n(")
		switch {
		case strings.HasPrefix(query, "--"):
			_, rest, _ := strings.Cut(query, "\n")
			query = rest
		case strings.HasPrefix(query, "/*"):
			_, rest, _ := strings.Cut(query[2:], "*/")
			query = rest
		default:
			end := 0
			for end < len(query) && isLetter(query[end]) {
				end++
			}
			return strings.ToUpper(query[:end])
		}
	}
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// onlyReads says whether a statement may run outside a transaction. It errs on
// the side of refusing: a WITH that spells INSERT, UPDATE, DELETE or MERGE
// anywhere counts as a write. It does not see through functions that write.
func onlyReads(query string) bool {
	switch firstWord(query) {
	case "SELECT", "VALUES", "TABLE":
		return true
	case "WITH":
		return !writes(query)
	}
	return false
}

// writes looks for a word that writes, whatever its case.
func writes(query string) bool {
	for start := 0; start < len(query); {
		if !isWordByte(query[start]) {
			start++
			continue
		}
		end := start
		for end < len(query) && isWordByte(query[end]) {
			end++
		}
		switch end - start {
		case 5, 6:
			for _, w := range [...]string{"INSERT", "UPDATE", "DELETE", "MERGE"} {
				if strings.EqualFold(query[start:end], w) {
					return true
				}
			}
		}
		start = end
	}
	return false
}

func isWordByte(c byte) bool {
	return isLetter(c) || c == '_' || '0' <= c && c <= '9' || c >= 0x80
}
