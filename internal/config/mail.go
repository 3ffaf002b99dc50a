package config

import (
	"net"
	"net/mail"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// Mail says how messages leave, what their links lead to, and how people get an
// account.
type Mail struct {
	SMTPURL           URL    `name:"smtp-url" env:"CLINICGRAPH_SMTP_URL" placeholder:"URL" help:"Mail server, as smtps://user:password@host:465 or smtp://user:password@host:587 with STARTTLS; messages are written to files in the data folder when empty. Better in the environment or a file: other processes can read flags."`
	SMTPURLFile       string `name:"smtp-url-file" env:"CLINICGRAPH_SMTP_URL_FILE" placeholder:"FILE" help:"File that holds the value of CLINICGRAPH_SMTP_URL."`
	From              string `name:"mail-from" env:"CLINICGRAPH_MAIL_FROM" placeholder:"ADDRESS" help:"Sender of messages, such as Clinic <no-reply@clinic.example>; needed with a mail server."`
	LinkVerifyEmail   string `name:"link-verify-email" env:"CLINICGRAPH_LINK_VERIFY_EMAIL" placeholder:"URL" help:"Page of the front end that confirms an address, with {token} in it; the server's own /verify-email#token={token}, at the public address, when empty."`
	LinkResetPassword string `name:"link-reset-password" env:"CLINICGRAPH_LINK_RESET_PASSWORD" placeholder:"URL" help:"Page of the front end that sets a new password, with {token} in it; the server's own /reset-password#token={token}, at the public address, when empty."`
	Registration      string `name:"registration" env:"CLINICGRAPH_REGISTRATION" default:"auto" placeholder:"HOW" help:"How people register: verified (after a mail to the address, which tells nobody whether there is an account), immediate (signed in at once), closed, or auto (verified in production, otherwise immediate)."`
}

// tokenMark stands in a link for the token.
const tokenMark = "{token}"

// localSender is who sends where nobody has said so: files alone have it.
const localSender = "ClinicGraph <no-reply@localhost>"

func (c *Config) checkMail() error {
	m := &c.Mail
	if err := oneOf("registration", m.Registration, "auto", "verified", "immediate", "closed"); err != nil {
		return err
	}
	source, err := m.read()
	if err != nil {
		return err
	}
	if m.SMTPURL != "" {
		if err := c.checkSMTP(source); err != nil {
			return err
		}
	}
	if m.From != "" {
		if _, err := mail.ParseAddress(m.From); err != nil || strings.ContainsAny(m.From, "\r\n") {
			return wrong("mail-from", m.From, "is not an e-mail address", "use an address such as Clinic <no-reply@clinic.example>")
		}
	}
	if err := c.checkLink("link-verify-email", &m.LinkVerifyEmail); err != nil {
		return err
	}
	return c.checkLink("link-reset-password", &m.LinkResetPassword)
}

// read takes SMTPURL from SMTPURLFile and gives the flag that it came from.
func (m *Mail) read() (source string, err error) {
	if m.SMTPURLFile == "" {
		m.SMTPURL = URL(strings.TrimSpace(string(m.SMTPURL)))
		return "smtp-url", nil
	}
	source = "smtp-url-file"
	if m.SMTPURL != "" {
		return source, wrong(source, m.SMTPURLFile, "is set and CLINICGRAPH_SMTP_URL, too", "unset one of them")
	}
	content, err := os.ReadFile(m.SMTPURLFile)
	if err != nil {
		return source, wrong(source, m.SMTPURLFile, "cannot be read", "name a file that the server's user may read")
	}
	m.SMTPURL = URL(strings.TrimSpace(string(content)))
	if m.SMTPURL == "" {
		return source, wrong(source, m.SMTPURLFile, "names an empty file", "put smtps://user:password@host:465 there, or unset it")
	}
	m.SMTPURLFile = ""
	return source, nil
}

func (c *Config) checkSMTP(source string) error {
	const remedy = "use smtps://user:password@host:465 or smtp://user:password@host:587"
	server, ok := c.SMTP()
	switch {
	case !ok:
		return wrong(source, "", "is not the URL of a mail server", remedy)
	case c.Mail.From == "":
		return wrong("mail-from", "", "is not set", "a mail server needs a sender, such as Clinic <no-reply@clinic.example>")
	case c.Production() && c.Server.PublicURL == "" && (c.Mail.LinkVerifyEmail == "" || c.Mail.LinkResetPassword == ""):
		return wrong("public-url", "", "is not set", "links in messages are built from it; use the address in the browser, such as https://clinic.example")
	case server.Port < 1:
		return wrong(source, c.Mail.SMTPURL.String(), "has no port from 1 to 65535", remedy)
	}
	return nil
}

// checkLink refuses what does not lead to one page with one token.
func (c *Config) checkLink(flag string, link *string) error {
	*link = strings.TrimSpace(*link)
	if *link == "" {
		return nil
	}
	const remedy = "use a page with {token} in it, such as https://app.clinic.example/verify#token={token}"
	if strings.Count(*link, tokenMark) != 1 || strings.ContainsAny(*link, " \t\r\n<>\"") {
		return wrong(flag, *link, "does not hold {token} once", remedy)
	}
	parsed, err := url.Parse(strings.Replace(*link, tokenMark, "token", 1))
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "" || parsed.User != nil || strings.Contains(hostOf(*link), tokenMark) {
		return wrong(flag, shownWeb(*link), "is not the URL of a page", remedy)
	}
	return c.checkPlainHTTP(flag, *link, parsed)
}

// hostOf is what stands between the scheme and the path.
func hostOf(link string) string {
	_, rest, _ := strings.Cut(link, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// SMTP is the mail server.
type SMTP struct {
	Host           string
	Port           int // -1: the URL has one that is none
	User, Password string
	Implicit       bool // TLS from the first byte, not by STARTTLS
	Loopback       bool // on this machine, where TLS is not needed
}

// SMTP gives the mail server of the settings; false where there is none.
func (c Config) SMTP() (s SMTP, ok bool) {
	parsed, err := url.Parse(c.Mail.SMTPURL.Reveal())
	if err != nil || parsed.Hostname() == "" || parsed.Path != "" && parsed.Path != "/" || parsed.RawQuery != "" || parsed.Fragment != "" {
		return s, false
	}
	s.Host, s.User = parsed.Hostname(), parsed.User.Username()
	s.Password, _ = parsed.User.Password()
	switch parsed.Scheme {
	case "smtps":
		s.Implicit, s.Port = true, 465
	case "smtp":
		s.Port = 587
	default:
		return s, false
	}
	if port := parsed.Port(); port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if s.Port = int(n); err != nil || n == 0 {
			s.Port = -1
		}
	}
	ip := net.ParseIP(s.Host)
	s.Loopback = s.Host == "localhost" || ip != nil && ip.IsLoopback()
	return s, true
}

// Sender is who messages are from.
func (c Config) Sender() string {
	if c.Mail.From == "" {
		return localSender
	}
	return c.Mail.From
}

// LinkTo is the page behind links to confirm an address or to set a password:
// the setting, or the page of that path at the public address, or at the one
// that the server listens on. The token is in the fragment, which browsers send
// to no server.
func (c Config) LinkTo(setting, path string) string {
	if setting != "" {
		return setting
	}
	base := c.Server.PublicURL
	if base == "" {
		host, port, _ := net.SplitHostPort(c.Server.Addr) // checked with the settings
		if host == "" {
			host = "127.0.0.1"
		}
		base = "http://" + net.JoinHostPort(host, port)
	}
	return base + path + "#token=" + tokenMark
}

// LinksHere says whether the link leads to the page of that path at this server,
// as it does unless the setting names another.
func (c Config) LinksHere(setting, path string) bool {
	return c.LinkTo(setting, path) == c.LinkTo("", path)
}

// RegistrationMode is verified, immediate or closed.
func (c Config) RegistrationMode() string {
	switch {
	case c.Mail.Registration != "auto" && c.Mail.Registration != "":
		return c.Mail.Registration
	case c.Production():
		return "verified"
	default:
		return "immediate"
	}
}
