package jobs

import (
	"context"
	"fmt"

	"clinicgraph/internal/store"
)

// states are those of the jobs that are not done with: they wait for their time,
// for a worker, for the next try, or run. Discarded are those that were given up;
// the queue keeps them for a week.
var states = []string{"available", "pending", "scheduled", "retryable", "running", "discarded"}

// Depth says how many jobs of the whole clinic are in each state, those that were
// done or called off excepted. Each server gives the same answer.
func Depth(ctx context.Context, db *store.DB) (map[string]int, error) {
	depth := map[string]int{}
	for _, s := range states {
		depth[s] = 0
	}
	rows, err := db.Read.QueryContext(ctx, `SELECT CAST(state AS TEXT), COUNT(*) FROM river_job
		WHERE state IN ('available', 'pending', 'scheduled', 'retryable', 'running', 'discarded') GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("count the jobs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, fmt.Errorf("count the jobs: %w", err)
		}
		depth[state] = n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count the jobs: %w", err)
	}
	return depth, nil
}
