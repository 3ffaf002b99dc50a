package notify

import (
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"
)

// Letter is a message on its way: plain text to one address.
type Letter struct {
	ID       uuid.UUID // of the row: a letter that is sent twice has it twice
	From, To string
	Subject  string
	Text     string
	Date     time.Time
}

// mime writes the letter as RFC 5322 wants it. What would break out of a header
// is refused here once more, whoever made the letter.
func (l Letter) mime() (*gomail.Msg, error) {
	if strings.ContainsFunc(l.Subject, isControl) || strings.ContainsFunc(l.From, isControl) {
		return nil, fmt.Errorf("a header with a line break: %w", ErrRefused)
	}
	if err := checkAddress(l.To); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	from, err := mail.ParseAddress(l.From)
	if err != nil {
		return nil, fmt.Errorf("the sender is not an e-mail address")
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(from)
	m.ToMailAddress(&mail.Address{Address: l.To})
	m.Subject(l.Subject)
	m.SetDateWithValue(l.Date)
	_, host, _ := strings.Cut(from.Address, "@")
	m.SetMessageIDWithValue(l.ID.String() + "@" + host)
	// Nobody's out-of-office reply is wanted (RFC 3834, section 5).
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	return m, nil
}
