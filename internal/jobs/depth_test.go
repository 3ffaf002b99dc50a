package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/riverqueue/river"

	"clinicgraph/ent"
)

func TestDepth_counts_what_is_not_done_with(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *clinic) {
		j, err := New(c.store.DB, Verbs{Store: c.store, Now: c.Now}, slog.New(slog.DiscardHandler))
		check(t, err)
		for i, state := range []string{"", "", "discarded", "completed", "cancelled"} {
			put, err := j.client.Insert(ctx, PurgeMail{}, nil)
			check(t, err)
			if state != "" {
				check(t, c.store.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, fmt.Sprintf("UPDATE river_job SET state = '%s', finalized_at = CURRENT_TIMESTAMP WHERE id = %d", state, put.Job.ID))
					return err
				}))
			}
			_, err = j.client.Insert(ctx, PurgeMail{}, &river.InsertOpts{ScheduledAt: time.Now().Add(time.Hour + time.Duration(i))})
			check(t, err)
		}
		got, err := Depth(ctx, c.store.DB)
		check(t, err)
		want := map[string]int{"available": 2, "pending": 0, "scheduled": 5, "retryable": 0, "running": 0, "discarded": 1}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func TestDepth_of_a_database_that_does_not_answer_is_an_error(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *clinic) {
		late, cancel := context.WithCancel(ctx)
		cancel()
		if got, err := Depth(late, c.store.DB); err == nil {
			t.Errorf("%v", got)
		}
	})
}
