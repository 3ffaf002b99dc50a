package idempotency

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/idempotencykey"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

// purgeBatch bounds a transaction, so that nobody waits long behind it.
const purgeBatch = 500

// Purge forgets the keys that have expired by now, batch by batch, until none is
// left or ctx ends, and gives how many it forgot.
func Purge(ctx context.Context, s *store.Store, now time.Time) (forgotten int, err error) {
	ctx = access.System(ctx, "idempotency-purge")
	for {
		n := 0
		err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			old, err := c.IdempotencyKey.Query().Where(idempotencykey.ExpiresAtLTE(now)).
				Order(idempotencykey.ByExpiresAt()).Limit(purgeBatch).IDs(ctx)
			if err != nil || len(old) == 0 {
				n = 0
				return err
			}
			n, err = c.IdempotencyKey.Delete().Where(idempotencykey.IDIn(old...)).Exec(ctx)
			return err
		})
		if err != nil {
			return forgotten, fmt.Errorf("forget expired idempotency keys: %w", err)
		}
		forgotten += n
		if n < purgeBatch {
			return forgotten, nil
		}
	}
}
