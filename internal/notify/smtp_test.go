package notify

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/uuid"

	"clinicgraph/internal/mailtest"
)

func letter() Letter {
	return Letter{ID: uuid.New(), From: "Clinic <no-reply@clinic.example>", To: "ann@clinic.example", Subject: "Hello", Text: "Hello.\n.\nThere.\n"}
}

func TestALetterReachesTheMailServer(t *testing.T) {
	certificate, roots := mailtest.Certificate(t)
	for name, c := range map[string]struct {
		server mailtest.Server
		client SMTP
		tls    bool
	}{
		"by STARTTLS":         {mailtest.Server{TLS: certificate}, SMTP{Roots: roots, User: "clinic", Password: "hunter2"}, true},
		"by TLS at once":      {mailtest.Server{TLS: certificate, Implicit: true}, SMTP{Roots: roots, Implicit: true, User: "clinic", Password: "hunter2"}, true},
		"on this machine":     {mailtest.Server{}, SMTP{Plain: true}, false},
		"by nobody's account": {mailtest.Server{TLS: certificate}, SMTP{Roots: roots}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c.client.Host, c.client.Port = "127.0.0.1", c.server.Serve(t)
			check(t, c.client.Send(t.Context(), letter()))
			got := <-c.server.Got
			user := ""
			if c.client.User != "" {
				user = "clinic:hunter2"
			}
			if got.TLS != c.tls || got.User != user || !strings.Contains(got.To, "<ann@clinic.example>") || !strings.Contains(got.From, "<no-reply@clinic.example>") {
				t.Errorf("%+v", got)
			}
			if !strings.Contains(got.Text, "Subject: Hello\r\n") || !strings.Contains(got.Text, "\r\n..\r\nThere.") {
				t.Errorf("%s", got.Text)
			}
		})
	}
}

func TestNothingIsSentWithoutTLS(t *testing.T) {
	strange, _ := mailtest.Certificate(t)
	_, roots := mailtest.Certificate(t)
	for name, c := range map[string]struct {
		server mailtest.Server
		client SMTP
	}{
		"a server without STARTTLS":     {mailtest.Server{}, SMTP{User: "clinic", Password: "hunter2"}},
		"the same, by nobody's account": {mailtest.Server{}, SMTP{}},
		"a server that refuses it":      {mailtest.Server{TLS: strange, Refuse: map[string]string{"STARTTLS": "454 not now"}}, SMTP{Roots: roots}},
		"a certificate of a stranger":   {mailtest.Server{TLS: strange}, SMTP{Roots: roots}},
		"a stranger at once":            {mailtest.Server{TLS: strange, Implicit: true}, SMTP{Roots: roots, Implicit: true}},
	} {
		t.Run(name, func(t *testing.T) {
			c.client.Host, c.client.Port = "127.0.0.1", c.server.Serve(t)
			err := c.client.Send(t.Context(), letter())
			if err == nil || strings.Contains(err.Error(), "ann@") || strings.Contains(err.Error(), "hunter2") || errors.Is(err, ErrRefused) {
				t.Errorf("%v", err)
			}
			if len(c.server.Got) != 0 {
				t.Errorf("sent: %+v", <-c.server.Got)
			}
		})
	}
}

func TestWhatTheMailServerSaysIsNotRepeated(t *testing.T) {
	for verb, c := range map[string]struct {
		answer string
		good   bool // for good
		want   string
	}{
		"RCPT": {"550 5.1.1 <ann@clinic.example> unknown, says Bob", true, "550"},
		"MAIL": {"451 4.3.0 ann@clinic.example: later", false, "451"},
		"DATA": {"554 5.7.1 spam for ann@clinic.example", false, "554"},
		"EHLO": {"500 ann@clinic.example", false, "mail server"},
	} {
		s := mailtest.Server{Refuse: map[string]string{verb: c.answer, "HELO": c.answer}}
		err := SMTP{Host: "127.0.0.1", Port: s.Serve(t), Plain: true}.Send(t.Context(), letter())
		if err == nil || errors.Is(err, ErrRefused) != c.good || strings.Contains(err.Error(), "ann") || strings.Contains(err.Error(), "Bob") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", verb, err)
		}
	}
	s := mailtest.Server{Refuse: map[string]string{"RCPT": "450 4.2.1 ann@clinic.example is busy"}}
	if err := (SMTP{Host: "127.0.0.1", Port: s.Serve(t), Plain: true}).Send(t.Context(), letter()); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("a busy mailbox: %v", err)
	}
}

func TestAMailServerThatIsAway(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	if err := (SMTP{Host: "127.0.0.1", Port: port, Plain: true}).Send(t.Context(), letter()); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("%v", err)
	}
}
