//go:build linux

package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/guard"
	"clinicgraph/internal/store"
)

// cost compares creating a customer, which is two rows and two of the log, with the
// same where the rows of the log are not written. Both are measured in turn.
func cost(ctx context.Context, db *store.DB, keys *chain.Keys, mutations, rounds int) error {
	now := func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	with := ent.NewClient(ent.Driver(db.Driver))
	guard.Install(with, now, guard.Record{Codes: keys})
	without := ent.NewClient(ent.Driver(db.Driver))
	guard.Install(without, now, guard.Record{})
	without.OperationLog.Use(func(ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(context.Context, ent.Mutation) (ent.Value, error) { return &ent.OperationLog{}, nil })
	})
	sealer := &chain.Sealer{DB: db, Keys: keys, Now: now, Log: slog.New(slog.DiscardHandler)}
	sealer.Start()
	defer sealer.Close(ctx)
	ctx = access.WithRequest(access.System(ctx, "bench"), access.Request{ID: "request-0123456789", IP: "192.0.2.1", UserAgent: "bench", Operation: "CreateCustomer"})
	var all [2][]float64
	for range rounds + 1 { // the first is not counted
		for i, client := range []*ent.Client{with, without} {
			service := &customers.Service{Store: &store.Store{Client: client, DB: db}, Now: now}
			began := time.Now()
			for range mutations {
				if _, err := service.Create(ctx, customers.Profile{GivenName: "Test", Surname: "Patient"}); err != nil {
					return err
				}
			}
			all[i] = append(all[i], time.Since(began).Seconds()*1000/float64(mutations))
		}
	}
	median := func(times []float64) float64 {
		times = slices.Sorted(slices.Values(times[1:]))
		return times[len(times)/2]
	}
	a, b := median(all[0]), median(all[1])
	fmt.Printf("%s: a mutation takes %.2f ms with the record, %.2f ms without: %.2f times\n", db.Dialect, a, b, a/b)
	return nil
}
