package scheduling

import (
	"context"
	"database/sql"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/resourceclaim"
	"clinicgraph/internal/access"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/idempotency"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/store"
)

// maxNotes is the longest note, in characters.
const maxNotes = 2000

// Request is an appointment to book. Without a customer it is for the caller's
// own profile.
type Request struct {
	CustomerID     *uuid.UUID `json:"customerId"`
	ServiceID      uuid.UUID  `json:"serviceId"`
	PractitionerID uuid.UUID  `json:"practitionerId"`
	StartsAt       time.Time  `json:"startsAt"`
	Notes          *string    `json:"notes"`
	IdempotencyKey *string    `json:"-"`
}

// Booked is what came of a request.
type Booked struct {
	Booking     *ent.Booking
	Appointment *ent.Appointment
	Order       *ent.Order
}

// plan is a request with everything looked up and decided.
type plan struct {
	request      Request
	customer     *ent.Customer
	practitioner *ent.PractitionerProfile
	service      *ent.Product
	setting      *ent.ServiceSetting
	rule         SlotRule
	source       booking.Source
	waits        bool // for payment or confirmation
}

// Book books an appointment: booking, appointment, claims and order in one
// transaction. Of several who want one slot the database lets one have it.
// Errors: SLOT_TAKEN, NOT_FOUND, BAD_USER_INPUT, FORBIDDEN, IDEMPOTENCY_MISMATCH.
func (s *Service) Book(ctx context.Context, r Request) (done *Booked, err error) {
	if r.Notes != nil && utf8.RuneCountInString(*r.Notes) > maxNotes {
		return nil, fault.Invalid("input.notes", "Notes have at most %d characters.", maxNotes)
	}
	r.StartsAt = r.StartsAt.UTC().Truncate(time.Microsecond)
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		planned := idempotency.Outcome{"booking": ids.New(ids.Booking), "appointment": ids.New(ids.Appointment), "order": ids.New(ids.Order)}
		prior, err := idempotency.Claim(ctx, c, "bookAppointment", r.IdempotencyKey, r, planned, s.Now())
		if err != nil {
			return err
		}
		if prior != nil {
			done, err = s.reload(ctx, c, prior["booking"])
			return err
		}
		p, err := s.plan(ctx, c, r)
		if err != nil {
			return err
		}
		done, err = s.book(store.Together(access.Elevated(ctx, "bookAppointment")), c, p, planned)
		return err
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// plan looks up what the request names, through the caller's rows, and decides
// whether the caller may book it and whether the time fits.
func (s *Service) plan(ctx context.Context, c *ent.Client, r Request) (p plan, err error) {
	p.request = r
	w, err := s.find(ctx, c, r)
	if err == nil {
		err = customers.Check("input.customerId", r.CustomerID, w.customer)
	}
	if err == nil {
		err = catalog.Check("input.serviceId", w.service)
	}
	if err == nil && w.practitioner == nil {
		err = fault.Missing()
	}
	if err != nil {
		return p, err
	}
	p.customer, p.practitioner, p.service, p.setting = w.customer, w.practitioner, w.service, w.service.Edges.ServiceSetting
	if !w.offered {
		return p, fault.Invalid("input.practitionerId", "%s does not take bookings of this service.", p.practitioner.DisplayName)
	}
	v := access.FromContext(ctx)
	ownProfile := customers.Owned(ctx, p.customer)
	if !v.Reaches(access.BookingCreate, ownProfile || p.practitioner.UserID == v.UserID, p.practitioner.UnitID) {
		return p, fault.Forbidden("You may not book this practitioner for this customer.")
	}
	p.source = booking.SourceDesk
	if ownProfile {
		p.source = booking.SourceOnline
	}
	p.waits = p.setting.RequiresConfirmation || p.source == booking.SourceOnline && p.service.PriceAmount > 0

	rule, open, busy, err := s.calendar(ctx, c, p.practitioner, p.setting, r.StartsAt, r.StartsAt)
	if err != nil {
		return p, err
	}
	p.rule = rule
	return p, inInput(Fits(rule, open, busy, r.StartsAt, s.Now()))
}

// inInput moves the fields of a pure rule's fault under "input".
func inInput(err error) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	moved := *f
	moved.Fields = make([]fault.Field, len(f.Fields))
	for i, field := range f.Fields {
		moved.Fields[i] = fault.Field{Path: "input." + field.Path, Message: field.Message}
	}
	return &moved
}

