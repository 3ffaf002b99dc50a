package httpserver

import "bytes"

// head is what a refusal needs to know of the head of a request. What was not sent
// is nil.
type head struct {
	length int // of the head, its empty line included
	body   int // Content-Length

	host, contentLength, connection                            []byte
	accept, origin, site, purpose, id, traceparent, tracestate []byte
}

// requestLine is the only one that parseHead knows.
const requestLine = "POST " + graphPath + " HTTP/1.1\r\n"

// parseHead reads the head of a request at the beginning of text, if all of it is
// there and nobody can read it in two ways (RFC 9112, sections 3 to 6): one line
// for each field, plain ASCII, one Host, one Content-Length, and nothing that
// changes how long the request is or what becomes of the connection behind it. It
// gives false for everything else, much of which is good HTTP: net/http decides
// about that.
func parseHead(text []byte) (h head, ok bool) {
	if !bytes.HasPrefix(text, []byte(requestLine)) {
		return head{}, false
	}
	for rest := text[len(requestLine):]; ; {
		end := bytes.IndexByte(rest, '\n')
		if end < 1 || rest[end-1] != '\r' {
			return head{}, false
		}
		line := rest[:end-1]
		rest = rest[end+1:]
		if len(line) == 0 {
			h.length = len(text) - len(rest)
			break
		}
		name, value, colon := bytes.Cut(line, []byte(":"))
		if !colon || !h.field(name, trim(value)) {
			return head{}, false
		}
	}
	if h.body, ok = length(h.contentLength); !ok || !plainHost(h.host) {
		return head{}, false
	}
	return h, h.connection == nil || bytes.EqualFold(h.connection, []byte("keep-alive"))
}

// longestName is more than the name of any field that matters has.
const longestName = 32

// field takes a field down, and says whether it is one that parseHead lets pass.
func (h *head) field(name, value []byte) bool {
	var known [longestName]byte
	if len(name) == 0 {
		return false
	}
	for i, c := range name {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-':
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		default:
			return false
		}
		if i < longestName {
			known[i] = c
		}
	}
	for _, c := range value {
		if c < ' ' || c > '~' {
			return false
		}
	}
	switch string(known[:min(len(name), longestName)]) {
	case "transfer-encoding", "te", "trailer", "expect", "upgrade", "http2-settings", "proxy-connection":
		return false
	case "host":
		return once(&h.host, value)
	case "content-length":
		return once(&h.contentLength, value)
	case "connection":
		return once(&h.connection, value)
	case "accept":
		return once(&h.accept, value)
	case "origin":
		return once(&h.origin, value)
	case "sec-fetch-site":
		return once(&h.site, value)
	case "x-purpose-of-use":
		return once(&h.purpose, value)
	case "x-request-id":
		return once(&h.id, value)
	case "traceparent":
		return once(&h.traceparent, value)
	case "tracestate":
		return once(&h.tracestate, value)
	default:
		return true
	}
}

// trim takes blanks off either end. Unlike bytes.Trim it makes no nil of a field that
// was sent empty.
func trim(value []byte) []byte {
	for len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	for len(value) > 0 && value[len(value)-1] == ' ' {
		value = value[:len(value)-1]
	}
	return value
}

// once is false for a field that is sent again.
func once(field *[]byte, value []byte) bool {
	first := *field == nil
	*field = value
	return first
}

// length reads Content-Length: digits that mean the same to everybody.
func length(digits []byte) (n int, ok bool) {
	const most = 7 // digits: far beyond the longest body
	if len(digits) == 0 || len(digits) > most || digits[0] == '0' {
		return 0, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + int(d-'0')
	}
	return n, true
}

// plainHost says whether Host is a name or an address, with or without a port.
func plainHost(host []byte) bool {
	for _, c := range host {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return len(host) > 0
}
