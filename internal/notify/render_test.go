package notify

import (
	"io/fs"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

var all = []Template{
	ConfirmAddress, Registered, ResetPassword, Invitation, ConfirmChange, AddressInUse, ChangeRequested, AddressChanged,
	PasswordChanged, NewDevice, RefreshReused, FactorAdded, FactorRemoved, RecoveryCodeUsed,
	NewRecoveryCodes, TokenAdded, EmergencyAccess,
}

func renderer() *Outbox {
	return &Outbox{From: "Clinic <no-reply@clinic.example>", Links: Links{VerifyEmail: "https://clinic.example/v#{token}", ResetPassword: "https://clinic.example/r#{token}"}}
}

func TestEveryMessageHasItsText(t *testing.T) {
	o := renderer()
	for _, name := range all {
		m := Message{Template: name, Token: "ot_x y", Facts: Facts{At: time.Date(2030, 1, 7, 8, 0, 0, 0, time.UTC), IP: "192.0.2.1", Device: "A phone", Username: "ann", Factor: "a passkey", Program: "the till"}}
		subject, text, err := o.render("en", m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, linked := links[name]
		if subject == "" || !strings.HasSuffix(text, ".\n") || strings.Contains(text, "#ot_x+y\n") != linked || strings.Contains(text, "{") {
			t.Errorf("%s: %s\n\n%s", name, subject, text)
		}
		other, _, err := o.render("de-CH", m)
		if err != nil || other != subject {
			t.Errorf("%s in a language that is not there: %q, %v", name, other, err)
		}
		if linked {
			if _, _, err := o.render("en", Message{Template: name}); err == nil {
				t.Errorf("%s: a link without a token", name)
			}
		}
	}
	files, err := fs.Glob(texts, "templates/en/*.txt")
	if err != nil || len(files) != len(all) {
		t.Errorf("%d files for %d messages, %v", len(files), len(all), err)
	}
}

func TestALocaleIsNoPath(t *testing.T) {
	o := renderer()
	for _, locale := range []string{"../en", "en/..", "", "\x00", strings.Repeat("x", 5000)} {
		if _, _, err := o.render(locale, Message{Template: PasswordChanged}); err != nil {
			t.Errorf("%q: %v", locale, err)
		}
	}
}

// TestMessagesToStrangersHoldNothingThatSomebodyTyped: otherwise anybody could
// have the clinic mail their words to anybody.
func TestMessagesToStrangersHoldNothingThatSomebodyTyped(t *testing.T) {
	o := renderer()
	const typed = "buy at evil.example"
	for _, name := range []Template{ConfirmAddress, Registered, AddressInUse, ConfirmChange, ResetPassword} {
		_, text, err := o.render("en", Message{Template: name, Token: "t", Facts: Facts{Username: typed, Device: typed, IP: typed, Factor: typed}})
		if err != nil || strings.Contains(text, "evil") {
			t.Errorf("%s, %v:\n%s", name, err, text)
		}
	}
}

func TestFactsAreOneShortLineEach(t *testing.T) {
	_, text, err := renderer().render("en", Message{Template: NewDevice, Facts: Facts{Device: "Phone\r\n\r\nBcc: x\u2028y" + strings.Repeat("é", 200), IP: "192.0.2.1"}})
	if err != nil || strings.Contains(text, "\r") || strings.Contains(text, "\nBcc") || strings.Count(text, "é") > maxFact/2 || strings.Contains(text, "\u2028") {
		t.Errorf("%v:\n%s", err, text)
	}
}

func TestNothingBreaksOutOfAHeader(t *testing.T) {
	good := Letter{ID: uuid.New(), From: "Clinic <no-reply@clinic.example>", To: "ann@clinic.example", Subject: "Hello", Text: "Hello.\n"}
	for name, change := range map[string]func(*Letter){
		"a line break in the subject":    func(l *Letter) { l.Subject = "Hello\r\nBcc: bob@evil.example" },
		"a bare line feed":               func(l *Letter) { l.Subject = "Hello\nBcc: bob@evil.example" },
		"a bare carriage return":         func(l *Letter) { l.Subject = "Hello\rBcc: bob@evil.example" },
		"a line break in the address":    func(l *Letter) { l.To = "ann@clinic.example\r\nBcc: bob@evil.example" },
		"a folded address":               func(l *Letter) { l.To = "ann@clinic.example\r\n bob@evil.example" },
		"two addresses":                  func(l *Letter) { l.To = "ann@clinic.example, bob@evil.example" },
		"an address with a name":         func(l *Letter) { l.To = "Bob <bob@evil.example>" },
		"a quoted line break":            func(l *Letter) { l.To = "\"a\r\nb\"@clinic.example" },
		"no address":                     func(l *Letter) { l.To = "" },
		"a line break in the sender":     func(l *Letter) { l.From = "Clinic\r\nBcc: bob@evil.example <a@clinic.example>" },
		"an encoded break is no break":   func(l *Letter) { l.Subject = "=?utf-8?q?a=0D=0ABcc:_bob@evil.example?=" },
		"a text with headers is no head": func(l *Letter) { l.Text = "Bcc: bob@evil.example\r\n\r\n.\r\nQUIT\r\n" },
	} {
		l := good
		change(&l)
		m, err := l.mime()
		if err != nil {
			continue
		}
		var text strings.Builder
		if _, err := m.WriteTo(&text); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		read, err := mail.ReadMessage(strings.NewReader(text.String()))
		if err != nil || read.Header.Get("Bcc") != "" || len(read.Header["To"]) != 1 || read.Header.Get("To") != "<ann@clinic.example>" {
			t.Errorf("%s: %v\n%s", name, err, &text)
		}
		if strings.HasPrefix(name, "a line") || strings.HasPrefix(name, "a bare") || strings.HasPrefix(name, "two") {
			t.Errorf("%s was taken", name)
		}
	}
}
