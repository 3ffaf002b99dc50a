package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/auditlog"
	"clinicgraph/ent/predicate"
	"clinicgraph/ent/sessionlog"
	"clinicgraph/ent/user"
	"clinicgraph/graph/generated"
	"clinicgraph/internal/access"
)

func (r *Resolver) auditStream(about ...predicate.AuditLog) stream {
	events := r.Client.AuditLog.Query().Where(about...)
	return stream{access.AuditLogRead, func(ctx context.Context, w window) ([]entry, error) {
		q := events.Clone().Where(w.within).Order(auditlog.ByID(w.order)).Limit(w.limit)
		if w.picked["AuditLog.user"] {
			q.WithUser()
		}
		rows, err := q.All(ctx)
		return entries(rows, err, func(l *ent.AuditLog) uuid.UUID { return l.ID })
	}, func(ctx context.Context) (int, error) { return events.Clone().Count(ctx) }}
}

func (r *Resolver) sessionStream(of predicate.SessionLog) stream {
	events := r.Client.SessionLog.Query().Where(of)
	return stream{access.SessionRead, func(ctx context.Context, w window) ([]entry, error) {
		q := events.Clone().Where(w.within).Order(sessionlog.ByID(w.order)).Limit(w.limit)
		if w.picked["SessionLog.user"] {
			q.WithUser()
		}
		if w.picked["SessionLog.session"] {
			q.WithSession()
		}
		rows, err := q.All(ctx)
		return entries(rows, err, func(l *ent.SessionLog) uuid.UUID { return l.ID })
	}, func(ctx context.Context) (int, error) { return events.Clone().Count(ctx) }}
}

// picked are the fields that the document asks of the entries, as
// "OperationLog.user": an edge is read for all of a page at once.
func picked(ctx context.Context) map[string]bool {
	oc, all := graphql.GetOperationContext(ctx), map[string]bool{}
	for _, edges := range graphql.CollectFieldsCtx(ctx, nil) {
		if edges.Name != "edges" {
			continue
		}
		for _, node := range graphql.CollectFields(oc, edges.Selections, nil) {
			if node.Name != "node" {
				continue
			}
			for _, log := range []string{ent.TypeOperationLog, ent.TypeAuditLog, ent.TypeSessionLog, ent.TypeOrderEvent} {
				for _, f := range graphql.CollectFields(oc, node.Selections, []string{log, "LogEntry", "Node"}) {
					all[log+"."+f.Name] = true
				}
			}
		}
	}
	return all
}

// SessionLog gives the resolvers of the type's own fields.
func (r *Resolver) SessionLog() generated.SessionLogResolver { return &sessionLogResolver{r} }

type sessionLogResolver struct{ *Resolver }

type actorsKey struct{}

// Actor names whoever acted. Who sees the entry sees that: it says who it was.
func (r *sessionLogResolver) Actor(ctx context.Context, l *ent.SessionLog) (string, error) {
	return of(ctx, actorsKey{}, l.UserID, []string{kindActor}, func(ids []uuid.UUID) (map[uuid.UUID]string, error) {
		users, err := r.Client.User.Query().Where(user.IDIn(ids...)).Select(user.FieldID, user.FieldUsername).All(access.Elevated(access.WithDeleted(ctx), "actor"))
		names := make(map[uuid.UUID]string, len(users))
		for _, u := range users {
			names[u.ID] = u.Username
		}
		return names, err
	})
}
