package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var small = handler{fstest.MapFS{
	".gitkeep":               {},
	"index.html":             {Data: []byte("<!doctype html>")},
	"licenses.md":            {Data: []byte("# Licenses")},
	"assets/index-0a1b2c.js": {Data: []byte("export {}")},
	"assets/a.css":           {Data: []byte("p{}")},
	"assets/f.woff2":         {Data: []byte("wOF2")},
	"assets/folder.js/x.js":  {Data: []byte("export {}")},
}}

func ask(h http.Handler, method, target string) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w.Result()
}

func TestHandler_serves_what_was_built_and_nothing_else(t *testing.T) {
	const year, each = "public, max-age=31536000, immutable", "no-cache"
	type answer struct {
		Status      int
		Type, Cache string
	}
	plain := "text/plain; charset=utf-8"
	for target, want := range map[string]answer{
		"/playground/":                       {200, "text/html; charset=utf-8", each},
		"/playground/index.html":             {200, "text/html; charset=utf-8", each},
		"/playground/licenses.md":            {200, plain, each},
		"/playground/assets/index-0a1b2c.js": {200, "text/javascript; charset=utf-8", year},
		"/playground/assets/a.css":           {200, "text/css; charset=utf-8", year},
		"/playground/assets/f.woff2":         {200, "font/woff2", year},
		"/playground/assets/gone.js":         {404, plain, each},
		"/playground/assets/folder.js":       {404, plain, each},
		"/playground/assets/":                {404, plain, each},
		"/playground/assets":                 {404, plain, each},
		"/playground/.gitkeep":               {404, plain, each},
		"/playground/%2e%2e/console.go":      {404, plain, each},
		"/playground/..%2fhandler.js":        {404, plain, each},
		"/playground/no/such/page":           {404, plain, each},
		"/elsewhere/index.html":              {404, plain, each},
	} {
		t.Run(target, func(t *testing.T) {
			res := ask(small, http.MethodGet, target)
			got := answer{res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Cache-Control")}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHandler_sends_its_policy_with_every_answer(t *testing.T) {
	for _, target := range []string{"/playground/", "/playground/assets/index-0a1b2c.js", "/playground/gone"} {
		header := ask(small, http.MethodGet, target).Header
		if got := header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options = %q", target, got)
		}
		got := map[string]string{}
		for directive := range strings.SplitSeq(header.Get("Content-Security-Policy"), "; ") {
			name, sources, _ := strings.Cut(directive, " ")
			got[name] = sources
		}
		want := map[string]string{
			"default-src": "'none'", "script-src": "'self'", "worker-src": "'self'",
			"style-src": "'self' 'unsafe-inline'", "img-src": "'self' data:",
			"font-src": "'self'", "connect-src": "'self'",
			"base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: policy (-want +got):\n%s", target, diff)
		}
	}
}

func TestHandler_answers_GET_and_HEAD_only(t *testing.T) {
	w := httptest.NewRecorder()
	small.ServeHTTP(w, httptest.NewRequest(http.MethodHead, Path, nil))
	if w.Code != http.StatusOK || w.Body.Len() > 0 || w.Header().Get("Content-Length") != "15" {
		t.Errorf("HEAD = %d, %d bytes, Content-Length %q", w.Code, w.Body.Len(), w.Header().Get("Content-Length"))
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "BREW"} {
		res := ask(small, method, Path)
		if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s = %s, Allow %q", method, res.Status, res.Header.Get("Allow"))
		}
	}
}

func TestHandler_says_how_to_build_a_missing_playground(t *testing.T) {
	empty := handler{fstest.MapFS{".gitkeep": {}}}
	w := httptest.NewRecorder()
	empty.ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path, nil))
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "make console") {
		t.Errorf("answer = %d %q", w.Code, w.Body)
	}
}

func TestHandler_carries_either_a_whole_build_or_none(t *testing.T) {
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path, nil))
	page := w.Body.String()
	if strings.Contains(page, "make console") {
		return
	}
	for attribute := range strings.SplitSeq(page, `="`) {
		target, _, _ := strings.Cut(attribute, `"`)
		if !strings.HasPrefix(target, Path) {
			continue
		}
		if res := ask(Handler(), http.MethodGet, target); res.StatusCode != 200 {
			t.Errorf("the page names %s, which is %s", target, res.Status)
		}
	}
}
