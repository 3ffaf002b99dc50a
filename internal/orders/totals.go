package orders

import (
	"fmt"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/money"
)

// Line is one line of an order, before it has totals.
type Line struct {
	UnitPrice money.Amount // of one, tax included; not negative
	Quantity  int64        // at least one
	Tax       money.BasisPoints
}

// Totals is what a line or an order comes to. Net and Tax add up to Total.
type Totals struct{ Net, Tax, Total money.Amount }

// Totals gives the line's totals. The tax within the price of all pieces is
// rounded to the minor unit once, halves up; it is not the rounded tax of one
// piece times the quantity. BAD_USER_INPUT names "quantity", "unitPrice" or
// "tax"; a total that is too large is the quantity's fault.
func (l Line) Totals() (Totals, error) {
	switch {
	case l.Quantity < 1:
		return Totals{}, fault.Invalid("quantity", "The quantity is at least one.")
	case !l.UnitPrice.Valid() || l.UnitPrice.IsNegative():
		return Totals{}, fault.Invalid("unitPrice", "A price is not negative and has a currency of ISO 4217.")
	case !l.Tax.Valid():
		return Totals{}, fault.Invalid("tax", "%s is not a rate of tax.", l.Tax)
	}
	total, err := l.UnitPrice.Mul(l.Quantity)
	if err != nil {
		return Totals{}, tooLarge("quantity", err)
	}
	tax, err := total.Included(l.Tax)
	if err != nil {
		return Totals{}, fmt.Errorf("tax of a line: %w", err)
	}
	net, err := total.Sub(tax)
	if err != nil {
		return Totals{}, fmt.Errorf("net of a line: %w", err)
	}
	return Totals{Net: net, Tax: tax, Total: total}, nil
}

// Sum gives the totals of an order in the currency: the lines' totals added up,
// so that the order's tax is the sum that its lines show. An order without lines
// comes to zero. BAD_USER_INPUT names the line, as "items.0.quantity"; a line in
// another currency is "items.0.unitPrice", a sum that is too large "items".
func Sum(currency string, lines []Line) (Totals, error) {
	zero := money.Amount{Currency: currency}
	if !zero.Valid() {
		return Totals{}, fault.Invalid("currency", "%q is not a currency of ISO 4217.", currency)
	}
	sum := Totals{Net: zero, Tax: zero, Total: zero}
	for i, l := range lines {
		line, err := l.Totals()
		if err != nil {
			return Totals{}, inItem(i, err)
		}
		if line.Total.Currency != currency {
			return Totals{}, inItem(i, fault.Invalid("unitPrice", "The order is in %s, this price is in %s.", currency, line.Total.Currency))
		}
		// The total bounds the other two: neither is negative.
		if sum.Total, err = sum.Total.Add(line.Total); err != nil {
			return Totals{}, tooLarge("items", err)
		}
		if sum.Tax, err = sum.Tax.Add(line.Tax); err != nil {
			return Totals{}, fmt.Errorf("tax of an order: %w", err)
		}
		if sum.Net, err = sum.Net.Add(line.Net); err != nil {
			return Totals{}, fmt.Errorf("net of an order: %w", err)
		}
	}
	return sum, nil
}

func tooLarge(path string, err error) error {
	f := fault.Invalid(path, "The total is too large.")
	f.Err = err
	return f
}

// inItem puts the line in front of the fields that a fault of one line names.
func inItem(i int, err error) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	for n := range f.Fields {
		f.Fields[n].Path = fmt.Sprintf("items.%d.%s", i, f.Fields[n].Path)
	}
	return f
}

// ChargeStatus is how much of an order's total has come in.
type ChargeStatus string

// The charge states. Each follows from two amounts and from nothing else.
const (
	ChargeNone        ChargeStatus = "NONE"
	ChargePartial     ChargeStatus = "PARTIAL"
	ChargeFull        ChargeStatus = "FULL"
	ChargeOvercharged ChargeStatus = "OVERCHARGED"
)

// ChargeStatusOf says how much has come in, where captured is what was captured
// less what was given back. An order of zero is paid in full from the start. The
// error is money.ErrCurrency.
func ChargeStatusOf(captured, total money.Amount) (ChargeStatus, error) {
	switch {
	case captured.Currency != total.Currency:
		return "", fmt.Errorf("compare %s captured with a total of %s: %w", captured, total, money.ErrCurrency)
	case captured.Minor > total.Minor:
		return ChargeOvercharged, nil
	case captured.Minor == total.Minor:
		return ChargeFull, nil
	case captured.Minor > 0:
		return ChargePartial, nil
	default:
		return ChargeNone, nil
	}
}
