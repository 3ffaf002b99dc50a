package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// SMTP is the transport to a mail server (RFC 5321), over TLS: from the first
// byte (RFC 8314) or by STARTTLS (RFC 3207), without which it sends nothing.
type SMTP struct {
	Host           string
	Port           int
	User, Password string
	Implicit       bool // TLS from the first byte
	Plain          bool // no TLS at all; for a server on this machine
	Roots          *x509.CertPool
}

// String says where the letters go.
func (s SMTP) String() string { return net.JoinHostPort(s.Host, fmt.Sprint(s.Port)) }

// Send hands the letter to the server, on a connection of its own.
func (s SMTP) Send(ctx context.Context, l Letter) error {
	m, err := l.mime()
	if err != nil {
		return err
	}
	line := &line{}
	defer line.close()
	client, err := gomail.NewClient(s.Host, s.options(line)...)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	talk, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return failure(err)
	}
	err = client.SendWithSMTPClient(talk, m)
	// What the server has taken is sent, however it says good-bye.
	_ = client.CloseWithSMTPClient(talk)
	if err != nil {
		return failure(err)
	}
	return nil
}

// line is the connection to the server. The library leaves one open that fails
// before the letter; with TLS from the first byte it insists on its own dialler,
// and such a line is closed by the garbage collector.
type line struct{ conn net.Conn }

func (l *line) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	l.conn, err = new(net.Dialer).DialContext(ctx, network, address)
	return l.conn, err
}

func (l *line) close() {
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

func (s SMTP) options(l *line) []gomail.Option {
	options := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(sendTimeout / 2)}
	if !s.Implicit {
		options = append(options, gomail.WithDialContextFunc(l.dial))
	}
	switch {
	case s.Implicit:
		options = append(options, gomail.WithSSL())
	case s.Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.Roots != nil {
		options = append(options, gomail.WithTLSConfig(&tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}))
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	return options
}

// failure says what went wrong in words of ours: the server's own may repeat the
// address, and what is kept and logged must not. A recipient that the server
// refuses for good (5xx, RFC 5321, section 4.2.1) will not be there tomorrow.
func failure(err error) error {
	refused, ok := errors.AsType[*gomail.SendError](err)
	switch {
	case !ok:
		return fmt.Errorf("mail server: %s", kindOf(err))
	case refused.Reason == gomail.ErrSMTPRcptTo && !refused.IsTemp():
		return fmt.Errorf("mail server: %s (%d %s): %w", refused.Reason, refused.ErrorCode(), refused.EnhancedStatusCode(), ErrRefused)
	default:
		return fmt.Errorf("mail server: %s (%d %s)", refused.Reason, refused.ErrorCode(), refused.EnhancedStatusCode())
	}
}

// kindOf sorts what happened before the letter itself.
func kindOf(err error) string {
	var network net.Error
	var wrongHost x509.HostnameError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &wrongHost), errors.As(err, &unknown):
		return "its certificate is not trusted"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer in " + (sendTimeout / 2).Round(time.Second).String()
	case errors.As(err, &network):
		return "cannot be reached"
	default:
		return "no connection over TLS, or it refuses the user"
	}
}
