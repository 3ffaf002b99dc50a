package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
	"clinicgraph/internal/fault"
)

// Check says whether the account could be made, as far as that can be said
// without a look at who else is there. Errors: BAD_USER_INPUT.
func (n NewUser) Check() error {
	for _, check := range []func() error{
		func() error { return checkUsername(n.Username) },
		func() error { return checkEmail(n.Email) },
		func() error { return CheckPhone(n.Phone) },
		func() error { _, err := NormalName("input.givenName", n.GivenName); return err },
		func() error { _, err := NormalName("input.surname", n.Surname); return err },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// CheckEmail refuses what is no e-mail address. Errors: BAD_USER_INPUT at path.
func CheckEmail(path, address string) error {
	if err := checkEmail(address); err != nil {
		return fault.Invalid(path, "This is not an e-mail address.")
	}
	return nil
}

// UsernameFree refuses a login name that an account has. That a name is in use may
// be told: it is chosen, and says nothing about who. Errors: CONFLICT.
func UsernameFree(ctx context.Context, c *ent.Client, username string) error {
	taken, err := c.User.Query().Where(user.UsernameKey(LoginKey(username))).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for the user name: %w", err)
	}
	if taken {
		return fault.Conflict("There is an account with this user name already.")
	}
	return nil
}

// ByEmail finds the account of an address; nil where there is none. The context
// must be unrestricted.
func ByEmail(ctx context.Context, c *ent.Client, address string) (*ent.User, error) {
	u, err := c.User.Query().Where(user.EmailKey(LoginKey(address))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the address: %w", err)
	}
	return u, nil
}

// SetEmail gives the account an address that was shown to be its owner's, inside
// the client's transaction and under an elevated context. Errors: CONFLICT where
// another account has it by now.
func SetEmail(ctx context.Context, c *ent.Client, id uuid.UUID, address string, shownAt time.Time) (*ent.User, error) {
	other, err := ByEmail(ctx, c, address)
	if err != nil {
		return nil, err
	}
	if other != nil && other.ID != id {
		return nil, errTaken(nil)
	}
	u, err := c.User.UpdateOneID(id).SetEmail(address).SetEmailKey(LoginKey(address)).SetEmailVerifiedAt(shownAt).Save(ctx)
	if ent.IsConstraintError(err) {
		return nil, errTaken(err)
	}
	if err != nil {
		return nil, fmt.Errorf("set the address: %w", err)
	}
	return u, nil
}
