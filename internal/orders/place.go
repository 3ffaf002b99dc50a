package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/order"
	"clinicgraph/internal/access"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/money"
)

// Item is one line of an order about to be placed: a product at its price of
// today.
type Item struct {
	Product     *ent.Product
	Quantity    int32
	Appointment *uuid.UUID
}

// Placement is an order about to be placed.
type Placement struct {
	ID       uuid.UUID // chosen by the caller, so that a repeat finds it
	Customer uuid.UUID
	Booking  *uuid.UUID
	Unit     *uuid.UUID
	Items    []Item // at least one, all in one currency
}

// Place makes an order with its lines and its first event, inside the client's
// transaction and under an elevated context. Prices come from the products, so
// that no client names them.
func Place(ctx context.Context, c *ent.Client, p Placement, at time.Time) (*ent.Order, error) {
	lines := make([]Line, len(p.Items))
	for i, item := range p.Items {
		lines[i] = Line{
			UnitPrice: money.Amount{Minor: item.Product.PriceAmount, Currency: item.Product.Currency},
			Quantity:  int64(item.Quantity),
			Tax:       money.BasisPoints(item.Product.TaxRate),
		}
	}
	totals, err := Sum(p.Items[0].Product.Currency, lines)
	if err != nil {
		return nil, fmt.Errorf("total of the order: %w", err)
	}
	o, err := c.Order.Create().SetID(p.ID).SetNumber(ids.Number("O", p.ID)).
		SetCustomerID(p.Customer).SetNillableBookingID(p.Booking).SetNillableUnitID(p.Unit).
		SetStatus(order.StatusPlaced).SetPlacedAt(at).
		SetTotalAmount(totals.Total.Minor).SetTaxAmount(totals.Tax.Minor).SetCurrency(totals.Total.Currency).
		Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("make order: %w", err)
	}
	for i, item := range p.Items {
		line, err := lines[i].Totals()
		if err != nil {
			return nil, err
		}
		err = c.OrderItem.Create().SetOrderID(o.ID).SetProductID(item.Product.ID).SetNillableAppointmentID(item.Appointment).
			SetName(item.Product.Name).SetQuantity(item.Quantity).SetUnitPriceAmount(item.Product.PriceAmount).
			SetTotalAmount(line.Total.Minor).SetTaxAmount(line.Tax.Minor).SetCurrency(line.Total.Currency).Exec(ctx)
		if err != nil {
			return nil, fmt.Errorf("make order line: %w", err)
		}
	}
	return o, record(ctx, c, o.ID, "PLACED", "", order.StatusPlaced, map[string]any{"total": totals.Total.Minor, "currency": totals.Total.Currency})
}

// Close ends an order whose booking is gone: CANCELLED or EXPIRED. An order that
// money has come in for stays open until the money is given back; the event says
// so. Why is with the booking: people write it, and events cannot be erased.
func Close(ctx context.Context, c *ent.Client, o *ent.Order, to order.Status) error {
	data := map[string]any{}
	if o.CapturedAmount > 0 {
		data["refundDue"] = o.CapturedAmount
		return record(ctx, c, o.ID, "BOOKING_"+to.String(), o.Status, o.Status, data)
	}
	if err := States.Check(Status(o.Status), Status(to)); err != nil {
		return err
	}
	if err := o.Update().SetStatus(to).Exec(ctx); err != nil {
		return fmt.Errorf("close order: %w", err)
	}
	return record(ctx, c, o.ID, to.String(), o.Status, to, data)
}

// record adds an event to the order's history.
func record(ctx context.Context, c *ent.Client, id uuid.UUID, kind string, from, to order.Status, data map[string]any) error {
	err := c.OrderEvent.Create().SetOrderID(id).SetType(kind).SetFromStatus(from.String()).SetToStatus(to.String()).
		SetActor(access.FromContext(ctx).Actor()).SetData(data).Exec(ctx)
	if err != nil {
		return fmt.Errorf("record %s of the order: %w", kind, err)
	}
	return nil
}
