package auth

import (
	"context"
	"database/sql"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/customers"
)

// NewAccount is an account that somebody makes for themselves.
type NewAccount struct {
	Username, Email, Password, GivenName, Surname, Device string
}

// Register makes an account with the role customer and a customer profile, and
// opens a session, in one transaction. Errors: BAD_USER_INPUT, CONFLICT,
// OVERLOADED.
func (s *Service) Register(ctx context.Context, n NewAccount) (opened *Session, err error) {
	var u *ent.User
	defer func() { s.conclude(ctx, audit.EventRegister, u, err) }()
	if err := s.Passwords.CheckPolicy(n.Password, n.Username, n.Email, n.GivenName, n.Surname); err != nil {
		return nil, err
	}
	hash, err := s.Passwords.Hash(ctx, n.Password)
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := access.System(ctx, "register")
		u, err = accounts.CreateUser(ctx, c, accounts.NewUser{
			Username: n.Username, Email: n.Email, PasswordHash: hash,
			GivenName: n.GivenName, Surname: n.Surname, Roles: []string{access.RoleCustomer}, IsCustomer: true,
		}, s.Now())
		if err != nil {
			return err
		}
		email := n.Email
		if _, err := customers.Add(ctx, c, customers.Profile{Account: &u.ID, GivenName: n.GivenName, Surname: n.Surname, Email: &email}); err != nil {
			return err
		}
		opened, err = s.open(ctx, c, u, opening{Event: audit.EventRegister, Device: n.Device})
		return err
	})
	return opened, err
}
