package customers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/customer"
	"clinicgraph/ent/givenname"
	"clinicgraph/ent/order"
	"clinicgraph/ent/surname"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

const minReason, maxReason = 3, 500

// open are the states of a booking that is not over.
var open = []booking.Status{booking.StatusHeld, booking.StatusPending, booking.StatusConfirmed, booking.StatusInProgress}

// Erase erases the person behind a profile (GDPR, article 17): what the profile, the
// bookings and the visits say of them is emptied, the tie to the account is cut, and
// their key is destroyed, so that what the record and its archives hold of them is
// unreadable. Bookings, orders and payments stay, of a number that stands for nobody.
// Errors: NOT_FOUND, BAD_USER_INPUT, FORBIDDEN, CONFLICT while the data must be kept,
// something is open, or when they are erased already.
func (s *Service) Erase(ctx context.Context, id uuid.UUID, reason string) (erased *ent.Customer, err error) {
	defer func() {
		if err != nil { // else it is on record with what it tells of
			s.Security.Record(ctx, audit.Event{Name: audit.EventCustomerErase, Subject: &id, Permission: access.CustomerErase, Err: err})
		}
	}()
	if reason, err = accounts.Stated(reason, minReason, maxReason); err != nil {
		return nil, err
	}
	var before *ent.Customer
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		if before, err = s.erasable(ctx, c, id); err != nil {
			return err
		}
		elevated := access.WithDeleted(access.Elevated(ctx, "eraseCustomer"))
		if erased, err = s.empty(elevated, c, before); err != nil {
			return err
		}
		if err := s.People.Destroy(elevated, c, id, s.Now()); err != nil {
			return err
		}
		return audit.Write(ctx, c, audit.Event{Name: audit.EventCustomerErase, Subject: &id, Permission: access.CustomerErase, Details: reason})
	})
	s.People.Forget(id) // also where nobody knows whether it has committed
	if err != nil {
		return nil, err
	}
	s.Security.Count(audit.EventCustomerErase)
	// The person is erased: what is left over is no failure of that.
	if err := errors.Join(s.forgetNames(access.WithDeleted(access.Elevated(ctx, "eraseCustomer")), before), s.Store.DB.EmptyLog(ctx)); err != nil {
		s.Security.Log.ErrorContext(ctx, "traces of an erased customer are left", "customer", id, "error", err)
	}
	return erased.Unwrap(), nil
}

// MayErase is the rule of who is erased, and when. Errors: FORBIDDEN, CONFLICT.
func MayErase(v *access.Viewer, c *ent.Customer, own bool, now time.Time) error {
	switch {
	case !v.Reaches(access.CustomerErase, own, c.UnitID):
		return fault.Forbidden("You may not erase this customer.")
	case c.AnonymizedAt != nil:
		return fault.Conflict("The customer has been erased already.")
	case c.LegalHold:
		return fault.Conflict("Nothing about the customer may be erased for now: there is a legal hold.")
	case c.RetentionUntil != nil && c.RetentionUntil.After(now):
		return fault.Conflict("The data about the customer must be kept until %s.", c.RetentionUntil.Format(time.DateOnly))
	}
	return nil
}

// erasable loads the profile through the caller's rows and refuses what must stay.
func (s *Service) erasable(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.Customer, error) {
	q := c.Customer.Query().Where(customer.ID(id))
	if s.Store.DB.LocksRows() {
		q.ForUpdate() // a booking for the profile waits here, and finds it erased
	}
	found, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, fmt.Errorf("load customer: %w", err)
	}
	if err := MayErase(access.FromContext(ctx), found, Owned(ctx, found), s.Now()); err != nil {
		return nil, err
	}
	elevated := access.Elevated(ctx, "eraseCustomer")
	going, err := c.Booking.Query().Where(booking.CustomerID(id), booking.StatusIn(open...)).Exist(elevated)
	if err != nil {
		return nil, fmt.Errorf("look for open bookings: %w", err)
	}
	owed, err := c.Order.Query().Where(order.CustomerID(id), order.StatusIn(order.StatusPlaced, order.StatusProcessing)).Exist(elevated)
	if err != nil {
		return nil, fmt.Errorf("look for open orders: %w", err)
	}
	if going || owed {
		return nil, fault.Conflict("The customer has bookings or orders that are not over. Cancel or settle them first.")
	}
	return found, nil
}

// empty takes out of the rows what they say of the person, also out of deleted ones.
func (s *Service) empty(ctx context.Context, c *ent.Client, person *ent.Customer) (*ent.Customer, error) {
	visits, err := c.Appointment.Query().Where(appointment.CustomerID(person.ID), appointment.NotesNotNil()).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read visits: %w", err)
	}
	for _, id := range visits { // one by one, so that each is on record
		if err := c.Appointment.UpdateOneID(id).ClearNotes().Exec(ctx); err != nil {
			return nil, fmt.Errorf("empty a visit: %w", err)
		}
	}
	bookings, err := c.Booking.Query().Where(booking.CustomerID(person.ID), booking.CancelReasonNotNil()).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read bookings: %w", err)
	}
	for _, id := range bookings {
		if err := c.Booking.UpdateOneID(id).ClearCancelReason().Exec(ctx); err != nil {
			return nil, fmt.Errorf("empty a booking: %w", err)
		}
	}
	erased, err := person.Update().ClearAccountID().ClearGivenNameID().ClearSurnameID().ClearSexID().
		ClearBirthDate().ClearEmail().ClearPhone().ClearAddress().ClearNotes().ClearDocumentSealed().
		SetAnonymizedAt(s.Now()).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("empty the profile: %w", err)
	}
	if person.AccountID != nil {
		err = accounts.KeepCustomerFlag(ctx, c, *person.AccountID)
	}
	return erased, err
}

// forgetNames removes the rows of the person's names that nobody else bears. It is a
// transaction of its own: the erasure does not wait for those who are just giving
// somebody the same name.
func (s *Service) forgetNames(ctx context.Context, person *ent.Customer) error {
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		if id := person.GivenNameID; id != nil {
			q := c.GivenName.Query().Where(givenname.ID(*id))
			bearers := givenname.Or(givenname.HasUsers(), givenname.HasCustomers())
			if err := s.forgetName(ctx, q.Clone().ForUpdate().IDs, q.Where(bearers).Exist, c.GivenName.DeleteOneID(*id).Exec); err != nil {
				return err
			}
		}
		if id := person.SurnameID; id != nil {
			q := c.Surname.Query().Where(surname.ID(*id))
			bearers := surname.Or(surname.HasUsers(), surname.HasCustomers())
			return s.forgetName(ctx, q.Clone().ForUpdate().IDs, q.Where(bearers).Exist, c.Surname.DeleteOneID(*id).Exec)
		}
		return nil
	})
}

// forgetName locks a name before it looks who bears it: whoever is just giving it to
// somebody has it locked as well, and is seen.
func (s *Service) forgetName(ctx context.Context, lock func(context.Context) ([]uuid.UUID, error), borne func(context.Context) (bool, error), remove func(context.Context) error) error {
	if s.Store.DB.LocksRows() {
		if _, err := lock(ctx); err != nil {
			return fmt.Errorf("lock a name: %w", err)
		}
	}
	is, err := borne(ctx)
	if err != nil || is {
		return err
	}
	if err := remove(ctx); err != nil && !ent.IsNotFound(err) {
		return fmt.Errorf("remove a name that nobody bears: %w", err)
	}
	return nil
}
