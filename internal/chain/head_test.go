package chain_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/chain"
)

// TestAHeadIsTakenEachMinuteAndTellsOfAMissingTail: by the server's clock, while the
// chain grows; and what is cut off the chain together with its rows, so that nothing in
// the database tells of it, is missed by a head that was taken before.
func TestAHeadIsTakenEachMinuteAndTellsOfAMissingTail(t *testing.T) {
	each(t, func(r *record) {
		now := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
		var taken []chain.Head
		r.sealer.Now = func() time.Time { return now }
		r.sealer.Heads = func(_ context.Context, h chain.Head) error { taken = append(taken, h); return nil }
		r.sealer.Begin()
		var seqs []int64
		for _, step := range []struct {
			later time.Duration
			rows  int // on each of two logs
		}{
			{0, 2}, {time.Minute - time.Microsecond, 1}, {time.Microsecond, 0}, // the first minute
			{time.Second, 1}, {58 * time.Second, 0}, {time.Second, 0}, // the second
			{time.Minute, 0},      // nothing new
			{time.Second, 1},      // in the fourth
			{-time.Hour, 0},       // the clock is set back
			{time.Second * 59, 1}, // in the minute from then on
		} {
			now = now.Add(step.later)
			r.write(step.rows)
			r.sealer.Work(t.Context())
		}
		for _, h := range taken {
			seqs = append(seqs, h.Seq)
			if err := h.Check(r.keys.Public()); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff([]int64{6, 8, 10}, seqs); diff != "" {
			t.Errorf("heads of the entries (-want +got):\n%s", diff)
		}
		if got := r.check(taken...); got.First != nil || got.Last != 12 {
			t.Fatalf("%+v %v", got, got.First)
		}

		// Down to the entry before the last head's.
		for _, table := range []string{"operation_logs", "audit_logs"} {
			r.tamper(`DELETE FROM ` + table + ` WHERE id IN (SELECT row_id FROM audit_chain WHERE seq >= 10)`)
		}
		r.tamper(`DELETE FROM audit_chain WHERE seq >= 10`)
		if got := r.check(taken[:2]...); got.First != nil || got.Last != 9 {
			t.Errorf("the database alone tells of it: %+v %v", got, got.First)
		}
		if got := r.check(taken...); got.First == nil || got.First.Kind != chain.ProblemHead || got.First.Seq != 10 {
			t.Errorf("with the head of entry 10: %v", got.First)
		}
	})
}
