package httpserver

import "net/http"

// keysPath is where programs look for the keys of access tokens.
const keysPath = "/.well-known/jwks.json"

// keys answers with the public keys of access tokens (RFC 7517), to pages of any
// origin: everybody may know them. A key is published ten minutes before it
// signs, so five may be spared asking.
func (s *Server) keys(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/jwk-set+json")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Access-Control-Allow-Origin", "*")
	_, _ = w.Write(s.Keys()) // the client may have gone
}
