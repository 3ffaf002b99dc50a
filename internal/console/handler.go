package console

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// policy is what the page may do: load what this server serves, and talk to
// this server. Nothing inline, no eval, no foreign host.
//
// Two entries are wider than 'self', and each was seen to be needed: style-src
// has 'unsafe-inline' because Monaco writes its theme as style elements and
// the places of its lines as style attributes, and takes no nonce; img-src has
// data: for the squiggles in Monaco's style sheets. Scripts, workers and fonts
// are files.
const policy = "default-src 'none'; " +
	"script-src 'self'; " +
	"worker-src 'self'; " +
	"style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; " +
	"font-src 'self'; " +
	"connect-src 'self'; " +
	"base-uri 'none'; " +
	"form-action 'none'; " +
	"frame-ancestors 'none'"

// types are the kinds of file that Vite writes. The operating system's table
// is not asked, because it differs between machines; with nosniff a wrong
// entry is a page that does not start.
var types = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".md":    "text/plain; charset=utf-8",
	".svg":   "image/svg+xml",
	".ttf":   "font/ttf",
	".woff":  "font/woff",
	".woff2": "font/woff2",
}

const notBuilt = "The playground is not part of this build.\n" +
	"Build it with `make console`, then build the server again.\n"

// Handler serves the embedded playground under Path to GET and HEAD. Files
// with a hash in their name are cached for a year, the page itself is asked
// for each time, and everything else is 404. A binary built without the
// playground says so, and how to build it, also as 404.
func Handler() http.Handler { return handler{built()} }

type handler struct{ files fs.FS }

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	// On every answer: a worker lives under the policy of its own file.
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-cache")

	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "The playground is read with GET or HEAD.", http.StatusMethodNotAllowed)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if name == "" {
		name = "index.html"
	}
	h.serve(w, r, name)
}

func (h handler) serve(w http.ResponseWriter, r *http.Request, name string) {
	// What has no known type is nothing that Vite built: folders, .gitkeep.
	kind, known := types[path.Ext(name)]
	if !known {
		http.NotFound(w, r)
		return
	}
	body, err := h.open(name)
	if err != nil {
		if name == "index.html" {
			http.Error(w, notBuilt, http.StatusNotFound)
			return
		}
		http.NotFound(w, r)
		return
	}
	defer body.Close()
	w.Header().Set("Content-Type", kind)
	if strings.HasPrefix(name, "assets/") {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, body)
}

// open gives a regular file that can be read in ranges. fs.FS refuses names
// that lead out of the tree.
func (h handler) open(name string) (io.ReadSeekCloser, error) {
	file, err := h.files.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		if body, ok := file.(io.ReadSeekCloser); ok {
			return body, nil
		}
	}
	file.Close()
	return nil, fmt.Errorf("open %s: not a readable file", name)
}
