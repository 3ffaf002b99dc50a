package customers_test

import (
	"bytes"
	"context"
	"testing"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// TestDocumentNumbersAreSealedForTheirRow: they open with the secret that sealed
// them, in their row and in no other, and are sealed anew when the secret changes.
func TestDocumentNumbersAreSealedForTheirRow(t *testing.T) {
	secret := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }
	key := func(t *testing.T, now byte, former ...[]byte) *seal.Key {
		t.Helper()
		k, err := seal.New(secret(now), "customer-documents", former...)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		ctx := access.System(context.Background(), "test")
		people := &customers.Service{Store: s, Now: testdb.Now, Documents: key(t, 1)}
		made := func(number *string) *ent.Customer {
			c, err := people.Create(ctx, customers.Profile{GivenName: "Given", Surname: "Person", Document: number})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		number := "AB 1234-567/8"
		one, none := made(&number), made(nil)
		if got, err := people.Document(one); err != nil || got == nil || *got != number {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := people.Document(none); err != nil || got != nil {
			t.Errorf("of nobody: %v, %v", got, err)
		}
		none.DocumentSealed = one.DocumentSealed
		if _, err := people.Document(none); err == nil {
			t.Error("it opens in another row")
		}

		people.Documents = key(t, 2, secret(1))
		if n, err := people.Reseal(ctx); n != 1 || err != nil {
			t.Errorf("sealed anew: %d, %v", n, err)
		}
		if n, err := people.Reseal(ctx); n != 0 || err != nil {
			t.Errorf("a second time: %d, %v", n, err)
		}
		people.Documents = key(t, 2)
		if got, err := people.Document(s.Client.Customer.GetX(ctx, one.ID)); err != nil || got == nil || *got != number {
			t.Errorf("with the new secret alone: %v, %v", got, err)
		}
		people.Documents = key(t, 3)
		if _, err := people.Reseal(ctx); err == nil {
			t.Error("a number that no secret opens is lost without a word")
		}
		for _, bad := range []string{"", "abc", " AB1234", "AB1234\n", string(bytes.Repeat([]byte{'a'}, 41))} {
			if _, err := people.Create(ctx, customers.Profile{GivenName: "Given", Surname: "Person", Document: &bad}); err == nil {
				t.Errorf("%q is a number", bad)
			}
		}
	})
}
