// Package customers owns the profiles of the people who are treated. A profile
// is not an account: one account may own several, and a walk-in has none.
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
	"clinicgraph/internal/audit"
	"clinicgraph/internal/datakeys"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
)

// Profile is what a customer profile is made of.
type Profile struct {
	Account            *uuid.UUID
	GivenName, Surname string
	Unit, Sex          *uuid.UUID
	BirthDate          *string // YYYY-MM-DD
	Email, Phone       *string
	Address, Notes     *string
	Document           *string // number of the identity document
}

// Service has the verbs of customer profiles.
type Service struct {
	Store *store.Store
	Now   func() time.Time

	// People destroys the keys of who is erased, and Security puts that on record.
	People   *datakeys.Keys
	Security *audit.Security

	// Documents seals the numbers of identity documents.
	Documents *seal.Key
}

// Create makes a profile with an empty points account. The caller is the system;
// people call Admit. Errors: BAD_USER_INPUT.
func (s *Service) Create(ctx context.Context, p Profile) (made *ent.Customer, err error) {
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		made, err = Add(ctx, c, p)
		if err == nil && p.Document != nil {
			made, err = s.setDocument(ctx, made, *p.Document)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return made.Unwrap(), nil
}

// Add makes a profile inside the client's transaction, under an elevated
// context.
func Add(ctx context.Context, c *ent.Client, p Profile) (*ent.Customer, error) {
	given, err := accounts.GivenName(ctx, c, "input.givenName", p.GivenName)
	if err != nil {
		return nil, err
	}
	family, err := accounts.Surname(ctx, c, "input.surname", p.Surname)
	if err != nil {
		return nil, err
	}
	id := ids.New(ids.Customer)
	made, err := c.Customer.Create().SetID(id).SetNumber(ids.Number("C", id)).
		SetNillableAccountID(p.Account).SetGivenName(given).SetSurname(family).
		SetNillableUnitID(p.Unit).SetNillableSexID(p.Sex).
		SetNillableBirthDate(p.BirthDate).SetNillableEmail(p.Email).SetNillablePhone(p.Phone).
		SetNillableAddress(p.Address).SetNillableNotes(p.Notes).
		Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("make customer: %w", err)
	}
	if err := c.PointsAccount.Create().SetCustomerID(made.ID).Exec(ctx); err != nil {
		return nil, fmt.Errorf("make points account: %w", err)
	}
	if p.Account != nil {
		if err := accounts.KeepCustomerFlag(ctx, c, *p.Account); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// Named finds the customer that an input names, through the caller's rows; nil
// stands for the caller's own first profile. Errors: NOT_FOUND, CONFLICT for one that
// was erased, and BAD_USER_INPUT at path when the caller has no profile.
func Named(ctx context.Context, c *ent.Client, path string, id *uuid.UUID) (*ent.Customer, error) {
	q := c.Customer.Query()
	if id != nil {
		q.Where(customer.ID(*id))
	} else {
		q.Where(customer.AccountID(access.FromContext(ctx).UserID)).Order(customer.ByID())
	}
	found, err := q.First(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, fmt.Errorf("load customer: %w", err)
	}
	if err := Check(path, id, found); err != nil {
		return nil, err
	}
	return found, nil
}

// Check is the rule of Named for the customer that was found through the caller's
// rows, nil for none.
func Check(path string, id *uuid.UUID, found *ent.Customer) error {
	switch {
	case found == nil && id == nil:
		return fault.Invalid(path, "Your account has no customer profile: say whose it is.")
	case found == nil:
		return fault.Missing()
	case id != nil && found.AnonymizedAt != nil:
		return errErased()
	}
	return nil
}

func errErased() error { return fault.Conflict("The customer has been erased.") }

// Owned says whether the profile belongs to the caller's account.
func Owned(ctx context.Context, c *ent.Customer) bool {
	v := access.FromContext(ctx)
	return c.AccountID != nil && *c.AccountID == v.UserID && v.UserID != uuid.Nil
}
