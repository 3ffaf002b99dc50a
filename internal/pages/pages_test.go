package pages

import (
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

var both = []*Page{VerifyEmail, ResetPassword}

func ask(h http.Handler, path string) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Result()
}

func TestAPageIsKeptNowhereAndMayTalkToThisServerAlone(t *testing.T) {
	answers := map[string]*http.Response{}
	for _, p := range both {
		answers[p.Path] = ask(p, p.Path)
	}
	for _, name := range []string{"page.css", "page.js"} {
		answers[name] = ask(Handler(), Assets+name)
	}
	for name, a := range answers {
		if a.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", name, a.Status)
		}
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Content-Security-Policy": policy,
		} {
			if got := a.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
	}
	for _, wider := range []string{"unsafe", "*", "http", "data:", "blob:"} {
		if strings.Contains(policy, wider) {
			t.Errorf("the policy has %s", wider)
		}
	}
}

func TestThereIsNothingElseBesideThePages(t *testing.T) {
	for _, name := range []string{"", "pages.go", "verify-email.html", "../pages.go", "page.js/x"} {
		if a := ask(Handler(), Assets+name); a.StatusCode == http.StatusOK {
			t.Errorf("%q is served", name)
		}
	}
}

// TestAPageHoldsNothingInline: the policy would stop it.
func TestAPageHoldsNothingInline(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(?:[^>]*)>[^<]|https?:|javascript:`)
	for _, p := range both {
		if found := inline.Find(p.body); found != nil {
			t.Errorf("%s: %s", p.Path, found)
		}
		text := html.UnescapeString(string(p.body))
		for id, document := range p.Documents {
			if !strings.Contains(text, `data-id="`+id+`" data-document="`+document+`"`) {
				t.Errorf("%s does not name %s", p.Path, id)
			}
		}
		if n := strings.Count(text, "data-document="); n != len(p.Documents) {
			t.Errorf("%s: %d operations, of which %d are trusted", p.Path, n, len(p.Documents))
		}
	}
}
