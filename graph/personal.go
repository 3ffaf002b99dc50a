package graph

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/graph/generated"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/datakeys"
	"clinicgraph/internal/seal"
)

type operationLogResolver struct{ *Resolver }

// OperationLog gives the resolvers of the type's own fields.
func (r *Resolver) OperationLog() generated.OperationLogResolver { return &operationLogResolver{r} }

func (r *operationLogResolver) OldValues(ctx context.Context, l *ent.OperationLog) (map[string]any, error) {
	return r.logged(ctx, l, audit.Old)
}

func (r *operationLogResolver) NewValues(ctx context.Context, l *ent.OperationLog) (map[string]any, error) {
	return r.logged(ctx, l, audit.New)
}

// logged gives the values of an entry as the caller may see them. A sealed one is
// opened for whoever may read it on the object itself, and that they are shown it is
// noted as there.
func (r *Resolver) logged(ctx context.Context, l *ent.OperationLog, side audit.Side) (map[string]any, error) {
	values := l.NewValues
	if side == audit.Old {
		values = l.OldValues
	}
	sealed := audit.Sealed(l.EntityType, values)
	if len(sealed) == 0 {
		return values, nil
	}
	shown := make(map[string]any, len(values))
	for column, v := range values {
		person, is := sealed[column]
		if is {
			var err error
			if v, err = r.opened(ctx, l, side, column, person); err != nil {
				return nil, err
			}
		}
		shown[column] = v
	}
	return shown, nil
}

// opened gives one sealed value, or what stands in its place.
func (r *Resolver) opened(ctx context.Context, l *ent.OperationLog, side audit.Side, column string, person uuid.UUID) (any, error) {
	key, err := r.keyOf(ctx, person)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return audit.Erased, nil
	}
	may, err := r.readsLive(ctx, l.EntityType, l.EntityID, column)
	if err != nil {
		return nil, err
	}
	if !may {
		return audit.Personal, nil
	}
	value, err := audit.Unseal(key, l, side, column)
	if err != nil {
		r.Security.Log.LogAttrs(ctx, slog.LevelError, "a sealed value of the record does not open", slog.Any("error", err))
		return audit.Unreadable, nil
	}
	if bit, personal := personalBit[l.EntityType+"."+camel(column)]; personal {
		err = sighted(ctx, bit, person)
	}
	return value, err
}

// noted opens what a row keeps sealed; what was written before rows were sealed is as
// it is. Who may read it has been decided. Of whom nothing can be opened there is
// nothing.
func (r *Resolver) noted(ctx context.Context, kept *string, entity string, id uuid.UUID) (*string, error) {
	if kept == nil {
		return nil, nil
	}
	person, sealed := datakeys.Whose(*kept)
	if !sealed {
		return kept, nil
	}
	key, err := r.keyOf(ctx, person)
	if err != nil || key == nil {
		return nil, err
	}
	plain, ok := datakeys.Open(key, *kept, datakeys.At(entity, id, "notes"))
	if !ok {
		return nil, fmt.Errorf("graph: the notes of %s %s were not sealed for it", entity, id)
	}
	text := string(plain)
	return &text, nil
}

// keyOf reads the key of a person, and those of the others on the page.
func (r *Resolver) keyOf(ctx context.Context, person uuid.UUID) (*seal.Key, error) {
	return of(ctx, readKey("datakeys"), person, []string{kindPerson}, func(ids []uuid.UUID) (map[uuid.UUID]*seal.Key, error) {
		return r.People.ForReading(ctx, r.Client, ids...)
	})
}

// readsLive says whether the caller may read the column of the object as it is now:
// by the door of its field, or of the edge that a key stands for, and by the row
// rules as far as that permission reaches. What the graph does not show, and what is
// deleted, nobody reads.
func (r *Resolver) readsLive(ctx context.Context, entity string, id uuid.UUID, column string) (bool, error) {
	d, ok := columnDoors()[entity+"."+column]
	v, wide := access.FromContext(ctx), ent.Meta[entity].Permission
	if !ok || enter(ctx, entityDoor(entity)) != nil || enter(ctx, d) != nil {
		return false, nil
	}
	if d.permission == "" {
		d.permission = wide
	}
	asked := ctx
	if scope := v.Scope(d.permission); scope < v.Scope(wide) {
		asked = access.NewContext(ctx, v.With([]access.Grant{{Permission: wide, Scope: scope, Allowed: true}}))
	}
	return of(ctx, readKey("live "+entity+" "+d.permission), id, []string{kindLogged + entity}, func(ids []uuid.UUID) (map[uuid.UUID]bool, error) {
		found, err := r.Client.Seen(asked, entity, ids)
		seen := make(map[uuid.UUID]bool, len(found))
		for _, id := range found {
			seen[id] = true
		}
		return seen, err
	})
}

// columnDoors are the doors of what shows a column in the graph ("Customer.birth_date"),
// beside that of the type: of its field, and of its edge where it is a key.
var columnDoors = sync.OnceValue(func() map[string]door {
	schema, all := generated.NewExecutableSchema(generated.Config{}).Schema(), map[string]door{}
	for entity, meta := range ent.Meta {
		def := schema.Types[entity]
		if def == nil {
			continue
		}
		for _, column := range meta.Fields {
			f := def.Fields.ForName(camel(column))
			if edge, key := strings.CutSuffix(column, "_id"); f == nil && key {
				f = def.Fields.ForName(camel(edge))
			}
			if f == nil {
				continue
			}
			if d, ok := declared(schema, f, false); ok {
				all[entity+"."+column] = d
			}
		}
	}
	return all
})
