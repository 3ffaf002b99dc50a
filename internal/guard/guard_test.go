package guard_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/auditlog"
	"clinicgraph/ent/idempotencykey"
	"clinicgraph/ent/operationlog"
	"clinicgraph/ent/product"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// product makes a product as the system.
func newProduct(t *testing.T, s *store.Store, sku string) *ent.Product {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	var made *ent.Product
	err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) (err error) {
		made, err = c.Product.Create().SetSku(sku).SetName(sku).SetKind(product.KindGood).SetPriceAmount(100).SetCurrency("EUR").Save(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.Unwrap()
}

func user(grants ...access.Grant) *access.Viewer {
	return &access.Viewer{UserID: uuid.New(), Username: "anna", Grants: grants}
}

// account makes a user that the log can name.
func account(t *testing.T, s *store.Store, grants ...access.Grant) *access.Viewer {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	v := user(grants...)
	err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		return c.User.Create().SetID(v.UserID).SetUsername("anna").SetUsernameKey("anna").SetEmail("a@example.org").SetEmailKey("a@example.org").Exec(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Entries are found by their time, and stand in the order of their making, by their
// ids alone, whichever log and whether ent writes them or the recorder.
func TestEntriesCarryTheirTime(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(d, func(t *testing.T) {
			t.Parallel()
			s := testdb.Guarded(testdb.OpenDB(t, d), func() time.Time { return noon })
			ctx := access.System(t.Context(), "test")
			for _, sku := range []string{"A", "B", "C", "D", "E", "F", "G"} {
				newProduct(t, s, sku)
				err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
					return c.AuditLog.Create().SetEvent(sku).SetActor("a").SetSuccess(true).Exec(ctx)
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			var told string
			for _, l := range s.Client.AuditLog.Query().Where(auditlog.IDGTE(ids.From(noon)), auditlog.IDLT(ids.From(noon.Add(time.Millisecond)))).Order(ent.Asc("id")).AllX(ctx) {
				told += l.Event
			}
			for _, l := range s.Client.OperationLog.Query().Where(operationlog.IDGTE(ids.From(noon)), operationlog.IDLT(ids.From(noon.Add(time.Millisecond)))).Order(ent.Asc("id")).AllX(ctx) {
				told += l.NewValues["sku"].(string)
			}
			if told != "ABCDEFGABCDEFG" {
				t.Errorf("the logs tell %s", told)
			}
		})
	}
}

func TestNobodyReadsAndNobodyWrites(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		newProduct(t, s, "A")
		if _, err := s.Client.Product.Query().All(t.Context()); fault.CodeOf(err) != fault.CodeUnauthenticated {
			t.Errorf("reading without a viewer: %v", err)
		}
		err := s.InTx(t.Context(), func(c *ent.Client, _ *sql.Tx) error {
			return c.Product.Create().SetSku("B").SetName("B").SetKind(product.KindGood).SetPriceAmount(1).SetCurrency("EUR").Exec(t.Context())
		})
		if fault.CodeOf(err) != fault.CodeForbidden && fault.CodeOf(err) != fault.CodeUnauthenticated {
			t.Errorf("writing without a viewer: %v", err)
		}
	})
}

func TestAUserWritesThroughVerbsOnly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		p := newProduct(t, s, "A")
		ctx := access.NewContext(t.Context(), account(t, s, access.Grant{Permission: "*:*", Scope: access.ScopeAny, Allowed: true}))
		write := func(ctx context.Context) error {
			return s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
				return c.Product.UpdateOneID(p.ID).SetName("changed").Exec(ctx)
			})
		}
		if err := write(ctx); fault.CodeOf(err) != fault.CodeForbidden {
			t.Errorf("outside of a verb: %v", err)
		}
		if err := write(access.Elevated(ctx, "verb")); err != nil {
			t.Errorf("inside of a verb: %v", err)
		}
	})
}