func (s *Service) book(ctx context.Context, c *ent.Client, p plan, planned idempotency.Outcome) (*Booked, error) {
	now, start := s.Now(), p.request.StartsAt
	end := start.Add(p.rule.Duration)
	create := c.Booking.Create().SetID(planned["booking"]).SetNumber(ids.Number("B", planned["booking"])).
		SetCustomerID(p.customer.ID).SetNillableUnitID(p.practitioner.UnitID).SetSource(p.source).
		SetStartsAt(start).SetEndsAt(end).
		SetTotalAmount(p.service.PriceAmount).SetCurrency(p.service.Currency).
		SetStatus(booking.StatusConfirmed)
	status := appointment.StatusScheduled
	if p.waits {
		create.SetStatus(booking.StatusPending).SetHoldExpiresAt(holdEnd(now, start, p.setting.HoldMinutes))
		status = appointment.StatusTentative
	}
	b, err := create.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("make booking: %w", err)
	}
	claim := p.rule.Claim(start)
	a, err := c.Appointment.Create().SetID(planned["appointment"]).SetBookingID(b.ID).SetCustomerID(p.customer.ID).
		SetPractitionerID(p.practitioner.ID).SetPractitionerUserID(p.practitioner.UserID).
		SetServiceID(p.service.ID).SetNillableUnitID(p.practitioner.UnitID).SetStatus(status).
		SetStartsAt(start).SetEndsAt(end).SetBusyFrom(claim.Start).SetBusyTo(claim.End).
		SetNillableNotes(p.request.Notes).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("make appointment: %w", err)
	}
	if err := s.claim(ctx, c, p, a, claim); err != nil {
		return nil, err
	}
	o, err := orders.Place(ctx, c, orders.Placement{
		ID: planned["order"], Customer: p.customer.ID, Booking: &b.ID, Unit: p.practitioner.UnitID,
		Items: []orders.Item{{Product: p.service, Quantity: 1, Appointment: &a.ID}},
	}, now)
	if err != nil {
		return nil, err
	}
	if err := tellBooked(ctx, c, p, b, a); err != nil {
		return nil, err
	}
	return &Booked{b.Unwrap(), a.Unwrap(), o.Unwrap()}, nil
}

// claim takes the time of the practitioner, with the buffers, and of the
// customer. The database refuses a claim that overlaps another: whoever comes
// second gets SLOT_TAKEN, however close the race.
func (s *Service) claim(ctx context.Context, c *ent.Client, p plan, a *ent.Appointment, busy Interval) error {
	err := c.ResourceClaim.Create().SetAppointmentID(a.ID).
		SetResourceKind(resourceclaim.ResourceKindPractitioner).SetResourceID(p.practitioner.ID).
		SetBusyFrom(busy.Start).SetBusyTo(busy.End).Exec(ctx)
	if err != nil {
		return fmt.Errorf("claim the practitioner's time: %w", err)
	}
	err = c.ResourceClaim.Create().SetAppointmentID(a.ID).
		SetResourceKind(resourceclaim.ResourceKindCustomer).SetResourceID(p.customer.ID).
		SetBusyFrom(a.StartsAt).SetBusyTo(a.EndsAt).Exec(ctx)
	if err != nil {
		return fmt.Errorf("claim the customer's time: %w", err)
	}
	return nil
}

// holdEnd says until when a waiting booking is held: the service's minutes, but
// not past the start.
func holdEnd(now, start time.Time, minutes int32) time.Time {
	end := now.Add(time.Duration(minutes) * time.Minute)
	if start.Before(end) {
		return start
	}
	return end
}

func (s *Service) reload(ctx context.Context, c *ent.Client, id uuid.UUID) (*Booked, error) {
	b, err := c.Booking.Query().Where(booking.ID(id)).WithAppointments().WithOrder().Only(access.Elevated(ctx, "bookAppointment"))
	if err != nil {
		return nil, fmt.Errorf("load the booking of an earlier request: %w", err)
	}
	return &Booked{b.Unwrap(), b.Edges.Appointments[0].Unwrap(), b.Edges.Order.Unwrap()}, nil
}
