// Package notify owns the messages that leave the clinic by mail: what they say,
// the outbox that they wait in, and how they are sent. It never decides who is
// told what, and never takes an address or a link from a request.
//
// A message is written in the transaction of what it tells of: it is there if
// and only if that is. Its content is sealed, since it may hold a link that opens
// an account, and gone once it is sent.
package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/outboxmessage"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
)

// Outbox takes messages and sends them.
type Outbox struct {
	Store     *store.Store
	Key       *seal.Key
	Transport Transport
	Links     Links
	From      string // the sender, as RFC 5322 writes it
	Now       func() time.Time
	Log       *slog.Logger

	// Errands are what the outbox does by name, besides sending; see Errand.
	Errands map[string]func(ctx context.Context, c *ent.Client, asked []byte) error
}

// Transport hands a letter on. The errors that it gives name no address: they
// are kept and logged.
type Transport interface {
	Send(ctx context.Context, l Letter) error
	String() string // where letters go, for people
}

// content is what is sealed: a letter, or what an errand is about.
type content struct {
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text,omitempty"`
	Until   time.Time `json:"until,omitzero"`
	Errand  []byte    `json:"errand,omitempty"`
}

// errandPrefix tells errands from messages in the column of templates.
const errandPrefix = "errand:"

// Write puts a message into the outbox, inside the client's transaction and under
// the elevated context of the verb. A nil Outbox takes nothing: a service without
// one tells nobody.
func (o *Outbox) Write(ctx context.Context, c *ent.Client, m Message) error {
	if o == nil {
		return nil
	}
	to, locale := m.To, ""
	if m.User != nil {
		locale = m.User.Locale
		if to == "" {
			to = m.User.Email
		}
	}
	if err := checkAddress(to); err != nil {
		if m.To == "" {
			// An account may have come with an address that is none: what is done to it
			// must not fail for that.
			o.Log.WarnContext(ctx, "message to an account without an e-mail address", "template", m.Template, "user", m.User.ID)
			return nil
		}
		return fmt.Errorf("write %s: %w", m.Template, err)
	}
	subject, text, err := o.render(locale, m)
	if err != nil {
		return fmt.Errorf("write %s: %w", m.Template, err)
	}
	return o.put(ctx, c, string(m.Template), m.User, to, content{Subject: subject, Text: text, Until: m.Until})
}

// Errand has something done outside of the request, in a transaction of its own:
// what must not be seen in the time that an answer takes, such as whether there
// is an account. It takes effect once, and usually writes a message. The name is
// one of Errands; what is asked is sealed like a message.
func (o *Outbox) Errand(ctx context.Context, c *ent.Client, name string, asked []byte) error {
	if o == nil {
		return nil
	}
	return o.put(ctx, c, errandPrefix+name, nil, "", content{Errand: asked})
}

// Recent counts the messages of some kinds that were written to an address since
// a time, however the address is written.
func (o *Outbox) Recent(ctx context.Context, c *ent.Client, to string, since time.Time, kinds ...Template) (int, error) {
	if o == nil {
		return 0, nil
	}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	n, err := c.OutboxMessage.Query().Where(outboxmessage.CreatedAtGT(since),
		outboxmessage.TemplateIn(names...), outboxmessage.RecipientEqualFold(to)).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count messages: %w", err)
	}
	return n, nil
}

func (o *Outbox) put(ctx context.Context, c *ent.Client, template string, u *ent.User, to string, what content) error {
	plain, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("write %s: %w", template, err)
	}
	id := ids.New(ids.OutboxMessage)
	create := c.OutboxMessage.Create().SetID(id).SetChannel(outboxmessage.ChannelEmail).SetTemplate(template).
		SetRecipient(to).SetContentSealed(o.Key.Seal(plain, id.String())).SetNextAttemptAt(o.Now())
	if u != nil && u.ID != uuid.Nil {
		create.SetUserID(u.ID)
	}
	if err := create.Exec(ctx); err != nil {
		return fmt.Errorf("write %s: %w", template, err)
	}
	return nil
}

// open reads what a row holds.
func (o *Outbox) open(m *ent.OutboxMessage) (what content, err error) {
	plain, err := o.Key.Open(m.ContentSealed, m.ID.String())
	if err != nil {
		return what, err
	}
	return what, json.Unmarshal(plain, &what)
}

// checkAddress refuses what is not one bare address. Accounts have been checked
// when they were made: this is the last door before a header.
func checkAddress(to string) error {
	a, err := mail.ParseAddress(to)
	if err != nil || a.Address != to || strings.ContainsFunc(to, isControl) {
		return fmt.Errorf("the recipient is not an e-mail address")
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 }
