package graph

import (
	"context"
	"maps"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/operationlog"
	"clinicgraph/ent/predicate"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// maxHistory bounds how many entries of the log are read to tell a value.
const maxHistory = 1000

// AsOf puts an object together from its changes, the latest first, back to its
// making.
func (r *queryResolver) AsOf(ctx context.Context, entityType string, entityID uuid.UUID, at time.Time) (*model.EntityState, error) {
	log, err := r.history(ctx, entityType, entityID)
	if err != nil {
		return nil, err
	}
	rows, err := log.Clone().Where(operationlog.CreatedAtLTE(at)).Where(dated[predicate.OperationLog](span{lte: &at})...).Order(operationlog.ByID(sql.OrderDesc())).Limit(maxHistory + 1).All(ctx)
	if err != nil {
		return nil, err
	}
	if len(rows) > maxHistory {
		return nil, fault.Invalid("at", "More than %d entries of the log lie before that. Ask for an earlier moment, or for changes.", maxHistory)
	}
	state := &model.EntityState{At: at, Values: map[string]any{}}
	if len(rows) == 0 { // before its making, or before the log
		made, err := log.Clone().Where(operationlog.Action("CREATE")).Exist(ctx)
		state.Exists, state.Complete = !made, made
		return state, err
	}
	state.Exists = rows[0].Action != "DELETE"
	for _, row := range rows {
		if row.Action == "DELETE" {
			state.Complete = true
			break
		}
		values, err := r.logged(ctx, row, audit.New)
		if err != nil {
			return nil, err
		}
		for column, value := range values {
			if _, later := state.Values[column]; !later {
				state.Values[column] = value
			}
		}
		if row.Action == "CREATE" {
			state.Complete = true
			break
		}
	}
	return state, nil
}

// Changes tells what an object was before a time and after it, of what changed.
func (r *queryResolver) Changes(ctx context.Context, entityType string, entityID uuid.UUID, from, to time.Time) (*model.EntityChanges, error) {
	log, err := r.history(ctx, entityType, entityID)
	if err != nil {
		return nil, err
	}
	if !from.Before(to) {
		return nil, fault.Invalid("to", "`to` must be later than `from`.")
	}
	rows, err := log.Where(operationlog.CreatedAtGTE(from), operationlog.CreatedAtLT(to)).Where(dated[predicate.OperationLog](span{gte: &from, lt: &to})...).Order(operationlog.ByID()).Limit(maxHistory + 1).All(ctx)
	if err != nil {
		return nil, err
	}
	if len(rows) > maxHistory {
		return nil, fault.Invalid("to", "More than %d entries of the log lie between. Ask for a shorter time.", maxHistory)
	}
	changes := &model.EntityChanges{From: from, To: to, Entries: len(rows), Before: map[string]any{}, After: map[string]any{}}
	made := map[string]bool{} // columns whose value before is that of an object that was not there
	for _, row := range rows {
		before, err := r.logged(ctx, row, audit.Old)
		if err != nil {
			return nil, err
		}
		after, err := r.logged(ctx, row, audit.New)
		if err != nil {
			return nil, err
		}
		for column, value := range before {
			if _, earlier := changes.Before[column]; !earlier && !made[column] {
				changes.Before[column] = value
			}
		}
		for column := range after {
			if _, known := before[column]; !known {
				made[column] = true
			}
		}
		if row.Action == "DELETE" {
			clear(changes.After)
		} else {
			maps.Copy(changes.After, after)
		}
	}
	return changes, nil
}

// history gives the operation log of an object that the caller sees, to those who
// see all of it. Errors: BAD_USER_INPUT, FORBIDDEN, NOT_FOUND.
func (r *Resolver) history(ctx context.Context, entityType string, id uuid.UUID) (*ent.OperationLogQuery, error) {
	if err := traced(entityType); err != nil {
		return nil, err
	}
	if access.FromContext(ctx).Scope(access.OperationLogRead) < access.ScopeAny {
		err := fault.Forbidden("This needs the permission %s for all rows: a log with gaps tells other values.", access.OperationLogRead)
		r.refused(ctx, needs(access.OperationLogRead), err)
		return nil, err
	}
	if err := r.seen(ctx, entityType, id); err != nil {
		return nil, err
	}
	return r.Client.OperationLog.Query().Where(operationlog.EntityID(id), operationlog.EntityType(entityType)), nil
}
