package graph

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

func (r *queryResolver) ExplainPermission(ctx context.Context, userID uuid.UUID, permission string, objectID *uuid.UUID) (*model.PermissionExplanation, error) {
	q := accounts.Question{User: userID, Permission: permission}
	if objectID != nil {
		object, err := r.visible(ctx, *objectID)
		if err != nil {
			return nil, err
		}
		q.Object = object
	}
	e, err := r.Accounts.Explain(ctx, q)
	if err != nil {
		return nil, err
	}
	missing := e.Missing()
	out := &model.PermissionExplanation{
		User: e.User, Permission: e.Permission, Allowed: len(missing) == 0, Scope: scopeOf(e.Scope), Granted: scopeOf(e.Granted),
		Rows: make([]*model.PermissionReason, len(e.Rows)), Missing: make([]*model.PermissionLack, len(missing)),
	}
	for i, row := range e.Rows {
		out.Rows[i] = &model.PermissionReason{
			Standing: model.PermissionStanding(row.Standing), Permission: row.Permission, Wildcard: strings.HasSuffix(row.Permission, ":*"), Allowed: row.Allowed,
			Scope: model.PermissionScope(row.Grant.Scope.String()), Source: model.PermissionSource(row.Source),
			Role: given(row.Role), ValidFrom: given(row.ValidFrom), ExpiresAt: given(row.ExpiresAt), Assignment: row.Assignment, DirectPermission: row.Direct,
		}
	}
	for i, m := range missing {
		out.Missing[i] = &model.PermissionLack{Code: model.PermissionLackCode(m.Code), Message: m.Message}
	}
	if o := e.Object; o != nil {
		out.Object = &model.ObjectReach{
			ID: o.ID, Type: o.Entity, Shown: o.Shown, Relation: scopeOf(o.Relation),
			Covered: o.Relation != access.ScopeNone && o.Relation <= e.Scope,
		}
	}
	return out, nil
}

// visible finds an object by its id alone, as node does: through the door of its
// type and the caller's rows.
func (r *Resolver) visible(ctx context.Context, id uuid.UUID) (*accounts.Object, error) {
	if _, err := r.nodeTable(ctx, id); err != nil {
		return nil, err
	}
	kind, _ := ids.KindOf(id)
	found, err := r.Client.Exists(ctx, kind.String(), id)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.Missing()
	}
	return &accounts.Object{ID: id, Entity: kind.String()}, nil
}

func scopeOf(s access.Scope) *model.PermissionScope {
	if s == access.ScopeNone {
		return nil
	}
	scope := model.PermissionScope(s.String())
	return &scope
}

// given is a value, or null for the zero value.
func given[T string | time.Time](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
