package transport

import (
	"mime"
	"strconv"
	"strings"
)

// The media types of an answer (GraphQL over HTTP, "Media Types").
const (
	JSON     = "application/json"
	Response = "application/graphql-response+json"
)

// offer is how much a client wants one of the media types: its quality, and how
// exactly it was named.
type offer struct {
	quality float64
	exact   int // 3: by its name, 2: application/*, 1: */*, 0: not at all
}

// Negotiate chooses the media type of the answer (RFC 9110, section 12.5.1):
// the best quality; of equals the one that was named, and of two that were
// named the younger. A client that says nothing, or nothing more exact than
// application/*, gets JSON. It gives false where neither is acceptable; the
// refusal is JSON then.
func Negotiate(accept []string) (media string, acceptable bool) {
	ranges := strings.Join(accept, ",")
	if strings.TrimSpace(ranges) == "" {
		return JSON, true
	}
	var plain, response offer
	for part := range strings.SplitSeq(ranges, ",") {
		name, params, err := parseRange(part)
		if err != nil {
			continue
		}
		quality := 1.0
		if q, set := params["q"]; set {
			if quality, err = strconv.ParseFloat(q, 64); err != nil || !(quality >= 0 && quality <= 1) {
				continue
			}
		}
		if charset, set := params["charset"]; set && !strings.EqualFold(charset, "utf-8") {
			continue
		}
		switch name {
		case JSON:
			plain.raise(3, quality)
		case Response:
			response.raise(3, quality)
		case "application/*":
			plain.raise(2, quality)
			response.raise(2, quality)
		case "*/*":
			plain.raise(1, quality)
			response.raise(1, quality)
		}
	}
	switch {
	case plain.quality == 0 && response.quality == 0:
		return JSON, false
	case response.quality != plain.quality:
		return pick(response.quality > plain.quality), true
	case response.exact != plain.exact:
		return pick(response.exact > plain.exact), true
	default:
		return pick(response.exact == 3), true
	}
}

// parseRange is mime.ParseMediaType without its price where there are no parameters.
func parseRange(part string) (name string, params map[string]string, err error) {
	if strings.Contains(part, ";") {
		return mime.ParseMediaType(part)
	}
	return strings.ToLower(strings.TrimSpace(part)), nil, nil
}

// raise takes the quality of a range that is more exact than those before.
func (o *offer) raise(exact int, quality float64) {
	if exact > o.exact {
		o.exact, o.quality = exact, quality
	}
}

func pick(response bool) string {
	if response {
		return Response
	}
	return JSON
}
