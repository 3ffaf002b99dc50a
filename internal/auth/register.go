package auth

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/onetimetoken"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notify"
)

// Registration is how people get an account of their own.
type Registration string

// The ways.
const (
	// Verified makes the account when its address is confirmed. The answer, and the
	// work for it, is the same whether or not an account has the address: only who
	// reads its mail gets to know.
	Verified Registration = "verified"
	// Immediate makes the account and signs in at once, which tells whether an
	// address has one.
	Immediate Registration = "immediate"
	// Closed refuses everybody.
	Closed Registration = "closed"
)

// NewAccount is an account that somebody makes for themselves.
type NewAccount struct {
	Username, Email, Password, GivenName, Surname, Device string
}

// user is the account with its password hashed.
func (n NewAccount) user(hash string) accounts.NewUser {
	return accounts.NewUser{
		Username: n.Username, Email: n.Email, PasswordHash: hash,
		GivenName: n.GivenName, Surname: n.Surname, Roles: []string{access.RoleCustomer}, IsCustomer: true,
	}
}

// Register takes in an account with the role customer and a customer profile.
// Where the registration is immediate it opens a session; otherwise the session
// is nil, and the account comes into being by VerifyEmail. Errors:
// BAD_USER_INPUT, CONFLICT, FORBIDDEN, OVERLOADED.
func (s *Service) Register(ctx context.Context, n NewAccount) (opened *Session, err error) {
	var u *ent.User
	defer func() { s.conclude(ctx, audit.EventRegister, u, err) }()
	if s.Registration == Closed {
		return nil, fault.Forbidden("Nobody registers here by themselves. Please ask the clinic for an account.")
	}
	if err := n.user("").Check(); err != nil {
		return nil, err
	}
	if err := s.Passwords.CheckAlone(n.Password, n.Username, n.Email, n.GivenName, n.Surname); err != nil {
		return nil, err
	}
	hash, err := s.Passwords.Hash(ctx, n.Password)
	if err != nil {
		return nil, err
	}
	if s.Registration == Verified {
		return nil, s.announce(ctx, n.user(hash))
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := access.System(ctx, "register")
		if u, err = s.admit(ctx, c, n.user(hash)); err != nil {
			return err
		}
		if err := s.askToConfirm(ctx, c, u); err != nil {
			return err
		}
		opened, err = s.open(ctx, c, u, opening{Event: audit.EventRegister, Device: n.Device})
		return err
	})
	return opened, err
}

// admit makes the account and its customer profile.
func (s *Service) admit(ctx context.Context, c *ent.Client, n accounts.NewUser) (*ent.User, error) {
	u, err := accounts.CreateUser(ctx, c, n, s.Now())
	if err != nil {
		return nil, err
	}
	email := n.Email
	_, err = customers.Add(ctx, c, customers.Profile{Account: &u.ID, GivenName: n.GivenName, Surname: n.Surname, Email: &email})
	return u, err
}

// registration is what waits, sealed, for its address to be confirmed.
type registration struct {
	Username, Email, PasswordHash, GivenName, Surname string
}

// announce puts the registration into the outbox. Who has the address is looked
// at there, behind the answer.
func (s *Service) announce(ctx context.Context, n accounts.NewUser) error {
	asked, err := json.Marshal(registration{n.Username, n.Email, n.PasswordHash, n.GivenName, n.Surname})
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		system := access.System(ctx, "register")
		if err := accounts.UsernameFree(system, c, n.Username); err != nil {
			return err
		}
		if err := s.Mail.Errand(system, c, errandRegister, asked); err != nil {
			return err
		}
		return audit.Write(ctx, c, audit.Event{Name: audit.EventRegister}) // of nobody's yet
	})
}

// answerRegistration mails the link that completes the registration, or that
// there is an account already. An address gets three such mails an hour, whoever
// asks for them.
func (s *Service) answerRegistration(ctx context.Context, c *ent.Client, asked []byte) error {
	var r registration
	if err := json.Unmarshal(asked, &r); err != nil {
		return err
	}
	n, err := s.Mail.Recent(ctx, c, r.Email, s.Now().Add(-time.Hour), notify.Registered, notify.AddressInUse)
	if err != nil || n >= mailsAnHour {
		return err
	}
	u, err := accounts.ByEmail(ctx, c, r.Email)
	if err != nil {
		return err
	}
	if u != nil {
		return s.Mail.Write(ctx, c, notify.Message{Template: notify.AddressInUse, User: u})
	}
	token, ends, err := s.mint(ctx, c, onetimetoken.PurposeVerifyEmail, nil, asked, verifyTTL)
	if err != nil {
		return err
	}
	return s.Mail.Write(ctx, c, notify.Message{Template: notify.Registered, To: r.Email, Token: token, Until: ends})
}

// complete makes the account of a registration whose address is confirmed.
func (s *Service) complete(ctx context.Context, c *ent.Client, t *ent.OneTimeToken) (*ent.User, error) {
	asked, err := s.OneTime.Open(t.Payload, t.ID.String())
	if err != nil {
		return nil, fmt.Errorf("open registration: %w", err)
	}
	var r registration
	if err := json.Unmarshal(asked, &r); err != nil {
		return nil, fmt.Errorf("read registration: %w", err)
	}
	ctx = access.System(ctx, "register")
	u, err := s.admit(ctx, c, NewAccount{Username: r.Username, Email: r.Email, GivenName: r.GivenName, Surname: r.Surname}.user(r.PasswordHash))
	if err != nil {
		return nil, err
	}
	return c.User.UpdateOneID(u.ID).SetEmailVerifiedAt(s.Now()).Save(ctx)
}