func TestWritesNeedATransaction(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		ctx := access.System(t.Context(), "test")
		err := s.Client.Product.Create().SetSku("A").SetName("A").SetKind(product.KindGood).SetPriceAmount(1).SetCurrency("EUR").Exec(ctx)
		if err == nil || !strings.Contains(err.Error(), "transaction") {
			t.Errorf("a write outside of a transaction: %v", err)
		}
	})
}

func TestBulkChangesOfWhatIsOnRecordAreRefused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		newProduct(t, s, "A")
		ctx := access.System(t.Context(), "test")
		err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			_, err := c.Product.Update().SetName("all").Save(ctx)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "bulk") {
			t.Errorf("bulk update: %v", err)
		}
		err = s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			_, err := c.Product.Delete().Exec(ctx)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "bulk") {
			t.Errorf("bulk deletion: %v", err)
		}
		// What only follows from the record may go in bulk.
		err = s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			_, err := c.IdempotencyKey.Delete().Where(idempotencykey.ExpiresAtLT(noon)).Exec(ctx)
			return err
		})
		if err != nil {
			t.Errorf("bulk deletion of idempotency keys: %v", err)
		}
	})
}

func TestLogsAreOnlyAppendedTo(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		newProduct(t, s, "A")
		ctx := access.System(t.Context(), "test")
		entry, err := s.Client.OperationLog.Query().First(ctx)
		if err != nil {
			t.Fatal(err)
		}
		err = s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error { return c.OperationLog.DeleteOneID(entry.ID).Exec(ctx) })
		if err == nil || !strings.Contains(err.Error(), "appended") {
			t.Errorf("deletion of an entry: %v", err)
		}
	})
}

func TestTimesActorsAndVersionsAreFilled(t *testing.T) {
	now := noon
	testdb.EachAt(t, func() time.Time { return now }, func(t *testing.T, s *store.Store) {
		p := newProduct(t, s, "A")
		if !p.CreatedAt.Equal(noon) || !p.UpdatedAt.Equal(noon) || p.CreatedBy != nil || p.Version != 1 {
			t.Errorf("made: %v %v %v %d", p.CreatedAt, p.UpdatedAt, p.CreatedBy, p.Version)
		}
		v := account(t, s)
		ctx := access.Elevated(access.NewContext(t.Context(), v), "verb")
		var changed *ent.Product
		err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) (err error) {
			changed, err = c.Product.UpdateOneID(p.ID).SetName("changed").Save(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if changed.Version != 2 || changed.UpdatedBy == nil || *changed.UpdatedBy != v.UserID {
			t.Errorf("changed: version %d, by %v, want %s", changed.Version, changed.UpdatedBy, v.UserID)
		}
	})
}

func TestDeletedRowsAreHidden(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		p := newProduct(t, s, "A")
		ctx := access.System(t.Context(), "test")
		err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			return c.Product.UpdateOneID(p.ID).SetDeletedAt(noon).Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := s.Client.Product.Query().CountX(ctx); n != 0 {
			t.Errorf("%d deleted rows are seen", n)
		}
		if n := s.Client.Product.Query().CountX(access.WithDeleted(ctx)); n != 1 {
			t.Errorf("%d deleted rows are seen by who asks for them", n)
		}
	})
}

// TestRowsAreInvisibleWithoutPermission holds that the rules are asked;
// TestNoRowIsShownToWhoHoldsNothing walks all entities.
func TestRowsAreInvisibleWithoutPermission(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		ctx := access.NewContext(t.Context(), user())
		newProduct(t, s, "A")
		if n := s.Client.Product.Query().CountX(ctx); n != 0 {
			t.Errorf("a user without product:read sees %d products", n)
		}
		if n := s.Client.OperationLog.Query().CountX(ctx); n != 0 {
			t.Errorf("a user without operation_log:read sees %d entries", n)
		}
		allowed := access.NewContext(t.Context(), user(access.Grant{Permission: access.ProductRead, Scope: access.ScopeOwn, Allowed: true}))
		if n := s.Client.Product.Query().CountX(allowed); n != 1 {
			t.Errorf("a user with product:read sees %d products, want 1", n)
		}
	})
}
