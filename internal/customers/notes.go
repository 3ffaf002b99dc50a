package customers

import (
	"context"
	"database/sql"
	"fmt"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/customer"
	"clinicgraph/internal/access"
	"clinicgraph/internal/datakeys"
)

// SealNotes seals the notes of profiles and visits that were written before notes
// were sealed, and says how many. It may run on several servers at once, and be
// repeated.
func (s *Service) SealNotes(ctx context.Context) (sealed int, err error) {
	ctx = access.WithDeleted(access.System(ctx, "notes-sealing"))
	for _, seal := range []func(context.Context, *ent.Client) (int, error){sealProfiles, sealVisits} {
		for n := resealBatch; n == resealBatch; sealed += n {
			err := s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) (err error) {
				n, err = seal(ctx, c)
				return err
			})
			if err != nil {
				return sealed, fmt.Errorf("seal notes: %w", err)
			}
		}
	}
	return sealed, nil
}

// sealProfiles writes a batch of notes once more, which seals them (package guard).
func sealProfiles(ctx context.Context, c *ent.Client) (int, error) {
	rows, err := c.Customer.Query().Where(customer.NotesNotNil(), customer.Not(customer.NotesHasPrefix(datakeys.Prefix))).Limit(resealBatch).All(ctx)
	for _, row := range rows {
		if err := row.Update().SetNotes(*row.Notes).Exec(ctx); err != nil {
			return 0, err
		}
	}
	return len(rows), err
}

func sealVisits(ctx context.Context, c *ent.Client) (int, error) {
	rows, err := c.Appointment.Query().Where(appointment.NotesNotNil(), appointment.Not(appointment.NotesHasPrefix(datakeys.Prefix))).Limit(resealBatch).All(ctx)
	for _, row := range rows {
		if err := row.Update().SetNotes(*row.Notes).Exec(ctx); err != nil {
			return 0, err
		}
	}
	return len(rows), err
}
