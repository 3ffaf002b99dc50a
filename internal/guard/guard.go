// Package guard stands between the generated data layer and everybody who uses
// it: it says who sees which rows (rows.go), it fills times, actors and
// versions, it refuses writes outside of a verb, and it has every change put on
// record. It holds no business rule and opens no transaction.
package guard

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/intercept"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/datakeys"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

// Record is what the logs are written with. In the zero Record, as tests have it, rows
// carry no code, so that the chain would not take them, and no personal value.
type Record struct {
	Codes  *chain.Keys    // of the rows
	People *datakeys.Keys // seal personal values

	// Entries makes the ids of entries; nil: a sequence of the client's own. Who else
	// writes entries past the client shares it.
	Entries *ids.Sequence
}

// Install puts the row rules, the write rules, the operation log and the codes of
// the logs onto every query and mutation of the client. Now is the server's clock,
// in UTC and cut to microseconds, so that both databases keep the same instant.
func Install(client *ent.Client, now func() time.Time, record Record) {
	client.Intercept(intercept.TraverseFunc(func(ctx context.Context, q intercept.Query) error {
		for _, p := range Rules(ctx, q.Type()) {
			q.WhereP(p)
		}
		return nil
	}))
	client.UseRowRule(Rule)
	entries := record.Entries
	if entries == nil {
		entries = &ids.Sequence{}
	}
	client.Use(writes(now, entries), audit.OperationHook(now, entries, record.People, record.Codes))
	if record.People != nil {
		seals := atRest(record.People) // behind the log, which seals for itself what was written
		client.Customer.Use(seals)
		client.Appointment.Use(seals)
	}
	if record.Codes != nil {
		record.Codes.Install(client) // behind what fills in the rows
	}
}

// mutation is what the generated mutations have in common beyond ent.Mutation.
type mutation interface {
	ent.Mutation
	ID() (uuid.UUID, bool)
	SetID(uuid.UUID)
}

// writes refuses what no verb may do, and fills what no verb should have to.
func writes(now func() time.Time, entries *ids.Sequence) ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			if err := allowed(ctx, m); err != nil {
				return nil, err
			}
			if err := stamp(ctx, m, now(), entries); err != nil {
				return nil, err
			}
			return next.Mutate(ctx, m)
		})
	}
}

func allowed(ctx context.Context, m ent.Mutation) error {
	v := access.FromContext(ctx)
	if v == nil || !v.Unrestricted() {
		return fmt.Errorf("guard: %s of %s outside of a verb: %w", m.Op(), m.Type(),
			fault.Forbidden("This cannot be changed directly."))
	}
	if ent.TransactionOf(m) == nil {
		// lib/pq may report a bad connection after a statement was sent, and
		// database/sql then repeats it; inside a transaction it cannot.
		return fmt.Errorf("guard: %s of %s outside of a transaction", m.Op(), m.Type())
	}
	switch {
	case ent.Meta[m.Type()].AppendOnly && !m.Op().Is(ent.OpCreate):
		return fmt.Errorf("guard: %s of %s, which is only appended to", m.Op(), m.Type())
	case m.Op().Is(ent.OpUpdate|ent.OpDelete) && audit.Records(m.Type()):
		// A hook of a bulk change does not know the rows: they are changed one
		// by one, so that each has its entry in the log.
		return fmt.Errorf("guard: bulk %s of %s, which is on record", m.Op(), m.Type())
	}
	return nil
}

// date has the id of an entry carry the time of the entry, so that entries are found
// by time, and listed in the order of their making, by their ids alone.
func date(m mutation, now time.Time, entries *ids.Sequence) {
	if id, ok := m.ID(); ok && ids.IsUndated(id) {
		kind, _ := ids.KindOf(id) // made by the schema's default
		m.SetID(entries.Next(kind, now))
	}
}

// stamp sets times, actors and the version. Fields that a type lacks are left
// alone; which those are, the generated table knows.
func stamp(ctx context.Context, m ent.Mutation, now time.Time, entries *ids.Sequence) error {
	var actor, actingFor any
	v := access.FromContext(ctx)
	if id := v.Who(); id != [16]byte{} {
		actor = id
	}
	if v.Impersonator != nil {
		actingFor = v.UserID
	}
	meta := ent.Meta[m.Type()]
	set := func(field string, value any) error {
		if value == nil || !slices.Contains(meta.Fields, field) {
			return nil
		}
		if err := m.SetField(field, value); err != nil {
			return fmt.Errorf("guard: set %s of %s: %w", field, m.Type(), err)
		}
		return nil
	}
	if m.Op().Is(ent.OpCreate) {
		if err := set("created_at", now); err != nil {
			return err
		}
		date(m.(mutation), now, entries)
		if err := set("created_by", actor); err != nil {
			return err
		}
		if err := set("acting_for", actingFor); err != nil {
			return err
		}
	} else if m.Op().Is(ent.OpUpdate|ent.OpUpdateOne) && slices.Contains(meta.Fields, "version") {
		if err := m.AddField("version", int32(1)); err != nil {
			return fmt.Errorf("guard: count version of %s: %w", m.Type(), err)
		}
	}
	if m.Op().Is(ent.OpDelete | ent.OpDeleteOne) {
		return nil
	}
	if err := set("updated_at", now); err != nil {
		return err
	}
	return set("updated_by", actor)
}
