package httpserver

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"clinicgraph/graph"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// withRequestID gives each request an id, the client's own where it has a decent
// one, and puts the facts for the logs into the context.
func (s *Server) withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !decent(id) {
			id = newRequestID()
		}
		w.Header()["X-Request-Id"] = []string{id}
		ctx := access.WithRequest(r.Context(), access.Request{ID: id, IP: clientIP(r, s.Trusted), UserAgent: r.UserAgent(), Device: deviceToken(r)})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// decent says whether a client may call its request so: 8 to 64 letters, digits,
// dots, underscores and hyphens.
func decent(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// withPurpose takes down what the client reads personal data for, and refuses what
// is no purpose: a record that says nonsense would be worth less than one that says
// nothing.
func withPurpose(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.Header.Values(access.PurposeHeader)
		if len(given) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		if len(given) > 1 || given[0] == "" || !access.Purpose(given[0]) {
			refuse(w, r, http.StatusBadRequest, fault.Invalid(access.PurposeHeader, "%s is one of %s.", access.PurposeHeader, strings.Join(access.Purposes(), ", ")))
			return
		}
		request := access.RequestOf(r.Context())
		request.Purpose = given[0]
		next.ServeHTTP(w, r.WithContext(access.WithRequest(r.Context(), request)))
	})
}

// Where a client shows the token of its device.
const (
	deviceHeader = "X-Device-Token"
	deviceCookie = "__Host-dv"
)

// deviceToken is what the client has shown, good or not.
func deviceToken(r *http.Request) string {
	if token := r.Header.Get(deviceHeader); token != "" {
		return token
	}
	if cookie, err := r.Cookie(deviceCookie); err == nil {
		return cookie.Value
	}
	return ""
}

// newRequestID draws an id. It is no secret: that nobody else has it is enough.
func newRequestID() string {
	var b [16]byte
	var digits [2 * len(b)]byte
	binary.BigEndian.PutUint64(b[:8], rand.Uint64())
	binary.BigEndian.PutUint64(b[8:], rand.Uint64())
	hex.Encode(digits[:], b[:])
	return string(digits[:])
}

// withRecover answers a panic like any other defect; the stack goes to the log.
func (s *Server) withRecover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			thrown := recover()
			if thrown == nil || thrown == http.ErrAbortHandler {
				return
			}
			s.Log.ErrorContext(r.Context(), "panic", "request_id", access.RequestOf(r.Context()).ID, "panic", thrown, "stack", string(debug.Stack()))
			refuse(w, r, http.StatusInternalServerError, fault.New(fault.CodeInternal, "Something went wrong on our side. Please report the request id."))
		}()
		next.ServeHTTP(w, r)
	})
}

// withSecurityHeaders says what browsers must not do with our answers. The
// playground sets its own policy over this one.
func withSecurityHeaders(next http.Handler) http.Handler {
	// The values are the same for all answers: nobody changes them in place.
	nosniff, none, policy, never := []string{"nosniff"}, []string{"no-referrer"}, []string{"default-src 'none'; frame-ancestors 'none'"}, []string{"no-store"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"], h["Referrer-Policy"], h["Content-Security-Policy"], h["Cache-Control"] = nosniff, none, policy, never
		next.ServeHTTP(w, r)
	})
}

// withOrigin refuses what pages of origins that are not ours send (the checks of
// http.CrossOriginProtection: Sec-Fetch-Site, and where a browser does not send
// it, Origin against Host). Programs, and pages of the server's own origin, pass.
func (s *Server) withOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	for _, origin := range s.OwnOrigins() {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			panic(err) // checked with the settings
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := r
		if s.queryByGET(r) { // which the check would let pass, as safe
			asked = &http.Request{Method: http.MethodPost, URL: r.URL, Header: r.Header, Host: r.Host}
		}
		if protection.Check(asked) != nil {
			refuse(w, r, http.StatusForbidden, fault.Forbidden("Pages of this origin may not call the graph."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// OwnOrigins are those of the settings, and that of the public address: a proxy
// may have changed Host.
func (s *Server) OwnOrigins() []string {
	if public, err := url.Parse(s.PublicURL); err == nil && public.Host != "" {
		return append([]string{strings.ToLower(public.Scheme + "://" + public.Host)}, s.Origins...)
	}
	return s.Origins
}

// withViewer finds out who asks. No token is an anonymous viewer; a bad one is
// too, and the endpoint answers 401 unless everything asked for is public.
func (s *Server) withViewer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var viewer *access.Viewer // nil: nobody is known yet
		bearer := graph.Bearer{}
		if header := r.Header.Get("Authorization"); header != "" {
			bearer.Presented, bearer.Bad = true, true
			if scheme, token, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") {
				found, err := s.Authenticate(r.Context(), strings.TrimSpace(token))
				switch fault.CodeOf(err) {
				case "":
					viewer, bearer.Bad = found, false
				case fault.CodeUnauthenticated:
				default:
					f, ok := fault.As(err)
					if !ok {
						f = fault.New(fault.CodeInternal, "Something went wrong on our side. Please report the request id.")
					}
					s.Log.ErrorContext(r.Context(), "authentication failed", "request_id", access.RequestOf(r.Context()).ID, "error", err)
					refuse(w, r, statusOf(f), f)
					return
				}
			}
		}
		if viewer == nil {
			viewer = &access.Viewer{}
		}
		ctx := graph.WithBearer(access.NewContext(r.Context(), viewer), bearer)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func statusOf(f *fault.Error) int {
	switch f.Code {
	case fault.CodeUnavailable, fault.CodeOverloaded:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// refuse answers a request that never reached the graph, in the graph's form.
func refuse(w http.ResponseWriter, r *http.Request, status int, f *fault.Error) {
	graph.Refuse(w, r, status, f)
}
