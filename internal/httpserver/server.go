// Package httpserver owns the HTTP side: the server with its timeouts, the one
// ordered list of middleware, the way from a bearer token to a viewer, and the
// health endpoints. It knows no entity and no rule of the clinic.
package httpserver

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/rs/cors"

	"clinicgraph/internal/access"
	"clinicgraph/internal/admission"
	"clinicgraph/internal/console"
	"clinicgraph/internal/pages"
	"clinicgraph/internal/ratelimit"
)

// Limits of a request.
const (
	maxHeader     = 16<<10 - 4<<10 // net/http adds 4 KiB: 16 KiB pass, and a byte more is 431
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 15 * time.Second
	idleTimeout   = 60 * time.Second
)

// Server has what the endpoints are made of.
type Server struct {
	Graph        http.Handler
	Authenticate func(ctx context.Context, token string) (*access.Viewer, error)
	Ready        func(ctx context.Context) error
	Keys         func() []byte // the public keys of access tokens, as JSON
	Origins      []string      // other origins whose pages may call the graph
	PublicURL    string        // where browsers reach the server, "" where nobody has said so
	Playground   bool
	Pages        []*pages.Page // those of links in mails that lead here
	Production   bool          // browsers are told to use TLS alone
	Version      string
	GET          bool // queries are served by GET, too
	Log          *slog.Logger

	// Trace begins the span of a request; Observe is told of each that has been
	// answered. Both may be nil.
	Trace   func(r *http.Request, route, id string) (context.Context, func(status int))
	Observe func(Exchange)

	Trusted   []netip.Prefix     // proxies whose X-Forwarded-For counts
	Rate      *ratelimit.Limiter // nil: no limit
	Gate      *admission.Gate    // nil: all requests are let in
	Documents map[string]string  // the trusted documents by their ids; nil: any is executed
	JSONDepth int                // most levels of a body, as the graph has it

	draining atomic.Bool
	refusals beat // of early refusals
	refused  refusals
}

// Drain says that the server will stop soon: it is not ready any more, and each
// answer asks its client to connect anew, elsewhere. Requests are served as before.
func (s *Server) Drain() { s.draining.Store(true) }

// Handler is the whole server: every path, and around them the middleware, the
// outermost first.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(graphPath, s.graph())
	mux.HandleFunc("GET /livez", s.livez)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET "+keysPath, s.keys)
	mux.HandleFunc("GET /{$}", s.index)
	if s.Playground {
		mux.Handle(console.Path, console.Handler())
	}
	for _, page := range s.Pages {
		mux.Handle("GET "+page.Path, page)
	}
	if len(s.Pages) > 0 {
		mux.Handle(pages.Assets, pages.Handler())
	}
	return chain(mux, s.around()...)
}

// middleware is what stands around a handler.
type middleware = func(http.Handler) http.Handler

// around is what stands around every path.
func (s *Server) around() []middleware {
	all := []middleware{s.withRequestID, s.withLog, s.withRecover, withSecurityHeaders}
	if s.Production {
		all = append(all, withTransportSecurity)
	}
	return all
}

// ahead is what the graph has in front of its gate. What the gate refuses comes from
// there, too; see learnRefusals.
func (s *Server) ahead() []middleware {
	return []middleware{s.withCORS(), s.withOrigin, withPurpose}
}

// graph is the endpoint of the graph with what only it needs.
func (s *Server) graph() http.Handler {
	behind := []middleware{s.withAdmission, s.withViewer, s.withRate, s.withCookie}
	return chain(s.Graph, append(s.ahead(), behind...)...)
}

func chain(h http.Handler, middleware ...middleware) http.Handler {
	for i := len(middleware) - 1; i >= 0; i-- {
		h = middleware[i](h)
	}
	return h
}

// withCORS lets the pages of the listed origins call the graph. There is no
// wildcard: a clinic knows its own pages.
func (s *Server) withCORS() middleware {
	if len(s.Origins) == 0 {
		return func(h http.Handler) http.Handler { return h }
	}
	methods := []string{http.MethodPost}
	if s.GET {
		methods = append(methods, http.MethodGet)
	}
	return cors.New(cors.Options{
		AllowedOrigins: s.Origins,
		AllowedMethods: methods,
		// For the cookie of the refresh token; it authorises nothing else.
		AllowCredentials: true,
		AllowedHeaders:   []string{"Authorization", "Content-Type", "X-Request-Id", access.PurposeHeader, deviceHeader, proof},
		ExposedHeaders:   []string{"X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy"},
		MaxAge:           600,
	}).Handler
}

// New makes the HTTP server around the handler, with every timeout set.
func New(addr string, h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ConnState: connState,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether requests can be served: the server is not about to stop,
// and the database answers within two seconds.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		answer(w, http.StatusServiceUnavailable, map[string]string{"status": "stopping"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		s.Log.WarnContext(ctx, "not ready", "error", err)
		answer(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable"})
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// index says where things are.
func (s *Server) index(w http.ResponseWriter, _ *http.Request) {
	places := map[string]string{"name": "ClinicGraph", "version": s.Version, "graphql": "/graphql", "live": "/livez", "ready": "/readyz"}
	if s.Playground {
		places["playground"] = console.Path
	}
	answer(w, http.StatusOK, places)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have gone
}
