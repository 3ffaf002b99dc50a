package rewards

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/pointsaccount"
	"clinicgraph/ent/pointsentry"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/money"
)

// Earn adds the points for a payment to the customer's account, inside the
// client's transaction and under an elevated context. The account's row is
// changed in one statement, so that parallel movements add up; the database
// refuses a negative balance and a second entry for one payment.
func Earn(ctx context.Context, c *ent.Client, customer uuid.UUID, t *ent.PaymentTransaction) error {
	points, err := Earned(money.Amount{Minor: t.AmountMinor, Currency: t.Currency})
	if err != nil || points == 0 {
		return err
	}
	account, err := accountOf(ctx, c, customer)
	if err != nil {
		return err
	}
	return book(ctx, c, account, points, func(e *ent.PointsEntryCreate) {
		e.SetReason(pointsentry.ReasonEarned).SetTransactionID(t.ID)
	})
}

func accountOf(ctx context.Context, c *ent.Client, customer uuid.UUID) (*ent.PointsAccount, error) {
	a, err := c.PointsAccount.Query().Where(pointsaccount.CustomerID(customer)).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("load points account: %w", err)
	}
	return a, nil
}

// book changes the balance and writes the entry that says why. Errors:
// INSUFFICIENT_POINTS.
func book(ctx context.Context, c *ent.Client, a *ent.PointsAccount, delta int64, why func(*ent.PointsEntryCreate)) error {
	update := c.PointsAccount.UpdateOneID(a.ID).AddBalance(delta)
	if delta < 0 {
		update.Where(pointsaccount.BalanceGTE(-delta))
	}
	moved, err := update.Save(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.CodeInsufficientPoints, "There are %d points, %d are needed.", a.Balance, -delta)
	}
	if err != nil {
		return fmt.Errorf("move points: %w", err)
	}
	entry := c.PointsEntry.Create().SetAccountID(a.ID).SetDelta(delta).SetBalanceAfter(moved.Balance)
	why(entry)
	if err := entry.Exec(ctx); err != nil {
		return fmt.Errorf("record points: %w", err)
	}
	return nil
}
