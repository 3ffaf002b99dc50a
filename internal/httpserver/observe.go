package httpserver

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"clinicgraph/graph"
	"clinicgraph/internal/access"
	"clinicgraph/internal/console"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/pages"
)

// Exchange is what is known of a request when it has been answered.
type Exchange struct {
	Route  string // the path, or "other": a bounded set
	Status int
	Took   time.Duration

	// Refused is why the graph was not reached: the code that the status stands
	// for; "" when it was, and on other paths.
	Refused fault.Code

	// Early says that it was refused before net/http took the request apart. All of
	// these have the same route, status and code.
	Early bool
}

// withLog writes one line for each request that did not become an operation,
// which has a line of its own, and tells who counts and traces. What is refused
// under load has a line together, and its own at debug.
func (s *Server) withLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, route, ended := time.Now(), routeOf(r.URL.Path), func(int) {}
		// A socket lives for hours: its operations are traced, not itself.
		if s.Trace != nil && r.Header.Get("Upgrade") == "" {
			var ctx context.Context
			ctx, ended = s.Trace(r, route, access.RequestOf(r.Context()).ID)
			r = r.WithContext(ctx)
		}
		ctx, operations := graph.CountOperations(r.Context())
		rec := &recorder{ResponseWriter: w}
		if r.Header.Get("Upgrade") == "" {
			rec.draining = &s.draining
		}
		next.ServeHTTP(rec, r.WithContext(ctx))

		e := Exchange{Route: route, Status: cmp.Or(rec.status, http.StatusOK), Took: time.Since(began)}
		if route == graphPath && operations.Load() == 0 {
			e.Refused = refusal(e.Status)
		}
		ended(e.Status)
		if s.Observe != nil {
			s.Observe(e)
		}
		level, message := slog.LevelDebug, "request"
		switch {
		case underLoad(e.Refused):
			s.refused.add(e.Refused, s.Log)
		case e.Refused != "":
			level, message = slog.LevelInfo, "request refused"
		}
		s.Log.LogAttrs(ctx, level, message,
			slog.String("request_id", access.RequestOf(ctx).ID),
			slog.String("method", clip(r.Method)), slog.String("path", clip(r.URL.Path)),
			slog.Int("status", e.Status), slog.String("code", string(e.Refused)), slog.Duration("took", e.Took))
	})
}

// graphPath is where the graph is.
const graphPath = "/graphql"

// routeOf names the path of a request among those that there are.
func routeOf(path string) string {
	switch {
	case path == graphPath, path == "/livez", path == "/readyz", path == keysPath, path == "/",
		path == pages.VerifyEmail.Path, path == pages.ResetPassword.Path:
		return path
	case strings.HasPrefix(path, pages.Assets):
		return pages.Assets
	case strings.HasPrefix(path, console.Path):
		return console.Path
	default:
		return "other"
	}
}

// refusal is the code that a status stands for where the graph was not reached;
// "" where nothing was refused, as for the preflight of a browser.
func refusal(status int) fault.Code {
	switch {
	case status < http.StatusBadRequest:
		return ""
	case status == http.StatusUnauthorized:
		return fault.CodeUnauthenticated
	case status == http.StatusForbidden:
		return fault.CodeForbidden
	case status == http.StatusRequestEntityTooLarge:
		return fault.CodePayloadTooLarge
	case status == http.StatusTooManyRequests:
		return fault.CodeRateLimited
	case status == http.StatusServiceUnavailable:
		return fault.CodeOverloaded
	case status >= http.StatusInternalServerError:
		return fault.CodeInternal
	default:
		return fault.CodeBadUserInput
	}
}

// clip bounds what a client has chosen, for the log.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200]
	}
	return s
}
