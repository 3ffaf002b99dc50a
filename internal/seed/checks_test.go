package seed_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/operationlog"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/money"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/scheduling"
	"clinicgraph/internal/store"
)

// endsBefore looks for anything that the demo did after the local midnight.
func endsBefore(t *testing.T, s *store.Store, midnight time.Time) {
	for _, row := range all(t, s.Client.OperationLog.Query().Where(operationlog.Operation("seed demo")).All) {
		// The demo makes the base data on the real clock; here they were there.
		if !row.CreatedAt.Before(midnight) {
			t.Errorf("%s of %s at %s", row.Action, row.EntityType, row.CreatedAt)
		}
	}
}

func noOverlap(t *testing.T, s *store.Store) {
	claims := map[string][]scheduling.Interval{}
	for _, c := range all(t, s.Client.ResourceClaim.Query().Order(ent.Asc("busy_from")).All) {
		resource := c.ResourceKind.String() + c.ResourceID.String()
		claims[resource] = append(claims[resource], scheduling.Interval{Start: c.BusyFrom, End: c.BusyTo})
	}
	if len(claims) < 50 {
		t.Fatalf("only %d practitioners and customers have claims", len(claims))
	}
	for resource, spans := range claims {
		for i := 1; i < len(spans); i++ {
			if spans[i].Overlaps(spans[i-1]) {
				t.Errorf("%s: %v meets %v", resource, spans[i-1], spans[i])
			}
		}
	}
}

func pointsAddUp(t *testing.T, s *store.Store) {
	moved := false
	for _, a := range all(t, s.Client.PointsAccount.Query().WithEntries(func(q *ent.PointsEntryQuery) { q.Order(ent.Asc("id")) }).All) {
		var sum int64
		for _, e := range a.Edges.Entries {
			moved = true
			if sum += e.Delta; e.BalanceAfter != sum {
				t.Errorf("account %s: %d after an entry that makes it %d", a.ID, e.BalanceAfter, sum)
			}
		}
		if sum != a.Balance {
			t.Errorf("account %s: a balance of %d, entries of %d", a.ID, a.Balance, sum)
		}
	}
	if !moved {
		t.Error("nobody has earned anything")
	}
}

func ordersAddUp(t *testing.T, s *store.Store) {
	type sums struct {
		Total, Tax, Captured int64
		Charge               string
	}
	for _, o := range all(t, s.Client.Order.Query().WithItems().WithTransactions().WithBooking().All) {
		var want sums
		for _, i := range o.Edges.Items {
			want.Total += i.TotalAmount
			want.Tax += i.TaxAmount
		}
		for _, p := range o.Edges.Transactions {
			want.Captured += p.AmountMinor
		}
		charge, err := orders.ChargeStatusOf(money.Amount{Minor: want.Captured, Currency: o.Currency}, money.Amount{Minor: want.Total, Currency: o.Currency})
		if err != nil {
			t.Fatal(err)
		}
		want.Charge = string(charge)
		if diff := cmp.Diff(want, sums{o.TotalAmount, o.TaxAmount, o.CapturedAmount, o.ChargeStatus.String()}); diff != "" {
			t.Errorf("order %s (-lines and payments +order):\n%s", o.Number, diff)
		}
		if o.Edges.Booking.TotalAmount != o.TotalAmount {
			t.Errorf("order %s: %d, its booking says %d", o.Number, o.TotalAmount, o.Edges.Booking.TotalAmount)
		}
	}
}

// onRecord looks for rows of any business entity without exactly one CREATE in
// the operation log.
func onRecord(t *testing.T, s *store.Store) {
	created := map[string]map[uuid.UUID]int{}
	for _, row := range all(t, s.Client.OperationLog.Query().Where(operationlog.Action("CREATE")).All) {
		if created[row.EntityType] == nil {
			created[row.EntityType] = map[uuid.UUID]int{}
		}
		created[row.EntityType][row.EntityID]++
	}
	for entity, meta := range ent.Meta {
		if !audit.Records(entity) {
			continue
		}
		for _, id := range idsOf(t, s, meta.Table) {
			if n := created[entity][id]; n != 1 {
				t.Errorf("%s %s: %d times created by the record", entity, id, n)
			}
		}
	}
	if len(created) < 20 {
		t.Errorf("only %d entities are on record", len(created))
	}
}

// idsOf reads past the client, which would hide what is deleted.
func idsOf(t *testing.T, s *store.Store, table string) (ids []uuid.UUID) {
	t.Helper()
	rows, err := s.DB.Read.QueryContext(t.Context(), fmt.Sprintf("SELECT id FROM %q", table))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}
