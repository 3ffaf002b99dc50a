package httpserver

import (
	"net/http"
	"strconv"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/ratelimit"
)

// withRate refuses a client that has nothing left, before its document is looked
// at: validating one costs up to 50 ms. The cost itself is charged in the graph,
// when it is known. Every answer says what is left.
func (s *Server) withRate(next http.Handler) http.Handler {
	if s.Rate == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, tally, err := s.Rate.Enter(r.Context())
		told := herald(w, func(h http.Header) { tell(h, tally.States()) })
		if err != nil {
			if f, ok := fault.As(err); ok {
				refuse(told, r, http.StatusTooManyRequests, f)
				return
			}
		}
		defer tally.Settle()
		next.ServeHTTP(told, r.WithContext(ctx))
	})
}

// tell writes the fields of draft-ietf-httpapi-ratelimit-headers-10: the policies
// that count for the client, and what is left of each. The unit is a point of
// cost, not a request.
func tell(h http.Header, states []ratelimit.State) {
	if len(states) == 0 {
		return
	}
	// Two lists of the structured fields of RFC 9651. The names are written as
	// net/http keeps them, which spares it that work for each answer.
	var policies, left [128]byte
	p, l := policies[:0], left[:0]
	for i, s := range states {
		if i > 0 {
			p, l = append(p, ", "...), append(l, ", "...)
		}
		p = parameter(parameter(strconv.AppendQuote(p, s.Policy), 'q', s.Quota), 'w', int(s.Window.Seconds()))
		l = parameter(parameter(strconv.AppendQuote(l, s.Policy), 'r', s.Remaining), 't', int(s.Reset.Seconds()))
	}
	values := []string{string(p), string(l)}
	h["Ratelimit-Policy"], h["Ratelimit"] = values[:1:1], values[1:]
}

func parameter(to []byte, name byte, value int) []byte {
	return strconv.AppendInt(append(to, ';', name, '='), int64(value), 10)
}
