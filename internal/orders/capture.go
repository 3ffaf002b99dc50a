package orders

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/order"
	"clinicgraph/ent/paymentmethod"
	"clinicgraph/ent/paymenttransaction"
	"clinicgraph/internal/access"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/idempotency"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/money"
	"clinicgraph/internal/payments"
	"clinicgraph/internal/rewards"
	"clinicgraph/internal/store"
)

// Service has the verbs of orders.
type Service struct {
	Store *store.Store
	Now   func() time.Time

	// Paid is called inside the transaction when the whole order is paid, with
	// an elevated context; scheduling confirms the booking there. Orders knows
	// nothing of bookings.
	Paid func(ctx context.Context, c *ent.Client, bookingID uuid.UUID) error
}

// Capture is a payment to take.
type Capture struct {
	OrderID        uuid.UUID          `json:"orderId"`
	Amount         int64              `json:"amount"` // minor units of the order's currency
	Method         paymentmethod.Kind `json:"method"`
	IdempotencyKey *string            `json:"-"`
}

// Captured is a payment that was taken.
type Captured struct {
	Transaction *ent.PaymentTransaction
	Order       *ent.Order
	Booking     *ent.Booking // as it is now; nil for an order without one
}

// CapturePayment takes a payment for an order: the transaction, what the order
// has received, its event and the points are one transaction, and a booking that
// is paid in full is confirmed in it. Errors: NOT_FOUND, BAD_USER_INPUT (amount,
// method), FORBIDDEN, INVALID_TRANSITION (the order is closed),
// IDEMPOTENCY_MISMATCH.
func (s *Service) CapturePayment(ctx context.Context, in Capture) (done *Captured, err error) {
	if in.Amount <= 0 || in.Amount > money.MaxSafe {
		return nil, fault.Invalid("input.amount", "The amount must be positive.")
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		id := ids.New(ids.PaymentTransaction)
		prior, err := idempotency.Claim(ctx, c, "capturePayment", in.IdempotencyKey, in, idempotency.Outcome{"transaction": id}, s.Now())
		if err != nil {
			return err
		}
		if prior != nil {
			done, err = s.reload(ctx, c, prior["transaction"])
			return err
		}
		done, err = s.capture(ctx, c, id, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

func (s *Service) capture(ctx context.Context, c *ent.Client, id uuid.UUID, in Capture) (*Captured, error) {
	elevated := access.Elevated(ctx, "capturePayment")
	o, err := s.payable(ctx, c, in)
	if err != nil {
		return nil, err
	}
	method, err := payments.Method(elevated, c, in.Method)
	if err != nil {
		return nil, err
	}
	// The test provider answers at once, so its payment is captured in the same
	// breath as it is asked for.
	now := s.Now()
	t, err := c.PaymentTransaction.Create().SetID(id).SetOrderID(o.ID).SetNillableBookingID(o.BookingID).
		SetCustomerID(o.CustomerID).SetMethodID(method.ID).SetNillableUnitID(o.UnitID).
		SetKind(paymenttransaction.KindCharge).SetStatus(paymenttransaction.StatusCaptured).
		SetAmountMinor(in.Amount).SetCurrency(o.Currency).SetCapturedAt(now).
		Save(elevated)
	if err != nil {
		return nil, fmt.Errorf("make transaction: %w", err)
	}
	received := o.CapturedAmount + in.Amount
	status, err := ChargeStatusOf(money.Amount{Minor: received, Currency: o.Currency}, money.Amount{Minor: o.TotalAmount, Currency: o.Currency})
	if err != nil {
		return nil, fmt.Errorf("charge status: %w", err)
	}
	updated, err := o.Update().SetCapturedAmount(received).SetChargeStatus(order.ChargeStatus(status)).Save(elevated)
	if err != nil {
		return nil, fmt.Errorf("count what the order received: %w", err)
	}
	err = record(elevated, c, o.ID, "PAYMENT_CAPTURED", o.Status, updated.Status,
		map[string]any{"transaction": t.ID.String(), "amount": in.Amount, "currency": o.Currency, "method": in.Method.String()})
	if err != nil {
		return nil, err
	}
	if err := rewards.Earn(elevated, c, o.CustomerID, t); err != nil {
		return nil, err
	}
	if received >= o.TotalAmount && o.BookingID != nil {
		if err := s.Paid(elevated, c, *o.BookingID); err != nil {
			return nil, err
		}
	}
	done := &Captured{Transaction: t, Order: updated}
	return done.finish(elevated, c)
}

// finish adds the booking as it is after the payment, and unties all three from
// the transaction.
func (d *Captured) finish(ctx context.Context, c *ent.Client) (*Captured, error) {
	if d.Order.BookingID != nil {
		b, err := c.Booking.Get(ctx, *d.Order.BookingID)
		if err != nil {
			return nil, fmt.Errorf("load the booking: %w", err)
		}
		d.Booking = b.Unwrap()
	}
	d.Transaction, d.Order = d.Transaction.Unwrap(), d.Order.Unwrap()
	return d, nil
}

// payable loads the order through the caller's rows, locks it, and checks that
// the caller may take this payment.
func (s *Service) payable(ctx context.Context, c *ent.Client, in Capture) (*ent.Order, error) {
	q := c.Order.Query().Where(order.ID(in.OrderID)).WithCustomer()
	if s.Store.DB.LocksRows() {
		q = q.ForUpdate()
	}
	o, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, fmt.Errorf("load order: %w", err)
	}
	own := o.Edges.Customer != nil && customers.Owned(ctx, o.Edges.Customer)
	v := access.FromContext(ctx)
	refused := MayPay(v, o, own, in.Amount)
	if fault.CodeOf(refused) != fault.CodeForbidden && in.Method == paymentmethod.KindCash && v.Scope(access.PaymentCapture) < access.ScopeUnit {
		return nil, fault.Forbidden("Cash is taken at the desk.")
	}
	return o, refused
}

// MayPay is the rule of who pays how much for which order, however they pay; own
// are the orders of the viewer's profiles. Errors: FORBIDDEN, INVALID_TRANSITION,
// BAD_USER_INPUT for more than is open.
func MayPay(v *access.Viewer, o *ent.Order, own bool, amount int64) error {
	if !v.Reaches(access.PaymentCapture, own, o.UnitID) {
		return fault.Forbidden("You may not take payments for this order.")
	}
	switch o.Status {
	case order.StatusPlaced, order.StatusProcessing, order.StatusCompleted:
	default:
		return fault.New(fault.CodeInvalidTransition, "The order is %s: nothing can be paid for it.", o.Status)
	}
	if open := o.TotalAmount - o.CapturedAmount; amount > open {
		return fault.Invalid("input.amount", "The amount is more than the %d that are open (in minor units of %s).", open, o.Currency)
	}
	return nil
}

func (s *Service) reload(ctx context.Context, c *ent.Client, id uuid.UUID) (*Captured, error) {
	elevated := access.Elevated(ctx, "capturePayment")
	t, err := c.PaymentTransaction.Query().Where(paymenttransaction.ID(id)).WithOrder().Only(elevated)
	if err != nil {
		return nil, fmt.Errorf("load the payment of an earlier request: %w", err)
	}
	done := &Captured{Transaction: t, Order: t.Edges.Order}
	return done.finish(elevated, c)
}
