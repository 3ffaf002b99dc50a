package customers

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/customer"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/fault"
)

// Edit changes a profile.
type Edit struct {
	ID                 uuid.UUID
	ExpectedVersion    *int32
	GivenName, Surname accounts.Change[string] // cannot be cleared
	Unit, Sex          accounts.Change[uuid.UUID]
	Sensitive
}

// Sensitive are the fields with permissions of their own.
type Sensitive struct {
	BirthDate, Email, Phone, Address, Notes, Document accounts.Change[string]
}

// needs are the permissions that the fields ask of who writes them: nobody writes
// what they may not read, since they would overwrite it blindly.
func (s Sensitive) needs() (permissions []string) {
	if s.BirthDate.Given || s.Email.Given || s.Phone.Given || s.Address.Given {
		permissions = append(permissions, access.CustomerReadPersonal)
	}
	if s.Document.Given {
		permissions = append(permissions, access.CustomerReadDocument)
	}
	if s.Notes.Given {
		permissions = append(permissions, access.CustomerUpdateNotes, access.CustomerReadNotes)
	}
	return permissions
}

// check refuses values that the fields cannot have. Errors: BAD_USER_INPUT.
func (s Sensitive) check(now time.Time) error {
	if day := s.BirthDate.Value; day != nil && (*day > now.UTC().Format(time.DateOnly) || *day < earliestBirth) {
		return fault.Invalid("input.birthDate", "A date of birth is not after today, and not before %s.", earliestBirth)
	}
	if s.Email.Value != nil {
		if err := accounts.CheckEmail("input.email", *s.Email.Value); err != nil {
			return err
		}
	}
	if err := accounts.CheckPhone(s.Phone.Value); err != nil {
		return err
	}
	if err := text("input.address", s.Address.Value, mostAddress); err != nil {
		return err
	}
	if err := text("input.notes", s.Notes.Value, mostNotes); err != nil {
		return err
	}
	return checkDocument(s.Document.Value)
}

