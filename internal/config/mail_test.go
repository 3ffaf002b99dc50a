package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrongMailSettingsStopTheStartWithOneLine(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	with := func(pairs ...string) map[string]string {
		env := map[string]string{"CLINICGRAPH_MAIL_FROM": "no-reply@clinic.example"}
		for i := 0; i < len(pairs); i += 2 {
			env[pairs[i]] = pairs[i+1]
		}
		return env
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want string // how the line begins
	}{
		"another scheme":        {with("CLINICGRAPH_SMTP_URL", "http://u:hunter2@mail.example"), `CLINICGRAPH_SMTP_URL (--smtp-url) is not the URL of a mail server;`},
		"no host":               {with("CLINICGRAPH_SMTP_URL", "smtp://"), `CLINICGRAPH_SMTP_URL (--smtp-url) is not the URL of a mail server;`},
		"options":               {with("CLINICGRAPH_SMTP_URL", "smtp://mail.example?tls=no"), `CLINICGRAPH_SMTP_URL (--smtp-url) is not the URL of a mail server;`},
		"a password as it is":   {with("CLINICGRAPH_SMTP_URL", "smtp://u:hunter2#/@mail.example"), `CLINICGRAPH_SMTP_URL (--smtp-url) is not the URL of a mail server;`},
		"no port":               {with("CLINICGRAPH_SMTP_URL", "smtp://u:hunter2@mail.example:0"), `CLINICGRAPH_SMTP_URL (--smtp-url)="smtp://mail.example:0" has no port`},
		"two servers":           {with("CLINICGRAPH_SMTP_URL", "smtp://mail.example", "CLINICGRAPH_SMTP_URL_FILE", empty), `CLINICGRAPH_SMTP_URL_FILE (--smtp-url-file)`},
		"an empty file":         {with("CLINICGRAPH_SMTP_URL_FILE", empty), `CLINICGRAPH_SMTP_URL_FILE (--smtp-url-file)`},
		"no file":               {with("CLINICGRAPH_SMTP_URL_FILE", "/no/such/file"), `CLINICGRAPH_SMTP_URL_FILE (--smtp-url-file)="/no/such/file" cannot be read`},
		"no sender":             {one("CLINICGRAPH_SMTP_URL", "smtp://mail.example"), `CLINICGRAPH_MAIL_FROM (--mail-from) is not set;`},
		"a sender that is none": {one("CLINICGRAPH_MAIL_FROM", "the clinic"), `CLINICGRAPH_MAIL_FROM (--mail-from)="the clinic" is not an e-mail address;`},
		"a sender of two lines": {one("CLINICGRAPH_MAIL_FROM", "a@clinic.example\r\nBcc: b@clinic.example"), `CLINICGRAPH_MAIL_FROM (--mail-from)`},
		"production, no links": {
			production("CLINICGRAPH_SMTP_URL", "smtp://mail.example", "CLINICGRAPH_MAIL_FROM", "a@clinic.example"), `CLINICGRAPH_PUBLIC_URL (--public-url) is not set; links`},
		"a link without token": {one("CLINICGRAPH_LINK_VERIFY_EMAIL", "https://clinic.example/verify"), `CLINICGRAPH_LINK_VERIFY_EMAIL (--link-verify-email)="https://clinic.example/verify" does not hold {token} once;`},
		"a link with two":      {one("CLINICGRAPH_LINK_VERIFY_EMAIL", "https://clinic.example/{token}/{token}"), `CLINICGRAPH_LINK_VERIFY_EMAIL (--link-verify-email)`},
		"a token as the host":  {one("CLINICGRAPH_LINK_RESET_PASSWORD", "https://{token}.clinic.example/"), `CLINICGRAPH_LINK_RESET_PASSWORD (--link-reset-password)`},
		"no page":              {one("CLINICGRAPH_LINK_RESET_PASSWORD", "javascript:{token}"), `CLINICGRAPH_LINK_RESET_PASSWORD (--link-reset-password)`},
		"production, plain":    {production("CLINICGRAPH_LINK_RESET_PASSWORD", "http://clinic.example/{token}"), `CLINICGRAPH_LINK_RESET_PASSWORD (--link-reset-password)="http://clinic.example/{token}" would send`},
		"another way to join":  {one("CLINICGRAPH_REGISTRATION", "open"), `CLINICGRAPH_REGISTRATION (--registration)="open" is not known;`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, c.env)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("got  %v\nwant %s …", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the password is shown: %v", err)
			}
		})
	}
}

func TestTheMailServerOfTheSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "smtp")
	if err := os.WriteFile(file, []byte("smtp://u%40clinic.example:a%2Fb@mail.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key, value string
		want       SMTP
	}{
		"TLS from the start":  {"CLINICGRAPH_SMTP_URL", "smtps://u:p@mail.example", SMTP{Host: "mail.example", Port: 465, User: "u", Password: "p", Implicit: true}},
		"STARTTLS, by a file": {"CLINICGRAPH_SMTP_URL_FILE", file, SMTP{Host: "mail.example", Port: 587, User: "u@clinic.example", Password: "a/b"}},
		"on this machine":     {"CLINICGRAPH_SMTP_URL", "smtp://127.0.0.1:1025", SMTP{Host: "127.0.0.1", Port: 1025, Loopback: true}},
	} {
		cfg, err := parse(t, map[string]string{c.key: c.value, "CLINICGRAPH_MAIL_FROM": "no-reply@clinic.example"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, ok := cfg.SMTP(); !ok || got != c.want {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
		if shown := fmt.Sprintf("%+v", cfg.Mail); strings.Contains(shown, "a%2Fb") || strings.Contains(shown, "u:p") {
			t.Errorf("%s: the password is printed: %s", name, shown)
		}
	}
	if _, ok := defaults().SMTP(); ok {
		t.Error("a mail server where none is set")
	}
}

func TestLinksLeadWhereTheSettingsSay(t *testing.T) {
	for want, c := range map[string]Config{
		"https://clinic.example/verify-email#token={token}": {Server: Server{PublicURL: "https://clinic.example", Addr: ":8080"}},
		"http://127.0.0.1:8080/verify-email#token={token}":  {Server: Server{Addr: ":8080"}},
		"http://[::1]:9000/verify-email#token={token}":      {Server: Server{Addr: "[::1]:9000"}},
		"https://app.clinic.example/v/{token}":              {Server: Server{PublicURL: "https://clinic.example"}, Mail: Mail{LinkVerifyEmail: "https://app.clinic.example/v/{token}"}},
	} {
		if got := c.LinkTo(c.Mail.LinkVerifyEmail, "/verify-email"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestRegistrationIsVerifiedInProductionUnlessSaidOtherwise(t *testing.T) {
	got := map[string]string{}
	for _, env := range []Environment{Development, Production} {
		for _, how := range []string{"auto", "verified", "immediate", "closed"} {
			got[string(env)+" "+how] = Config{Env: env, Mail: Mail{Registration: how}}.RegistrationMode()
		}
	}
	want := map[string]string{
		"development auto": "immediate", "development verified": "verified", "development immediate": "immediate", "development closed": "closed",
		"production auto": "verified", "production verified": "verified", "production immediate": "immediate", "production closed": "closed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
