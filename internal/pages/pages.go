// Package pages owns the two pages that links in mails lead to where no front end
// has its own: one confirms an address, one sets a password. They are clients of
// /graphql like any other. The package never decides whether they are served, and
// never sees a token: it stands in the fragment of the link.
package pages

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

// Assets is the folder of what both pages load, relative to them.
const Assets = "/mail-links/"

//go:embed *.html *.css *.js
var files embed.FS

// policy is what a page may do: run the one script and the one style sheet of this
// server, and talk to this server. Trusted types are none: the script writes text
// alone.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Page is a page and the operations that it asks for.
type Page struct {
	Path      string
	Documents map[string]string // by the ids that the page names them with
	body      []byte
}

// The pages. A link to one ends with #token= and the token.
var (
	VerifyEmail = page("/verify-email", "verify-email.html", map[string]string{
		"clinicgraph/verifyEmail": `mutation VerifyEmail($input: VerifyEmailInput!) { verifyEmail(input: $input) { verified } }`,
	})
	ResetPassword = page("/reset-password", "reset-password.html", map[string]string{
		"clinicgraph/resetPassword":        `mutation ResetPassword($input: ResetPasswordInput!) { resetPassword(input: $input) { reset } }`,
		"clinicgraph/requestPasswordReset": `mutation RequestPasswordReset($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { accepted } }`,
	})
)

// page puts the texts of the operations into the page, where its script finds
// them.
func page(path, name string, documents map[string]string) *Page {
	t := template.Must(template.ParseFS(files, name))
	var body bytes.Buffer
	if err := t.Option("missingkey=error").Execute(&body, documents); err != nil {
		panic(err) // the file is part of the binary
	}
	return &Page{Path: path, Documents: documents, body: body.Bytes()}
}

// ServeHTTP implements http.Handler. Nothing is kept by the browser.
func (p *Page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	send(w, "text/html; charset=utf-8", p.body)
}

// Handler serves what the pages load, under Assets.
func Handler() http.Handler {
	mux := http.NewServeMux()
	for name, kind := range map[string]string{"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"} {
		body, err := files.ReadFile(name)
		if err != nil {
			panic(err) // the file is part of the binary
		}
		mux.HandleFunc("GET "+Assets+name, func(w http.ResponseWriter, _ *http.Request) { send(w, kind, body) })
	}
	return mux
}

func send(w http.ResponseWriter, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(body) // the client may have gone
}
