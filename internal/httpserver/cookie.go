package httpserver

import (
	"net/http"
	"time"

	"clinicgraph/graph"
)

// refreshCookie holds the refresh token of a page. The prefix binds it to this
// host and to TLS (RFC 6265bis, 4.1.3.2); SameSite keeps it from requests that
// pages of other sites send.
const refreshCookie = "__Host-rt"

// proof is the header that a page of another origin cannot send without asking
// first (CORS), and that a form cannot send at all.
const proof = "X-Requested-With"

// withCookie hands the cookie of a request to the graph, and what the graph makes
// of it to the client. Sockets have none: they come by GET.
func (s *Server) withCookie(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		cookie := &graph.RefreshCookie{Proven: r.Header.Get(proof) != ""}
		// Of two nobody knows which is whose.
		if sent := r.CookiesNamed(refreshCookie); len(sent) == 1 {
			cookie.Token = sent[0].Value
		}
		told := herald(w, func(h http.Header) {
			if cookie.Changed {
				h.Add("Set-Cookie", baked(cookie).String())
			}
			if cookie.Device != "" {
				h.Add("Set-Cookie", kept(cookie.Device).String())
			}
		})
		next.ServeHTTP(told, r.WithContext(graph.WithRefreshCookie(r.Context(), cookie)))
	})
}

func baked(cookie *graph.RefreshCookie) *http.Cookie {
	c := &http.Cookie{
		Name: refreshCookie, Value: cookie.Next, Path: "/", Expires: cookie.Until.UTC(),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode,
	}
	if cookie.Next == "" {
		c.MaxAge, c.Expires = -1, time.Unix(1, 0).UTC()
	}
	return c
}

// deviceAge is how long browsers keep what tells a known device: as long as they
// keep any cookie (RFC 6265bis, 5.5: 400 days).
const deviceAge = 400 * 24 * time.Hour

// kept is the cookie of a known device. It signs nobody in.
func kept(token string) *http.Cookie {
	return &http.Cookie{
		Name: deviceCookie, Value: token, Path: "/", MaxAge: int(deviceAge / time.Second),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode,
	}
}

// withTransportSecurity has browsers use TLS alone from now on (RFC 6797), for a
// year. It says nothing about other hosts of the domain: they are not ours.
func withTransportSecurity(next http.Handler) http.Handler {
	always := []string{"max-age=31536000"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Strict-Transport-Security"] = always
		next.ServeHTTP(w, r)
	})
}
