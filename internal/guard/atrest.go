package guard

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/datakeys"
	"clinicgraph/internal/fault"
)

// notes is the column that rows about people keep sealed. It is neither filtered nor
// ordered by.
const notes = "notes"

// atRest seals notes with the key of the person when they are written. Whoever reads
// them opens them (package graph); those from before are sealed when a server starts.
func atRest(keys *datakeys.Keys) ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			v, set := m.Field(notes)
			text, _ := v.(string)
			if !set {
				return next.Mutate(ctx, m)
			}
			sealed, err := sealedFor(ctx, keys, m.(audit.Mutation), text)
			if err != nil {
				return nil, err
			}
			if err := m.SetField(notes, sealed); err != nil {
				return nil, fmt.Errorf("guard: seal the notes of %s: %w", m.Type(), err)
			}
			return next.Mutate(ctx, m)
		})
	}
}

func sealedFor(ctx context.Context, keys *datakeys.Keys, m audit.Mutation, text string) (string, error) {
	id, ok := m.ID()
	person, err := audit.Subject(ctx, m, nil)
	if err != nil {
		return "", err
	}
	if !ok || person == uuid.Nil {
		return "", fmt.Errorf("guard: nobody says whose notes of %s these are", m.Type())
	}
	key, err := keys.ForWriting(ctx, m, person)
	if errors.Is(err, datakeys.ErrDestroyed) {
		return "", fault.Conflict("The customer has been erased.")
	}
	if err != nil {
		return "", err
	}
	return datakeys.Seal(key, person, []byte(text), datakeys.At(m.Type(), id, notes)), nil
}
