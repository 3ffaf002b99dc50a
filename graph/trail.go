package graph

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/auditlog"
	"clinicgraph/ent/operationlog"
	"clinicgraph/ent/orderevent"
	"clinicgraph/ent/sessionlog"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/paging"
)

// trailList is what the cursors of a timeline belong to. Ids begin with the time
// of their making, to the millisecond, so that all logs have one order and a cursor
// is a place in each of them.
var trailList = paging.List{Kind: "LogEntry", Order: "id", Direction: paging.OrderDirectionDesc}

// trailStreams is how many logs a timeline is made of at most.
const trailStreams = 4

// Timeline merges what is on record about an object. Of each log it reads as many
// rows as the page may show, in one statement.
func (r *queryResolver) Timeline(ctx context.Context, entityType string, entityID uuid.UUID, after *paging.Cursor, first *int, before *paging.Cursor, last *int) (*model.LogEntryConnection, error) {
	if err := traced(entityType); err != nil {
		return nil, err
	}
	streams := slices.DeleteFunc(r.streams(entityType, entityID), func(s stream) bool { return !access.FromContext(ctx).Pass(s.permission) })
	if len(streams) == 0 {
		err := permits(access.FromContext(ctx), needs(access.OperationLogRead))
		r.refused(ctx, needs(access.OperationLogRead), err)
		return nil, err
	}
	if err := r.seen(ctx, entityType, entityID); err != nil {
		return nil, err
	}
	first, last, err := paging.Bounds(first, last)
	if err != nil {
		return nil, err
	}
	if err := paging.CheckBoth(after, before, trailList); err != nil {
		return nil, err
	}
	w := window{limit: paging.Limit(first, last), order: sql.OrderDesc(), picked: picked(ctx), after: after, before: before}
	if last != nil {
		w.order = sql.OrderAsc()
	}
	var found []entry
	for _, s := range streams {
		some, err := s.read(ctx, w)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	slices.SortFunc(found, func(a, b entry) int {
		if last != nil {
			a, b = b, a
		}
		return bytes.Compare(b.id[:], a.id[:])
	})
	page := trailPage(found, after, before, last != nil, w.limit-1)
	if slices.ContainsFunc(graphql.CollectFieldsCtx(ctx, nil), func(f graphql.CollectedField) bool { return f.Name == "totalCount" }) {
		for _, s := range streams {
			n, err := s.count(ctx)
			if err != nil {
				return nil, err
			}
			page.TotalCount += n
		}
	}
	return page, nil
}

// trailPage makes a page of what was found in the order of the reading: more than
// it shows says that there is more.
func trailPage(found []entry, after, before *paging.Cursor, fromEnd bool, size int) *model.LogEntryConnection {
	more := len(found) > size
	found = found[:min(len(found), size)]
	info := &paging.Info{HasNextPage: more, HasPreviousPage: after != nil}
	if fromEnd {
		slices.Reverse(found)
		info.HasNextPage, info.HasPreviousPage = before != nil, more
	}
	page := &model.LogEntryConnection{Edges: make([]*model.LogEntryEdge, len(found)), PageInfo: info}
	for i, e := range found {
		page.Edges[i] = &model.LogEntryEdge{Node: e.node, Cursor: paging.NewCursor(trailList, e.id, nil)}
	}
	if len(found) > 0 {
		info.StartCursor, info.EndCursor = &page.Edges[0].Cursor, &page.Edges[len(found)-1].Cursor
	}
	return page
}

// traced refuses a type that has no timeline: one that is not of the graph, and the
// logs themselves.
func traced(entityType string) error {
	known := slices.Sorted(maps.Keys(ent.Meta))
	known = slices.DeleteFunc(known, func(name string) bool {
		_, node := ent.NodeTable(name)
		return !node || ent.Meta[name].Internal || !audit.Records(name)
	})
	if !slices.Contains(known, entityType) {
		return fault.Invalid("entityType", "There is no such type. These have a history: %s.", strings.Join(known, ", "))
	}
	return nil
}

// seen refuses an object that the caller does not see, or that is of another type.
func (r *Resolver) seen(ctx context.Context, entityType string, id uuid.UUID) error {
	if err := r.pass(ctx, entityDoor(entityType)); err != nil {
		return err
	}
	if kind, ok := ids.KindOf(id); !ok || kind.String() != entityType {
		return fault.Missing()
	}
	_, err := r.visible(ctx, id)
	return err
}

// stream is one log of an object.
type stream struct {
	permission string
	read       func(context.Context, window) ([]entry, error)
	count      func(context.Context) (int, error)
}

// entry is a row of a log.
type entry struct {
	id   uuid.UUID
	node model.LogEntry
}

// window is the part of a log that may be on the page.
type window struct {
	limit         int
	order         sql.OrderTermOption
	after, before *paging.Cursor
	picked        map[string]bool // edges that the document asks for
}

// within is the window as a predicate of any log.
func (w window) within(s *sql.Selector) {
	for _, p := range paging.CursorsPredicate(w.after, w.before, trailList.Order, trailList.Order, trailList.Direction) {
		p(s)
	}
}

func entries[T model.LogEntry](rows []T, err error, id func(T) uuid.UUID) ([]entry, error) {
	found := make([]entry, len(rows))
	for i, row := range rows {
		found[i] = entry{id(row), row}
	}
	return found, err
}

// streams are the logs that speak of an object.
func (r *Resolver) streams(entityType string, id uuid.UUID) []stream {
	changes := r.Client.OperationLog.Query().Where(operationlog.EntityID(id), operationlog.EntityType(entityType))
	all := []stream{
		{access.OperationLogRead, func(ctx context.Context, w window) ([]entry, error) {
			q := changes.Clone().Where(w.within).Order(operationlog.ByID(w.order)).Limit(w.limit)
			if w.picked["OperationLog.user"] {
				q.WithUser()
			}
			rows, err := q.All(ctx)
			return entries(rows, err, func(l *ent.OperationLog) uuid.UUID { return l.ID })
		}, func(ctx context.Context) (int, error) { return changes.Clone().Count(ctx) }},
		r.auditStream(auditlog.SubjectID(id)),
	}
	switch entityType {
	case ent.TypeUser:
		all = append(all, r.auditStream(auditlog.UserID(id), auditlog.SubjectIDIsNil()), r.sessionStream(sessionlog.UserID(id)))
	case ent.TypeUserSession:
		all = append(all, r.sessionStream(sessionlog.SessionID(id)))
	case ent.TypeOrder:
		steps := r.Client.OrderEvent.Query().Where(orderevent.OrderID(id))
		all = append(all, stream{access.OrderRead, func(ctx context.Context, w window) ([]entry, error) {
			q := steps.Clone().Where(w.within).Order(orderevent.ByID(w.order)).Limit(w.limit)
			if w.picked["OrderEvent.order"] {
				q.WithOrder()
			}
			rows, err := q.All(ctx)
			return entries(rows, err, func(l *ent.OrderEvent) uuid.UUID { return l.ID })
		}, func(ctx context.Context) (int, error) { return steps.Clone().Count(ctx) }})
	}
	return all
}
