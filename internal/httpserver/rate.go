package httpserver

import (
	"fmt"
	"net/http"
	"strings"

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
		told := &heralded{ResponseWriter: w, before: func(h http.Header) { tell(h, tally.States()) }}
		if f, ok := fault.As(err); ok {
			refuse(told, r, http.StatusTooManyRequests, f)
			return
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
	policies, left := make([]string, len(states)), make([]string, len(states))
	for i, s := range states {
		policies[i] = fmt.Sprintf("%q;q=%d;w=%d", s.Policy, s.Quota, int(s.Window.Seconds()))
		left[i] = fmt.Sprintf("%q;r=%d;t=%d", s.Policy, s.Remaining, int(s.Reset.Seconds()))
	}
	h.Set("RateLimit-Policy", strings.Join(policies, ", "))
	h.Set("RateLimit", strings.Join(left, ", "))
}
