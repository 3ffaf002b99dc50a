package accounts

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// Change says what becomes of a value: not given, it stays; given without a
// value, it is cleared.
type Change[T any] struct {
	Given bool
	Value *T
}

// Profile changes what is said about a person.
type Profile struct {
	GivenName, Surname, Phone Change[string]
	Locale, Timezone          Change[string] // cannot be cleared
	ExpectedVersion           *int32
}

// UserChange changes an account.
type UserChange struct {
	ID uuid.UUID
	Profile
	Username, Email Change[string] // cannot be cleared
	Unit, Sex       Change[uuid.UUID]
}

// Update changes somebody's account. A new address is not verified, and the former
// one is told. Of their own account nobody changes more than UpdateProfile does:
// the rest of it says what they may do, or how they sign in. Errors: NOT_FOUND,
// BAD_USER_INPUT, CONFLICT for a stale version and for a login name or address in
// use, FORBIDDEN.
func (s *Service) Update(ctx context.Context, in UserChange) (changed *ent.User, err error) {
	defer func() { s.tell(ctx, audit.EventUserUpdate, &in.ID, access.UserUpdate, err, "") }()
	if in.ID == access.FromContext(ctx).UserID {
		if in.Username.Given || in.Email.Given || in.Unit.Given || in.Sex.Given {
			return nil, errOwnAccess()
		}
		return s.updateOwn(ctx, in.Profile)
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, u, err := s.administered(ctx, c, in.ID, "updateUser")
		if err != nil {
			return err
		}
		if err := Named(ctx, c, in.Unit.Value, in.Sex.Value); err != nil {
			return err
		}
		elevated, update := access.Elevated(ctx, "updateUser"), u.Update()
		if err := in.account(elevated, c, u, update); err != nil {
			return err
		}
		if in.Unit.Given {
			if err := reaches(ctx, access.UserUpdate, in.Unit.Value); err != nil {
				return err
			}
			if in.Unit.Value == nil {
				update.ClearOrganizationalUnit()
			} else {
				update.SetOrganizationalUnitID(*in.Unit.Value)
			}
		}
		if in.Sex.Given {
			if in.Sex.Value == nil {
				update.ClearSex()
			} else {
				update.SetSexID(*in.Sex.Value)
			}
		}
		if changed, err = in.save(elevated, c, u, update); err != nil || changed.EmailKey == u.EmailKey {
			return err
		}
		return s.TellMoved(ctx, c, u)
	})
	if err != nil {
		return nil, err
	}
	return changed.Unwrap(), nil
}

// UpdateProfile changes what is said about the caller. Errors: BAD_USER_INPUT,
// CONFLICT for a stale version.
func (s *Service) UpdateProfile(ctx context.Context, in Profile) (changed *ent.User, err error) {
	id := access.FromContext(ctx).UserID
	defer func() { s.tell(ctx, audit.EventProfileUpdate, &id, "", err, "") }()
	return s.updateOwn(ctx, in)
}

func (s *Service) updateOwn(ctx context.Context, in Profile) (changed *ent.User, err error) {
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		elevated := access.Elevated(ctx, "updateProfile")
		u, err := c.User.Query().Where(user.ID(access.FromContext(ctx).UserID)).Only(elevated)
		if err != nil {
			return fmt.Errorf("load account: %w", err)
		}
		changed, err = in.save(elevated, c, u, u.Update())
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed.Unwrap(), nil
}

// account puts login name and address into the update.
func (in UserChange) account(ctx context.Context, c *ent.Client, u *ent.User, update *ent.UserUpdateOne) error {
	name, err := kept("input.username", in.Username, u.Username)
	if err != nil {
		return err
	}
	address, err := kept("input.email", in.Email, u.Email)
	if err != nil {
		return err
	}
	nameKey, addressKey := u.UsernameKey, u.EmailKey
	if name != u.Username {
		if err := checkUsername(name); err != nil {
			return err
		}
		nameKey = LoginKey(name)
		update.SetUsername(name).SetUsernameKey(nameKey)
	}
	if address != u.Email {
		if err := checkEmail(address); err != nil {
			return err
		}
		addressKey = LoginKey(address)
		update.SetEmail(address).SetEmailKey(addressKey).ClearEmailVerifiedAt()
	}
	taken, err := c.User.Query().Where(user.IDNEQ(u.ID), user.Or(user.UsernameKey(nameKey), user.EmailKey(addressKey))).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for the account: %w", err)
	}
	if taken {
		return errTaken(nil)
	}
	return nil
}

// save puts the profile into the update and carries it out, if the account is
// still at the expected version.
func (in Profile) save(ctx context.Context, c *ent.Client, u *ent.User, update *ent.UserUpdateOne) (*ent.User, error) {
	stale := fault.Conflict("The account has changed since you read it.")
	if in.ExpectedVersion != nil && *in.ExpectedVersion != u.Version {
		return nil, stale
	}
	if err := in.apply(ctx, c, u, update); err != nil {
		return nil, err
	}
	changed, err := update.Where(user.Version(u.Version)).Save(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, stale // another one was quicker by a moment
	case ent.IsConstraintError(err):
		return nil, errTaken(err)
	case err != nil:
		return nil, fmt.Errorf("change account: %w", err)
	}
	return changed, nil
}

func (in Profile) apply(ctx context.Context, c *ent.Client, u *ent.User, update *ent.UserUpdateOne) error {
	if in.GivenName.Given {
		if in.GivenName.Value == nil {
			update.ClearFirstName()
		} else {
			row, err := GivenName(ctx, c, "input.givenName", *in.GivenName.Value)
			if err != nil {
				return err
			}
			update.SetFirstName(row)
		}
	}
	if in.Surname.Given {
		if in.Surname.Value == nil {
			update.ClearSurname()
		} else {
			row, err := Surname(ctx, c, "input.surname", *in.Surname.Value)
			if err != nil {
				return err
			}
			update.SetSurname(row)
		}
	}
	if in.Phone.Given {
		if err := CheckPhone(in.Phone.Value); err != nil {
			return err
		}
		if in.Phone.Value == nil {
			update.ClearPhone()
		} else {
			update.SetPhone(*in.Phone.Value)
		}
	}
	if in.Locale.Given {
		tag, err := kept("input.locale", in.Locale, u.Locale)
		if err == nil {
			tag, err = canonicalLocale(tag)
		}
		if err != nil {
			return err
		}
		update.SetLocale(tag)
	}
	if in.Timezone.Given {
		zone, err := kept("input.timezone", in.Timezone, u.Timezone)
		if err == nil {
			err = checkTimezone(zone)
		}
		if err != nil {
			return err
		}
		update.SetTimezone(zone)
	}
	return nil
}

// kept gives the value as it will be, and refuses to clear one that must be
// there.
func kept(path string, c Change[string], now string) (string, error) {
	switch {
	case !c.Given:
		return now, nil
	case c.Value == nil:
		return "", fault.Invalid(path, "This cannot be cleared.")
	default:
		return *c.Value, nil
	}
}
