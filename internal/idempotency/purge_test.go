package idempotency_test

import (
	"context"
	"database/sql"
	"strconv"
	"testing"
	"time"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/idempotency"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

func TestPurge_goes_on_until_no_expired_key_is_left(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		const expired = 501 // more than a batch
		now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
		ctx := access.System(context.WithoutCancel(t.Context()), "test")
		err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			user, err := c.User.Create().SetUsername("u").SetUsernameKey("u").SetEmail("u@example.test").SetEmailKey("u@example.test").Save(ctx)
			if err != nil {
				return err
			}
			keys := make([]*ent.IdempotencyKeyCreate, expired+1)
			for i := range keys {
				keys[i] = c.IdempotencyKey.Create().SetUserID(user.ID).SetOperation("book").SetKey(strconv.Itoa(i)).
					SetRequestHash([]byte{1}).SetResult(map[string]any{}).SetExpiresAt(now)
			}
			keys[expired].SetExpiresAt(now.Add(time.Microsecond))
			return c.IdempotencyKey.CreateBulk(keys...).Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		n, err := idempotency.Purge(t.Context(), s, now)
		if n != expired || err != nil {
			t.Errorf("Purge = %d, %v; want %d", n, err, expired)
		}
		left, err := s.Client.IdempotencyKey.Query().Count(ctx)
		if left != 1 || err != nil {
			t.Errorf("%d keys are left, %v; want the one that has not expired", left, err)
		}
	})
}
