package accounts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// lostRace says that an insert-or-get found the row made by somebody else.
func lostRace(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// LoginKey normalises a login name or an address: two spellings of one are the
// same account, and the same guard (NFKC and case folding).
func LoginKey(login string) string {
	return cases.Fold().String(norm.NFKC.String(strings.TrimSpace(login)))
}

// NewUser is what an account is made of.
type NewUser struct {
	Username, Email    string
	PasswordHash       string // PHC; empty: no sign-in with a password
	MustChangePassword bool
	GivenName, Surname string
	Unit, Sex          *uuid.UUID
	Phone              *string  // E.164
	Locale, Timezone   string   // empty: those of the schema
	Roles              []string // names of roles
	IsCustomer         bool     // has a customer profile, or will within the transaction
}

// CreateUser makes an account inside the client's transaction, under an elevated
// context. Errors: BAD_USER_INPUT, and CONFLICT when login name or address
// belong to another account.
func CreateUser(ctx context.Context, c *ent.Client, n NewUser, now time.Time) (*ent.User, error) {
	if err := errors.Join(checkUsername(n.Username), checkEmail(n.Email), CheckPhone(n.Phone)); err != nil {
		return nil, err
	}
	if err := free(ctx, c, LoginKey(n.Username), LoginKey(n.Email)); err != nil {
		return nil, err
	}
	given, err := GivenName(ctx, c, "input.givenName", n.GivenName)
	if err != nil {
		return nil, err
	}
	family, err := Surname(ctx, c, "input.surname", n.Surname)
	if err != nil {
		return nil, err
	}
	create := c.User.Create().
		SetUsername(n.Username).SetUsernameKey(LoginKey(n.Username)).
		SetEmail(n.Email).SetEmailKey(LoginKey(n.Email)).
		SetPasswordHash(n.PasswordHash).SetMustChangePassword(n.MustChangePassword).
		SetIsCustomer(n.IsCustomer || slices.Contains(n.Roles, access.RoleCustomer)).
		SetFirstName(given).SetSurname(family).SetNillablePhone(n.Phone).
		SetNillableOrganizationalUnitID(n.Unit).SetNillableSexID(n.Sex)
	if n.PasswordHash != "" {
		create.SetPasswordChangedAt(now)
	}
	if n.Timezone != "" {
		create.SetTimezone(n.Timezone)
	}
	if n.Locale != "" {
		create.SetLocale(n.Locale)
	}
	u, err := create.Save(ctx)
	if ent.IsConstraintError(err) {
		return nil, errTaken(err)
	}
	if err != nil {
		return nil, fmt.Errorf("make account: %w", err)
	}
	for _, name := range n.Roles {
		r, err := c.Role.Query().Where(role.Name(name)).Only(ctx)
		if err != nil {
			return nil, fmt.Errorf("find role %s: %w", name, err)
		}
		if err := c.UserRole.Create().SetUserID(u.ID).SetRoleID(r.ID).SetAssignedAt(now).Exec(ctx); err != nil {
			return nil, fmt.Errorf("give role %s: %w", name, err)
		}
	}
	return u, nil
}

// free refuses a login name or an address, as keys, that another account has. It
// spares a transaction that would fail; what holds is the unique index.
func free(ctx context.Context, c *ent.Client, username, email string) error {
	taken, err := c.User.Query().Where(user.Or(user.UsernameKey(username), user.EmailKey(email))).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for the account: %w", err)
	}
	if taken {
		return errTaken(nil)
	}
	return nil
}

func errTaken(cause error) error {
	return fault.Wrap(fault.CodeConflict, cause, "There is an account with this user name or e-mail address already.")
}
