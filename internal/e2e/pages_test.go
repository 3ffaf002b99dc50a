package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/graph"
	"clinicgraph/internal/config"
	"clinicgraph/internal/pages"
)

// TestALinkToTheServerItselfLeadsToAPage: unless the settings name a front end's.
func TestALinkToTheServerItselfLeadsToAPage(t *testing.T) {
	const elsewhere = "https://app.clinic.example/#token={token}"
	for name, c := range map[string]struct {
		change        func(*config.Config)
		verify, reset int
	}{
		"by default":                 {func(*config.Config) {}, 200, 200},
		"in production":              {func(cfg *config.Config) { cfg.Env, cfg.Server.PublicURL = config.Production, publicURL }, 200, 200},
		"where the setting says so":  {func(cfg *config.Config) { publicAt(cfg); cfg.Mail.LinkVerifyEmail = verifyPage + "#token={token}" }, 200, 200},
		"one page at a front end":    {func(cfg *config.Config) { cfg.Mail.LinkVerifyEmail = elsewhere }, 404, 200},
		"the other at a front end":   {func(cfg *config.Config) { cfg.Mail.LinkResetPassword = elsewhere }, 200, 404},
		"with the token in the path": {func(cfg *config.Config) { publicAt(cfg); cfg.Mail.LinkResetPassword = resetPage + "/{token}" }, 200, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clinic := open(t, dialect.SQLite, c.change)
			for path, want := range map[string]int{"/verify-email": c.verify, "/reset-password": c.reset, pages.Assets + "page.js": 200, pages.Assets: 404} {
				status, header, _ := clinic.get(http.MethodGet, path)
				if status != want {
					t.Errorf("%s: %d", path, status)
				}
				if got := header.Get("Cache-Control"); got != "no-store" {
					t.Errorf("%s: Cache-Control is %q", path, got)
				}
				if want != 200 {
					continue
				}
				if status, _, body := clinic.get(http.MethodHead, path); status != 200 || body != "" {
					t.Errorf("HEAD %s: %d %s", path, status, body)
				}
				if status, header, _ := clinic.get(http.MethodPost, path); status != 405 || header.Get("Allow") != "GET, HEAD" {
					t.Errorf("POST %s: %d", path, status)
				}
			}
		})
	}
	c := open(t, dialect.SQLite, func(cfg *config.Config) { cfg.Mail.LinkVerifyEmail, cfg.Mail.LinkResetPassword = elsewhere, elsewhere })
	if status, _, _ := c.get(http.MethodGet, pages.Assets+"page.js"); status != 404 {
		t.Errorf("the script of no page: %d", status)
	}
}

// TestAManifestDoesNotShutThePages: it trusts what the server itself carries, and
// no more than before where the pages are elsewhere.
func TestAManifestDoesNotShutThePages(t *testing.T) {
	ask := func(c *clinic, id string, input vars) *answer {
		t.Helper()
		document := pages.VerifyEmail.Documents[id] + pages.ResetPassword.Documents[id]
		body, err := json.Marshal(vars{"documentId": id, "query": document, "variables": vars{"input": input}})
		if err != nil {
			t.Fatal(err)
		}
		return c.anyone().post("application/json", string(body))
	}
	c, _ := trusting(t, `{ __typename }`)
	ask(c, "clinicgraph/requestPasswordReset", vars{"login": customerA}).ok()
	token := c.onlyMail("customer.a@example.org", subjectReset).token(t, "http://127.0.0.1:/reset-password")
	ask(c, "clinicgraph/verifyEmail", vars{"token": token}).refused("BAD_USER_INPUT").about("input.token")
	ask(c, "clinicgraph/resetPassword", vars{"token": token, "newPassword": newPassword}).ok().want("resetPassword.reset", `true`)
	c.anyone().do(pages.VerifyEmail.Documents["clinicgraph/verifyEmail"], input(vars{"token": token}, nil)).refused("BAD_USER_INPUT")

	manifest := filepath.Join(t.TempDir(), "documents.json")
	if err := os.WriteFile(manifest, []byte(`{"typename":"{ __typename }"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c = open(t, dialect.SQLite, func(cfg *config.Config) {
		cfg.Server.TrustedDocuments, cfg.Mail.LinkResetPassword = manifest, "https://app.clinic.example/#token={token}"
	})
	ask(c, "clinicgraph/resetPassword", vars{"token": token, "newPassword": newPassword}).refused("BAD_USER_INPUT").about("documentId")
	ask(c, "clinicgraph/verifyEmail", vars{"token": token}).refused("BAD_USER_INPUT").about("input.token")

	// Without a manifest, the same.
	c = open(t, dialect.SQLite)
	ask(c, "clinicgraph/resetPassword", vars{"token": token, "newPassword": newPassword}).refused("BAD_USER_INPUT").about("input.token")

	for _, page := range []*pages.Page{pages.VerifyEmail, pages.ResetPassword} {
		manifest, err := json.Marshal(page.Documents)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := graph.ReadDocuments(manifest, graph.Limits{}); err != nil {
			t.Errorf("%s %v", page.Path, err)
		}
	}
}
