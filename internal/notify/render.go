package notify

import (
	"embed"
	"fmt"
	"net/url"
	"strings"
	"text/template"
)

// texts holds one file for each message, in a folder for each language: the
// first line is the subject, the rest after an empty line what it says.
//
//go:embed templates/*/*.txt
var texts embed.FS

// fallback is the language of a message that is not there in the reader's own.
const fallback = "en"

// shown is what a template may use.
type shown struct {
	Link  string
	At    string
	Facts Facts
}

// render writes the message in the language of the locale, such as de-CH.
func (o *Outbox) render(locale string, m Message) (subject, text string, err error) {
	language, _, _ := strings.Cut(locale, "-")
	source, err := texts.ReadFile("templates/" + language + "/" + string(m.Template) + ".txt")
	if err != nil {
		source, err = texts.ReadFile("templates/" + fallback + "/" + string(m.Template) + ".txt")
	}
	if err != nil {
		return "", "", err
	}
	t, err := template.New(string(m.Template)).Option("missingkey=error").Parse(string(source))
	if err != nil {
		return "", "", err
	}
	s := shown{Facts: m.Facts.plain()}
	if !m.Facts.At.IsZero() {
		s.At = m.Facts.At.UTC().Format("2 January 2006, 15:04 UTC")
	}
	if page, has := links[m.Template]; has {
		if m.Token == "" {
			return "", "", fmt.Errorf("a link without a token")
		}
		s.Link = strings.ReplaceAll(page(o.Links), TokenMark, url.QueryEscape(m.Token))
	}
	var b strings.Builder
	if err := t.Execute(&b, s); err != nil {
		return "", "", err
	}
	head, body, ok := strings.Cut(b.String(), "\n\n")
	subject = strings.TrimPrefix(head, "Subject: ")
	if !ok || subject == head || strings.ContainsFunc(subject, isControl) {
		return "", "", fmt.Errorf("the template does not begin with a subject")
	}
	return subject, strings.TrimSpace(body) + "\n", nil
}

// maxFact keeps what a client sent from filling the message, in bytes.
const maxFact = 120

// plain makes the facts one short line each.
func (f Facts) plain() Facts {
	for _, s := range []*string{&f.IP, &f.Device, &f.Username, &f.Factor, &f.Program} {
		line := strings.Map(func(r rune) rune {
			if isControl(r) {
				return ' '
			}
			return r
		}, *s)
		if len(line) > maxFact {
			line = line[:maxFact]
		}
		*s = strings.ToValidUTF8(line, "")
	}
	return f
}
