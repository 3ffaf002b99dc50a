package e2e

import (
	"net/http"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/config"
)

// TestPagesOfOtherOriginsAreRefused: what a browser says about the page that asks
// decides; programs say nothing.
func TestPagesOfOtherOriginsAreRefused(t *testing.T) {
	c := open(t, dialect.SQLite, func(cfg *config.Config) {
		cfg.Server.AllowedOrigins, cfg.Server.PublicURL = []string{"https://app.clinic.example"}, "https://clinic.example/api"
	})
	host := strings.TrimPrefix(c.url, "http://")
	for _, s := range []struct {
		origin, site string
		status       int
	}{
		{"", "", 200},
		{"", "same-origin", 200},
		{"", "none", 200},
		{"http://" + host, "", 200},
		{"http://" + host, "same-origin", 200},
		{"https://app.clinic.example", "", 200},
		{"https://app.clinic.example", "same-site", 200},
		{"https://app.clinic.example", "cross-site", 200},
		{"https://clinic.example", "", 200},
		{"https://evil.example", "", 403},
		{"https://evil.example", "cross-site", 403},
		{"https://app.clinic.example.evil.example", "cross-site", 403},
		{"http://app.clinic.example", "cross-site", 403},
		{"https://app.clinic.example:8443", "cross-site", 403},
		{"https://other.clinic.example", "same-site", 403},
		{"null", "", 403},
		{"null", "cross-site", 403},
		{"", "cross-site", 403},
		{"file://", "", 403},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/graphql", strings.NewReader(typename))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		for key, value := range map[string]string{"Origin": s.origin, "Sec-Fetch-Site": s.site} {
			if value != "" {
				r.Header.Set(key, value)
			}
		}
		a := c.exchange(r, "Origin "+s.origin)
		if a.status != s.status || s.status == 403 && a.code() != "FORBIDDEN" {
			t.Errorf("Origin %q, Sec-Fetch-Site %q: %d %s", s.origin, s.site, a.status, a.body)
		}
		want := ""
		if s.origin == "https://app.clinic.example" {
			want = s.origin
		}
		if got := a.header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("Origin %q may read by %q", s.origin, got)
		}
	}
}
