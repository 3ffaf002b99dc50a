package seed

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/guard"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/rewards"
	"clinicgraph/internal/scheduling"
	"clinicgraph/internal/store"
)

// Deps is what seeding works with. The first administrator needs Store,
// Passwords and Now; the demo clinic needs all.
type Deps struct {
	Store     *store.Store
	Record    guard.Record // zero in tests
	Passwords *auth.Passwords
	Now       func() time.Time

	Customers  *customers.Service
	Catalog    *catalog.Service
	Scheduling *scheduling.Service
	Orders     *orders.Service
	Rewards    *rewards.Service
}

// Account is a way in, with a password that exists nowhere else in the clear.
type Account struct {
	Role     string `json:"role"`
	Unit     string `json:"unit"` // the unit's name
	Login    string `json:"login"`
	Password string `json:"password"`
}

// LogValue keeps the password out of logs.
func (a Account) LogValue() slog.Value {
	return slog.GroupValue(slog.String("role", a.Role), slog.String("unit", a.Unit), slog.String("login", a.Login))
}

// adminLogin and adminEmail are the first administrator's, to be changed with
// the password. Nothing is ever delivered to a domain under .invalid (RFC 2606).
const (
	adminLogin = "admin"
	adminEmail = "admin@clinic.invalid"
)

// FirstAdmin makes the account "admin", with a one-time password that must be
// changed at the first sign-in, where there is no user at all. The account is to
// be shown once and then forgotten; made says whether there is one. Base comes
// first.
func FirstAdmin(ctx context.Context, d Deps) (a Account, made bool, err error) {
	ctx = access.System(ctx, "seed")
	if inUse, err := anyUser(ctx, d.Store.Client); err != nil || inUse {
		return Account{}, false, err
	}
	a = Account{Role: access.RoleAdmin, Unit: RootUnit, Login: adminLogin, Password: auth.NewRandomPassword()}
	hash, err := d.Passwords.Hash(ctx, a.Password)
	if err != nil {
		return Account{}, false, fmt.Errorf("hash the administrator's password: %w", err)
	}
	err = d.Store.InTx(ctx, func(c *ent.Client, tx *sql.Tx) error {
		if err := d.Store.DB.Lock(ctx, tx, lockName); err != nil {
			return err
		}
		// Another server may have been quicker.
		inUse, err := anyUser(ctx, c)
		if err != nil || inUse {
			made = false
			return err
		}
		root, err := c.OrganizationalUnit.Query().Where(organizationalunit.ParentIDIsNil()).Order(organizationalunit.ByID()).First(ctx)
		if err != nil {
			return fmt.Errorf("find the root unit: %w", err)
		}
		a.Unit = root.Name
		u, err := accounts.CreateUser(ctx, c, accounts.NewUser{
			Username: a.Login, Email: adminEmail, PasswordHash: hash, MustChangePassword: true,
			GivenName: "First", Surname: "Administrator", Unit: &root.ID, Timezone: root.Timezone,
			Roles: []string{access.RoleAdmin},
		}, d.Now())
		if err != nil {
			return err
		}
		made = true
		return audit.Write(ctx, c, audit.Event{Name: audit.EventAdministratorMade, Subject: &u.ID})
	})
	if err != nil {
		return Account{}, false, fmt.Errorf("make the first administrator: %w", err)
	}
	if !made {
		return Account{}, false, nil
	}
	return a, true, nil
}

// anyUser looks at deleted users too: a clinic that has deleted its last user
// does not begin anew.
func anyUser(ctx context.Context, c *ent.Client) (bool, error) {
	found, err := c.User.Query().Exist(access.WithDeleted(ctx))
	if err != nil {
		return false, fmt.Errorf("look for users: %w", err)
	}
	return found, nil
}
