package audit_test

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"clinicgraph/ent"
	"clinicgraph/ent/operationlog"
	"clinicgraph/ent/product"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// make13 makes that many products: more than one statement takes.
func make13(c *ent.Client, t *testing.T) error {
	t.Helper()
	for i := range 13 {
		ctx := access.System(t.Context(), fmt.Sprintf("test-%d", i/7)) // two who act
		err := c.Product.Create().SetSku(fmt.Sprint("S", i)).SetName("x").SetKind(product.KindGood).SetPriceAmount(int64(i)).SetCurrency("EUR").Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

func count(t *testing.T, s *store.Store, what string) (n int) {
	t.Helper()
	if err := s.DB.Read.QueryRow(`SELECT count(*) FROM ` + what).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// However many rows a transaction changes, and whoever acts, each has its entry.
func TestAllChangesOfATransactionAreRecorded(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		inTx(t, t.Context(), s, func(c *ent.Client) error { return make13(c, t) })
		for who, want := range map[string]int{"system:test-0": 7, "system:test-1": 6} {
			if n := count(t, s, `operation_logs l JOIN products p ON p.id = l.entity_id WHERE l.action = 'CREATE' AND l.actor = '`+who+`'`); n != want {
				t.Errorf("%s has %d entries, want %d", who, n, want)
			}
		}
		if n := count(t, s, "operation_logs"); n != 13 {
			t.Errorf("%d entries", n)
		}
	})
}

// Where the record cannot be written, be it with the commit alone, nothing is changed.
func TestWhatCannotBeRecordedIsNotDone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		refuse := `CREATE TRIGGER full_disk BEFORE INSERT ON operation_logs WHEN NEW.actor = 'system:test-1' BEGIN SELECT RAISE(ABORT, 'full'); END`
		if s.DB.LocksRows() {
			refuse = `ALTER TABLE operation_logs ADD CONSTRAINT full_disk CHECK (actor <> 'system:test-1')`
		}
		if _, err := s.DB.Write.Exec(refuse); err != nil {
			t.Fatal(err)
		}
		err := s.InTx(t.Context(), func(c *ent.Client, _ *sql.Tx) error { return make13(c, t) })
		if err == nil || count(t, s, "products") != 0 || count(t, s, "operation_logs") != 0 {
			t.Errorf("%v; %d products, %d entries", err, count(t, s, "products"), count(t, s, "operation_logs"))
		}
		one := access.System(t.Context(), "test-1")
		err = s.InTx(one, func(c *ent.Client, _ *sql.Tx) error {
			return c.Product.Create().SetSku("A").SetName("x").SetKind(product.KindGood).SetPriceAmount(1).SetCurrency("EUR").Exec(one)
		})
		if err == nil || count(t, s, "products") != 0 {
			t.Errorf("one row: %v; %d products", err, count(t, s, "products"))
		}
	})
}

// A column that the statement leaves out would be empty for good.
func TestTheStatementHasEveryColumn(t *testing.T) {
	want, got := slices.Sorted(slices.Values(operationlog.Columns)), slices.Sorted(slices.Values(audit.ChangeColumns()))
	if !slices.Equal(got, want) {
		t.Errorf("written are %v, there are %v", got, want)
	}
}
