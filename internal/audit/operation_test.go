package audit_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/operationlog"
	"clinicgraph/ent/product"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// entries lists the log of one object, oldest first.
func entries(t *testing.T, s *store.Store, id uuid.UUID) []*ent.OperationLog {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	all, err := s.Client.OperationLog.Query().Where(operationlog.EntityID(id)).Order(operationlog.ByID()).All(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func inTx(t *testing.T, ctx context.Context, s *store.Store, body func(c *ent.Client) error) {
	t.Helper()
	if err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error { return body(c) }); err != nil {
		t.Fatal(err)
	}
}

func TestChangesAreRecordedWithOldAndNewValues(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		ctx := access.System(t.Context(), "test")
		ctx = access.WithRequest(ctx, access.Request{ID: "req-1", IP: "127.0.0.1", UserAgent: "test", Operation: "rename"})
		var p *ent.Product
		inTx(t, ctx, s, func(c *ent.Client) (err error) {
			p, err = c.Product.Create().SetSku("A").SetName("old").SetKind(product.KindGood).SetPriceAmount(100).SetCurrency("EUR").Save(ctx)
			return err
		})
		inTx(t, ctx, s, func(c *ent.Client) error {
			return c.Product.UpdateOneID(p.ID).SetName("new").AddPriceAmount(50).Exec(ctx)
		})
		inTx(t, ctx, s, func(c *ent.Client) error { return c.Product.DeleteOneID(p.ID).Exec(ctx) })

		log := entries(t, s, p.ID)
		if len(log) != 3 {
			t.Fatalf("%d entries, want 3", len(log))
		}
		for i, action := range []string{"CREATE", "UPDATE", "DELETE"} {
			if log[i].Action != action || log[i].Actor != "system:test" || log[i].RequestID != "req-1" || log[i].Operation != "rename" || log[i].EntityType != "Product" {
				t.Errorf("entry %d: %s by %s in %s %s of %s", i, log[i].Action, log[i].Actor, log[i].RequestID, log[i].Operation, log[i].EntityType)
			}
		}
		if log[0].OldValues != nil || log[0].NewValues["name"] != "old" || log[0].NewValues["sku"] != "A" {
			t.Errorf("creation: %v -> %v", log[0].OldValues, log[0].NewValues)
		}
		if diff := cmp.Diff(map[string]any{"name": "old", "price_amount": 100.0}, log[1].OldValues); diff != "" {
			t.Errorf("old values of the change (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]any{"name": "new", "price_amount": 150.0}, log[1].NewValues); diff != "" {
			t.Errorf("new values of the change (-want +got):\n%s", diff)
		}
		if log[2].OldValues["name"] != "new" || log[2].NewValues != nil {
			t.Errorf("deletion: %v -> %v", log[2].OldValues, log[2].NewValues)
		}
	})
}

func TestSecretsAreRedacted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		ctx := access.System(t.Context(), "test")
		var u *ent.User
		inTx(t, ctx, s, func(c *ent.Client) (err error) {
			u, err = c.User.Create().SetUsername("anna").SetUsernameKey("anna").SetEmail("a@example.org").SetEmailKey("a@example.org").SetPasswordHash("$canary-1$").Save(ctx)
			return err
		})
		inTx(t, ctx, s, func(c *ent.Client) error { return c.User.UpdateOneID(u.ID).SetPasswordHash("$canary-2$").Exec(ctx) })
		log := entries(t, s, u.ID)
		if got := log[1].NewValues["password_hash"]; got != audit.Redacted {
			t.Errorf("the changed hash is logged as %v", got)
		}
		for _, e := range log {
			for _, values := range []map[string]any{e.OldValues, e.NewValues} {
				for field, v := range values {
					if text, ok := v.(string); ok && strings.Contains(text, "canary") {
						t.Errorf("%s of %s holds %q", field, e.Action, text)
					}
				}
			}
		}
	})
}

func TestAChangeThatIsRolledBackLeavesNoEntry(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		ctx := access.System(t.Context(), "test")
		undone := errors.New("undone")
		err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			if err := c.Product.Create().SetSku("A").SetName("A").SetKind(product.KindGood).SetPriceAmount(1).SetCurrency("EUR").Exec(ctx); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatalf("InTx: %v", err)
		}
		if n := s.Client.OperationLog.Query().CountX(ctx); n != 0 {
			t.Errorf("%d entries stayed", n)
		}
	})
}

func TestBulkCreationHasAnEntryForEachRow(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		ctx := access.System(t.Context(), "test")
		inTx(t, ctx, s, func(c *ent.Client) error {
			return c.GivenName.CreateBulk(c.GivenName.Create().SetFirstName("Anna"), c.GivenName.Create().SetFirstName("Jan")).Exec(ctx)
		})
		if n := s.Client.OperationLog.Query().Where(operationlog.EntityType("GivenName")).CountX(ctx); n != 2 {
			t.Errorf("%d entries, want 2", n)
		}
	})
}

func TestClipMakesTextFitForTheLog(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                  "plain",
		strings.Repeat("x", 600): strings.Repeat("x", 512),
		"nul\x00":                "nul\uFFFD",
		"bad\xff":                "bad\uFFFD",
		strings.Repeat("é", 300): strings.Repeat("é", 256),
	} {
		if got := audit.Clip(in); got != want {
			t.Errorf("Clip(%.10q…) = %.10q…", in, got)
		}
	}
}

func TestPersonalDataStaysOutOfTheLog(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		ctx := access.System(t.Context(), "test")
		var made *ent.Customer
		inTx(t, ctx, s, func(c *ent.Client) (err error) {
			made, err = c.Customer.Create().SetNumber("C-1").SetNotes("canary").SetPhone("+48canary").Save(ctx)
			return err
		})
		inTx(t, ctx, s, func(c *ent.Client) error {
			return c.Customer.UpdateOneID(made.ID).SetNotes("canary two").SetAddress("canary").ClearPhone().Exec(ctx)
		})
		log := entries(t, s, made.ID)
		if got := log[0].NewValues["notes"]; got != audit.Personal {
			t.Errorf("new notes are logged as %v", got)
		}
		if diff := cmp.Diff(map[string]any{"notes": audit.Personal, "phone": audit.Personal, "address": nil}, log[1].OldValues); diff != "" {
			t.Errorf("old values (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]any{"notes": audit.Personal, "phone": nil, "address": audit.Personal}, log[1].NewValues); diff != "" {
			t.Errorf("new values (-want +got):\n%s", diff)
		}
	})
}
