package httpserver

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// profileTime is the longest that a profile may take to be answered.
const profileTime = 2 * time.Minute

// Admin is what is served on the admin listener and nowhere else: the metrics,
// health, and profiles. Profiles are for callers on the same machine; others do
// not learn that they exist. The command line is not served: flags may hold
// passwords.
func (s *Server) Admin(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /livez", s.livez)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /debug/pprof/", onlyHere(pprof.Index)) // and every profile by its name
	mux.Handle("GET /debug/pprof/cmdline", http.NotFoundHandler())
	mux.Handle("GET /debug/pprof/profile", onlyHere(pprof.Profile))
	mux.Handle("GET /debug/pprof/symbol", onlyHere(pprof.Symbol))
	mux.Handle("GET /debug/pprof/trace", onlyHere(pprof.Trace))
	return chain(mux, s.withRequestID, s.withRecover, withSecurityHeaders)
}

// onlyHere answers callers on the same machine who have named it by its address
// or as localhost. Any other name may be that of a page in the operator's browser,
// which has had it pointed here.
func onlyHere(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.RemoteAddr) || !loopback(r.Host) {
			http.NotFound(w, r)
			return
		}
		h(w, r)
	})
}

// loopback says whether an address, with a port or without, is this machine's own.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// NewAdmin makes the HTTP server of the admin listener.
func NewAdmin(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		WriteTimeout: profileTime, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
