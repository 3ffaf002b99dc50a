package e2e

import (
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/config"
	"clinicgraph/internal/notify"
)

// letter is a mail that has left the clinic.
type letter struct {
	to, subject, text string
}

var links = regexp.MustCompile(`(https?://\S+)#token=(\S+)`)

// token is the secret of the link, which leads to the page.
func (l letter) token(t *testing.T, page string) string {
	t.Helper()
	found := links.FindStringSubmatch(l.text)
	if found == nil || found[1] != page {
		t.Fatalf("no link to %s in\n%s", page, l.text)
	}
	return found[2]
}

// mailed has the outbox send what is due, and gives what has left since the last
// time, by address and then by subject.
func (c *clinic) mailed() (fresh []letter) {
	c.t.Helper()
	if _, err := c.app.Mail.Deliver(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	folder := string(c.app.Mail.Transport.(notify.Folder))
	files, err := filepath.Glob(filepath.Join(folder, "*.eml"))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, file := range files {
		if slices.Contains(c.read, file) {
			continue
		}
		c.read = append(c.read, file)
		fresh = append(fresh, c.letter(file))
	}
	slices.SortFunc(fresh, func(a, b letter) int { return strings.Compare(a.to+" "+a.subject, b.to+" "+b.subject) })
	return fresh
}

func (c *clinic) letter(file string) letter {
	c.t.Helper()
	f, err := os.Open(file)
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	return c.letterIn(f)
}

// letterIn takes apart what has left the clinic. The secret in it must be nowhere
// else.
func (c *clinic) letterIn(source io.Reader) letter {
	c.t.Helper()
	m, err := mail.ReadMessage(source)
	if err != nil {
		c.t.Fatal(err)
	}
	to, err := mail.ParseAddress(m.Header.Get("To"))
	if err != nil {
		c.t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		c.t.Fatal(err)
	}
	l := letter{to.Address, subject, strings.ReplaceAll(string(text), "\r\n", "\n")}
	if found := links.FindStringSubmatch(l.text); found != nil {
		c.keep(found[2])
	}
	return l
}

// onlyMail is the one letter that has left since the last time.
func (c *clinic) onlyMail(to, subject string) letter {
	c.t.Helper()
	all := c.mailed()
	if len(all) != 1 || all[0].to != to || all[0].subject != subject {
		c.t.Fatalf("want one letter to %s, %q; there are %+v", to, subject, all)
	}
	return all[0]
}

// onlyMailOf is the one letter to the address that has left since the last time.
func (c *clinic) onlyMailOf(to string) letter {
	c.t.Helper()
	all := slices.DeleteFunc(c.mailed(), func(l letter) bool { return l.to != to })
	if len(all) != 1 {
		c.t.Fatalf("want one letter to %s; there are %+v", to, all)
	}
	return all[0]
}

// noMail says that nothing has left since the last time.
func (c *clinic) noMail() {
	c.t.Helper()
	if all := c.mailed(); len(all) != 0 {
		c.t.Errorf("%d letters: %+v", len(all), all)
	}
}

// The pages of the settings, and the subjects of the letters.
const (
	publicURL  = "https://clinic.example"
	verifyPage = publicURL + "/verify-email"
	resetPage  = publicURL + "/reset-password"

	subjectRegistered = "Please complete your registration"
	subjectConfirm    = "Please confirm your e-mail address"
	subjectInUse      = "You have an account already"
	subjectReset      = "A new password for your account"
	subjectPassword   = "Your password has changed"
	subjectNewAddress = "Please confirm your new e-mail address"
	subjectAsked      = "Your e-mail address is to change"
	subjectChanged    = "Your e-mail address has changed"
	subjectInvited    = "Your account at the clinic"
)

// eachByMail is each with links, and with the registration as it is in
// production.
func eachByMail(t *testing.T, registration string, story func(t *testing.T, c *clinic)) {
	t.Helper()
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, d, func(cfg *config.Config) {
				cfg.Server.PublicURL, cfg.Mail.Registration = publicURL, registration
			})
			story(t, c)
			c.mustAddUp()
		})
	}
}

func (cl *client) verifyEmail(token string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: VerifyEmailInput!) { verifyEmail(input: $in) { verified } }`, input(vars{"token": token}, nil))
}

func (cl *client) forgot(login string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: RequestPasswordResetInput!) { requestPasswordReset(input: $in) { accepted } }`, input(vars{"login": login}, nil))
}

func (cl *client) resetPassword(token, next string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: ResetPasswordInput!) { resetPassword(input: $in) { reset } }`, input(vars{"token": token, "newPassword": next}, nil))
}

func (cl *client) changeEmail(address string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: ChangeEmailInput!) { changeEmail(input: $in) { accepted } }`, input(vars{"newEmail": address}, more))
}

func (cl *client) confirmMe() *answer {
	cl.c.t.Helper()
	return cl.do(`mutation { requestEmailVerification { accepted } }`)
}

const myAddress = `{ viewer { user { email emailVerifiedAt } } }`
