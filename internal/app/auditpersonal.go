package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/datakeys"
)

// opening puts the personal values of an entry of the operation log into it. What does
// not open is told in the log of the server, and is no end of the export.
func opening(ctx context.Context, client *ent.Client, people *datakeys.Keys, log *slog.Logger) func(*chain.Row) error {
	return func(r *chain.Row) error {
		if r.Log != "operation" {
			return nil
		}
		l, err := entryOf(r)
		if err != nil {
			return err
		}
		for i, f := range r.Fields {
			values, side := l.NewValues, audit.New
			if f.Name == "oldValues" {
				values, side = l.OldValues, audit.Old
			} else if f.Name != "newValues" {
				continue
			}
			sealed := audit.Sealed(l.EntityType, values)
			if len(sealed) == 0 {
				continue
			}
			found, err := people.ForReading(ctx, client, slices.Compact(slices.Collect(maps.Values(sealed)))...)
			if err != nil {
				return err
			}
			shown := maps.Clone(values)
			for column, person := range sealed {
				if shown[column] = audit.Erased; found[person] == nil {
					continue
				}
				if shown[column], err = audit.Unseal(found[person], l, side, column); err != nil {
					log.LogAttrs(ctx, slog.LevelError, "a sealed value of the record does not open", slog.Any("error", err))
					shown[column] = audit.Unreadable
				}
			}
			text, err := json.Marshal(shown)
			if err != nil {
				return err
			}
			r.Fields[i].Value = json.RawMessage(text)
		}
		return nil
	}
}

// entryOf reads of an entry what its sealed values are sealed for.
func entryOf(r *chain.Row) (*ent.OperationLog, error) {
	l := &ent.OperationLog{}
	for _, f := range r.Fields {
		var err error
		text, _ := f.Value.(string)
		values, _ := f.Value.(json.RawMessage)
		switch f.Name {
		case "id":
			l.ID, err = uuid.Parse(text)
		case "entityType":
			l.EntityType = text
		case "entityId":
			l.EntityID, err = uuid.Parse(text)
		case "oldValues":
			err = read(values, &l.OldValues)
		case "newValues":
			err = read(values, &l.NewValues)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s of an entry: %w", f.Name, err)
		}
	}
	return l, nil
}

func read(text json.RawMessage, into *map[string]any) error {
	if len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, into)
}
