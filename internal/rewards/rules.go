package rewards

import (
	"fmt"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/money"
)

// Earned gives the points for one captured payment: one for each full major unit
// of its currency, by the digits of ISO 4217. 19.99 EUR earns 19, 1,999 JPY earns
// 1,999, 1.999 KWD earns 1. What is left of a unit is lost: payments in parts may
// earn less than one payment, never more. Nothing and less earns nothing.
//
// The error is for an amount that is not money; it means a defect.
func Earned(captured money.Amount) (int64, error) {
	digits, ok := money.Digits(captured.Currency)
	if !ok {
		return 0, fmt.Errorf("points for %s: %w", captured, money.ErrCurrency)
	}
	points := max(captured.Minor, 0)
	for range digits {
		points /= 10
	}
	return points, nil
}

// Spend gives the balance after a reward of the given cost in points, which is
// positive, or INSUFFICIENT_POINTS when the balance does not cover it. The caller
// holds the account's row locked.
func Spend(balance, cost int64) (int64, error) {
	if cost <= 0 {
		return 0, fmt.Errorf("spend %d points: a cost is positive", cost)
	}
	if balance < cost {
		return 0, fault.New(fault.CodeInsufficientPoints, "This costs %d points; the account has %d.", cost, balance)
	}
	return balance - cost, nil
}