// Admit makes a profile with an empty points account for somebody who has come: a
// profile of no account. Errors: BAD_USER_INPUT, NOT_FOUND for a unit or sex that
// the caller does not see, FORBIDDEN for a unit or a field that a permission does
// not reach.
func (s *Service) Admit(ctx context.Context, p Profile, fields Sensitive) (made *ent.Customer, err error) {
	for _, permission := range append([]string{access.CustomerCreate}, fields.needs()...) {
		if !access.FromContext(ctx).Reaches(permission, false, p.Unit) {
			return nil, outOfReach(permission)
		}
	}
	if err := fields.check(s.Now()); err != nil {
		return nil, err
	}
	p.BirthDate, p.Email, p.Phone, p.Address = fields.BirthDate.Value, fields.Email.Value, fields.Phone.Value, fields.Address.Value
	p.Notes, p.Document, p.Account = fields.Notes.Value, fields.Document.Value, nil
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		if err := accounts.Named(ctx, c, p.Unit, p.Sex); err != nil {
			return err
		}
		elevated := access.Elevated(ctx, "createCustomer")
		made, err = Add(elevated, c, p)
		if err == nil && p.Document != nil {
			made, err = s.setDocument(elevated, made, *p.Document)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return made.Unwrap(), nil
}

// Update changes a profile. Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT for a stale
// version and for a customer who was erased, FORBIDDEN for a profile, a unit or a
// field that a permission does not reach.
func (s *Service) Update(ctx context.Context, in Edit) (changed *ent.Customer, err error) {
	if err := in.check(s.Now()); err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		row, err := Named(ctx, c, "input.id", &in.ID)
		if err != nil {
			return err
		}
		for _, permission := range append([]string{access.CustomerUpdate}, in.needs()...) {
			reached, err := Reached(ctx, c, permission, row.ID)
			if err != nil {
				return err
			}
			if err := MayEdit(row, permission, reached[row.ID]); err != nil {
				return err
			}
		}
		if in.Unit.Given && !access.FromContext(ctx).Reaches(access.CustomerUpdate, false, in.Unit.Value) {
			return outOfReach(access.CustomerUpdate)
		}
		if err := accounts.Named(ctx, c, in.Unit.Value, in.Sex.Value); err != nil {
			return err
		}
		changed, err = s.save(access.Elevated(ctx, "updateCustomer"), c, row, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed.Unwrap(), nil
}

// MayEdit is the rule of who changes a profile, which the permission reaches or not.
// Errors: CONFLICT for a customer who was erased, FORBIDDEN.
func MayEdit(c *ent.Customer, permission string, reached bool) error {
	switch {
	case c.AnonymizedAt != nil:
		return errErased()
	case !reached:
		return outOfReach(permission)
	default:
		return nil
	}
}

// Reached says which of the profiles, which the caller sees, the permission reaches:
// by the row rule of profiles at the scope of that permission, as it is with fields that are read.
func Reached(ctx context.Context, c *ent.Client, permission string, ids ...uuid.UUID) (map[uuid.UUID]bool, error) {
	v, found := access.FromContext(ctx), ids
	switch scope := v.Scope(permission); {
	case scope == access.ScopeNone:
		found = nil
	case scope < v.Scope(access.CustomerRead):
		asked := access.NewContext(ctx, v.With([]access.Grant{{Permission: access.CustomerRead, Scope: scope, Allowed: true}}))
		var err error
		if found, err = c.Customer.Query().Where(customer.IDIn(ids...)).IDs(asked); err != nil {
			return nil, fmt.Errorf("look what %s reaches: %w", permission, err)
		}
	}
	reached := make(map[uuid.UUID]bool, len(found))
	for _, id := range found {
		reached[id] = true
	}
	return reached, nil
}

func outOfReach(permission string) error {
	return fault.Forbidden("Your permission %s does not reach this customer.", permission)
}

// save carries the change out, if the profile is still at the expected version.
// The context is elevated.
func (s *Service) save(ctx context.Context, c *ent.Client, row *ent.Customer, in Edit) (*ent.Customer, error) {
	stale := fault.Conflict("The profile has changed since you read it.")
	if in.ExpectedVersion != nil && *in.ExpectedVersion != row.Version {
		return nil, stale
	}
	update := row.Update().Where(customer.Version(row.Version))
	if err := in.names(ctx, c, update); err != nil {
		return nil, err
	}
	m := update.Mutation()
	put(in.Unit, m.SetUnitID, m.ClearUnitID)
	put(in.Sex, m.SetSexID, m.ClearSexID)
	put(in.BirthDate, m.SetBirthDate, m.ClearBirthDate)
	put(in.Email, m.SetEmail, m.ClearEmail)
	put(in.Phone, m.SetPhone, m.ClearPhone)
	put(in.Address, m.SetAddress, m.ClearAddress)
	put(in.Notes, m.SetNotes, m.ClearNotes)
	put(in.Document, func(number string) {
		m.SetDocumentSealed(s.Documents.Seal([]byte(number), row.ID.String()))
	}, m.ClearDocumentSealed)
	changed, err := update.Save(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, stale // another one was quicker by a moment
	case err != nil:
		return nil, fmt.Errorf("change customer: %w", err)
	}
	return changed, nil
}

// names puts the names into the update; a person keeps both.
func (in Edit) names(ctx context.Context, c *ent.Client, update *ent.CustomerUpdateOne) error {
	const given, family = "input.givenName", "input.surname"
	for path, name := range map[string]accounts.Change[string]{given: in.GivenName, family: in.Surname} {
		if name.Given && name.Value == nil {
			return fault.Invalid(path, "This cannot be cleared.")
		}
	}
	if in.GivenName.Given {
		row, err := accounts.GivenName(ctx, c, given, *in.GivenName.Value)
		if err != nil {
			return err
		}
		update.SetGivenName(row)
	}
	if in.Surname.Given {
		row, err := accounts.Surname(ctx, c, family, *in.Surname.Value)
		if err != nil {
			return err
		}
		update.SetSurname(row)
	}
	return nil
}

// put sets what is given with a value and clears what is given without one.
func put[T any](c accounts.Change[T], set func(T), clear func()) {
	switch {
	case !c.Given:
	case c.Value == nil:
		clear()
	default:
		set(*c.Value)
	}
}
