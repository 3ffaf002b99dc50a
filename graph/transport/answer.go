package transport

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"clinicgraph/internal/fault"
)

// maxKept bounds the buffers that are kept for other requests.
const maxKept = 256 << 10

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func release(b *bytes.Buffer) {
	if b.Cap() <= maxKept {
		b.Reset()
		buffers.Put(b)
	}
}

// contentTypes are the values of Content-Type by the media type.
var contentTypes = map[string][]string{JSON: {JSON + "; charset=utf-8"}, Response: {Response + "; charset=utf-8"}}

// Write answers with the response, as a whole and with its length. A failure to
// write is not told: the client has gone.
func Write(w http.ResponseWriter, media string, status int, resp *graphql.Response) {
	b := buffers.Get().(*bytes.Buffer)
	defer release(b)
	Encode(b, resp)
	wait := 0
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		wait = retryAfter(resp)
	}
	WriteEncoded(w, media, status, b.Bytes(), wait)
}

// WriteEncoded is Write with a response that is JSON already, and with the seconds
// after which to come again, 0 where nothing is said of it.
func WriteEncoded(w http.ResponseWriter, media string, status int, body []byte, wait int) {
	h := w.Header()
	h["Content-Type"] = contentTypes[media]
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if wait > 0 {
		h.Set("Retry-After", strconv.Itoa(wait))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// Encode appends the response as JSON. A response without data is a request that
// was not executed: it has no data entry at all (GraphQL, section 7.1).
func Encode(b *bytes.Buffer, resp *graphql.Response) {
	begin := byte('{')
	entry := func(name string) {
		b.WriteByte(begin)
		b.WriteString(`"` + name + `":`)
		begin = ','
	}
	if len(resp.Errors) > 0 {
		entry("errors")
		encode(b, resp.Errors)
	}
	if resp.Data != nil || len(resp.Errors) == 0 {
		entry("data")
		if resp.Data == nil {
			b.WriteString("null")
		}
		b.Write(resp.Data)
	}
	if len(resp.Extensions) > 0 {
		entry("extensions")
		encode(b, resp.Extensions)
	}
	b.WriteByte('}')
}

// encode appends a value that is ours: one that is no JSON is a defect.
func encode(b *bytes.Buffer, value any) {
	if err := json.NewEncoder(b).Encode(value); err != nil {
		panic(err)
	}
	b.Truncate(b.Len() - 1) // the line break
}

// Status is that of a response. What was executed is 200, errors of fields
// included. What was not is told by its first error: the document and its
// variables have nothing to do with HTTP under application/json, and are 400
// under application/graphql-response+json (GraphQL over HTTP, "Status Codes").
func Status(media string, resp *graphql.Response) int {
	if resp.Data != nil || len(resp.Errors) == 0 {
		return http.StatusOK
	}
	code, _ := resp.Errors[0].Extensions["code"].(fault.Code)
	switch code {
	case fault.CodeUnauthenticated:
		return http.StatusUnauthorized
	case fault.CodeForbidden:
		return http.StatusForbidden
	case fault.CodePayloadTooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.CodeRateLimited:
		return http.StatusTooManyRequests
	case fault.CodeOverloaded, fault.CodeUnavailable:
		return http.StatusServiceUnavailable
	case fault.CodeInternal:
		return http.StatusInternalServerError
	}
	if media == Response {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// retryAfter is what the first error says, at least a second.
func retryAfter(resp *graphql.Response) int {
	seconds, _ := resp.Errors[0].Extensions["retryAfter"].(int)
	return max(1, seconds)
}
