package notify

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// server is a small mail server on this machine (RFC 5321, as far as a client
// gets to see it).
type server struct {
	tls      *tls.Config // nil: no STARTTLS
	implicit bool
	refuse   map[string]string // the answer to a command, instead of the usual one

	got chan taken
}

// taken is a letter that the server took, and how.
type taken struct {
	From, To, User string
	Text           string
	TLS            bool
}

// serve answers connections until the test ends, and gives the port.
func (s *server) serve(t *testing.T) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	s.got = make(chan taken, 10)
	done := make(chan struct{})
	t.Cleanup(func() { listener.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if s.implicit {
				conn = tls.Server(conn, s.tls)
			}
			s.talk(conn)
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

func (s *server) talk(conn net.Conn) {
	defer func() { conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	lines := bufio.NewReader(conn)
	say := func(text string) { fmt.Fprint(conn, text+"\r\n") }
	now := taken{TLS: s.implicit}
	say("220 mail.test")
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		if answer, refused := s.refuse[verb]; refused {
			say(answer)
			continue
		}
		switch verb {
		case "EHLO":
			say("250-mail.test")
			if s.tls != nil && !now.TLS {
				say("250-STARTTLS")
			}
			say("250-AUTH PLAIN")
			say("250 8BITMIME")
		case "STARTTLS":
			say("220 go ahead")
			conn = tls.Server(conn, s.tls)
			lines, now.TLS = bufio.NewReader(conn), true
		case "AUTH":
			_, secret, _ := strings.Cut(rest, " ")
			plain, _ := base64.StdEncoding.DecodeString(secret)
			now.User = strings.ReplaceAll(strings.Trim(string(plain), "\x00"), "\x00", ":")
			say("235 welcome")
		case "MAIL":
			now.From = rest
			say("250 fine")
		case "RCPT":
			now.To = rest
			say("250 fine")
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := lines.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				text.WriteString(line)
			}
			now.Text = text.String()
			s.got <- now
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 fine")
		}
	}
}

// certificate makes one for 127.0.0.1, and who trusts it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(t, err)
	parsed, err := x509.ParseCertificate(der)
	check(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

func letter() Letter {
	return Letter{ID: uuid.New(), From: "Clinic <no-reply@clinic.example>", To: "ann@clinic.example", Subject: "Hello", Text: "Hello.\n.\nThere.\n"}
}

func TestALetterReachesTheMailServer(t *testing.T) {
	certificate, roots := certificate(t)
	for name, c := range map[string]struct {
		server server
		client SMTP
		tls    bool
	}{
		"by STARTTLS":         {server{tls: certificate}, SMTP{Roots: roots, User: "clinic", Password: "hunter2"}, true},
		"by TLS at once":      {server{tls: certificate, implicit: true}, SMTP{Roots: roots, Implicit: true, User: "clinic", Password: "hunter2"}, true},
		"on this machine":     {server{}, SMTP{Plain: true}, false},
		"by nobody's account": {server{tls: certificate}, SMTP{Roots: roots}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c.client.Host, c.client.Port = "127.0.0.1", c.server.serve(t)
			check(t, c.client.Send(t.Context(), letter()))
			got := <-c.server.got
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
	strange, _ := certificate(t)
	_, roots := certificate(t)
	for name, c := range map[string]struct {
		server server
		client SMTP
	}{
		"a server without STARTTLS":     {server{}, SMTP{User: "clinic", Password: "hunter2"}},
		"the same, by nobody's account": {server{}, SMTP{}},
		"a server that refuses it":      {server{tls: strange, refuse: map[string]string{"STARTTLS": "454 not now"}}, SMTP{Roots: roots}},
		"a certificate of a stranger":   {server{tls: strange}, SMTP{Roots: roots}},
		"a stranger at once":            {server{tls: strange, implicit: true}, SMTP{Roots: roots, Implicit: true}},
	} {
		t.Run(name, func(t *testing.T) {
			c.client.Host, c.client.Port = "127.0.0.1", c.server.serve(t)
			err := c.client.Send(t.Context(), letter())
			if err == nil || strings.Contains(err.Error(), "ann@") || strings.Contains(err.Error(), "hunter2") || errors.Is(err, ErrRefused) {
				t.Errorf("%v", err)
			}
			if len(c.server.got) != 0 {
				t.Errorf("sent: %+v", <-c.server.got)
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
		s := server{refuse: map[string]string{verb: c.answer, "HELO": c.answer}}
		err := SMTP{Host: "127.0.0.1", Port: s.serve(t), Plain: true}.Send(t.Context(), letter())
		if err == nil || errors.Is(err, ErrRefused) != c.good || strings.Contains(err.Error(), "ann") || strings.Contains(err.Error(), "Bob") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", verb, err)
		}
	}
	s := server{refuse: map[string]string{"RCPT": "450 4.2.1 ann@clinic.example is busy"}}
	if err := (SMTP{Host: "127.0.0.1", Port: s.serve(t), Plain: true}).Send(t.Context(), letter()); err == nil || errors.Is(err, ErrRefused) {
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
