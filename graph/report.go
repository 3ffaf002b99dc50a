package graph

import (
	"context"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"clinicgraph/ent"
	"clinicgraph/ent/auditlog"
	"clinicgraph/graph/generated"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/paging"
)

// Customer gives the resolvers of the type's own fields.
func (r *Resolver) Customer() generated.CustomerResolver { return &customerResolver{r} }

type customerResolver struct{ *Resolver }

// reportList is what the cursors of a report belong to.
var reportList = paging.List{Kind: "AccessReportEntry", Order: auditlog.FieldID, Direction: paging.OrderDirectionDesc}

// AccessReport is the record of who was shown the customer's personal data. To the
// owner of the profile it shows all of it; to others what they see of the audit
// log, by its own rows.
func (r *customerResolver) AccessReport(ctx context.Context, of *ent.Customer, after *paging.Cursor, first *int, before *paging.Cursor, last *int) (*model.AccessReportEntryConnection, error) {
	v := access.FromContext(ctx)
	rows := ctx
	switch {
	case slices.Contains(v.Profiles, of.ID):
		rows = access.Elevated(ctx, "accessReport")
	case !v.Pass(access.AuditLogRead):
		err := fault.Forbidden("Who saw the data of others takes the permission %s.", access.AuditLogRead)
		r.refused(ctx, needs(access.AuditLogRead), err)
		return nil, err
	}
	first, last, err := paging.Bounds(first, last)
	if err != nil {
		return nil, err
	}
	if err := paging.CheckBoth(after, before, reportList); err != nil {
		return nil, err
	}
	whole := r.Client.AuditLog.Query().Where(auditlog.SubjectID(of.ID), auditlog.Event(audit.EventPersonalRead))
	q := whole.Clone()
	for _, p := range paging.CursorsPredicate(after, before, auditlog.FieldID, auditlog.FieldID, reportList.Direction) {
		q.Where(p)
	}
	order := sql.OrderDesc()
	if last != nil {
		order = sql.OrderAsc()
	}
	found, err := q.Order(auditlog.ByID(order)).Limit(paging.Limit(first, last)).All(rows)
	if err != nil {
		return nil, err
	}
	page := reportPage(found, after, before, last != nil, paging.Limit(first, last)-1)
	counts := func(f graphql.CollectedField) bool { return f.Name == "totalCount" }
	if slices.ContainsFunc(graphql.CollectFieldsCtx(ctx, nil), counts) {
		page.TotalCount, err = whole.Count(rows)
	}
	return page, err
}

// reportPage makes a page of what was found: at most one row more than it shows,
// which says that there is more, and the oldest first where it is cut from the end.
func reportPage(found []*ent.AuditLog, after, before *paging.Cursor, fromEnd bool, size int) *model.AccessReportEntryConnection {
	more := len(found) > size
	found = found[:min(len(found), size)]
	info := &paging.Info{HasNextPage: more, HasPreviousPage: after != nil}
	if fromEnd {
		slices.Reverse(found)
		info.HasNextPage, info.HasPreviousPage = before != nil, more
	}
	page := &model.AccessReportEntryConnection{Edges: make([]*model.AccessReportEntryEdge, len(found)), PageInfo: info}
	for i, row := range found {
		page.Edges[i] = &model.AccessReportEntryEdge{Node: reportEntry(row), Cursor: paging.NewCursor(reportList, row.ID, nil)}
	}
	if len(found) > 0 {
		info.StartCursor, info.EndCursor = &page.Edges[0].Cursor, &page.Edges[len(found)-1].Cursor
	}
	return page
}

func reportEntry(row *ent.AuditLog) *model.AccessReportEntry {
	entry := &model.AccessReportEntry{At: row.CreatedAt, Who: row.Actor, ActingForAnother: row.ActingFor != nil, Operation: row.Operation, Fields: []string{}}
	if row.FieldsShown != nil && *row.FieldsShown != "" {
		entry.Fields = strings.Split(*row.FieldsShown, ", ")
	}
	if row.Purpose != nil {
		purpose := model.PurposeOfUse(*row.Purpose)
		entry.Purpose = &purpose
	}
	return entry
}
