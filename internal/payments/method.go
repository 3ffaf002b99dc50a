package payments

import (
	"context"
	"fmt"

	"clinicgraph/ent"
	"clinicgraph/ent/paymentmethod"
	"clinicgraph/internal/fault"
)

// Method finds the clinic's own method of a kind. Errors: BAD_USER_INPUT when
// the clinic does not take it.
func Method(ctx context.Context, c *ent.Client, kind paymentmethod.Kind) (*ent.PaymentMethod, error) {
	m, err := c.PaymentMethod.Query().
		Where(paymentmethod.KindEQ(kind), paymentmethod.CustomerIDIsNil(), paymentmethod.IsActive(true)).
		Order(paymentmethod.ByID()).First(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Invalid("input.method", "The clinic does not take %s.", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("find payment method: %w", err)
	}
	return m, nil
}
