package accounts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/ent/user"
	"clinicgraph/internal/fault"
)

// lostRace says that an insert-or-get found the row made by somebody else.
func lostRace(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// username is what a login name may be. It holds no "@", so that no login name
// can be somebody else's address.
var username = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{2,63}$`)

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
	Timezone           string
	Roles              []string // names of roles
	IsCustomer         bool
}

// CreateUser makes an account inside the client's transaction, under an elevated
// context. Errors: BAD_USER_INPUT, and CONFLICT when login name or address
// belong to another account.
func CreateUser(ctx context.Context, c *ent.Client, n NewUser, now time.Time) (*ent.User, error) {
	if !username.MatchString(n.Username) {
		return nil, fault.Invalid("input.username", "A user name has 3 to 64 letters, digits, dots, dashes and underscores.")
	}
	if a, err := mail.ParseAddress(n.Email); err != nil || a.Address != n.Email || len(n.Email) > 254 {
		return nil, fault.Invalid("input.email", "This is not an e-mail address.")
	}
	taken, err := c.User.Query().Where(user.Or(user.UsernameKey(LoginKey(n.Username)), user.EmailKey(LoginKey(n.Email)))).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for the account: %w", err)
	}
	if taken {
		return nil, errTaken(nil)
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
		SetPasswordChangedAt(now).SetIsCustomer(n.IsCustomer).
		SetFirstName(given).SetSurname(family).
		SetNillableOrganizationalUnitID(n.Unit).SetNillableSexID(n.Sex)
	if n.Timezone != "" {
		create.SetTimezone(n.Timezone)
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

func errTaken(cause error) error {
	return fault.Wrap(fault.CodeConflict, cause, "There is an account with this user name or e-mail address already.")
}
