package graph

import (
	"context"

	"clinicgraph/ent"
	"clinicgraph/internal/paging"
)

func (r *queryResolver) OperationLogs(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.OperationLogWhereInput) (*ent.OperationLogConnection, error) {
	return r.Client.OperationLog.Query().Paginate(ctx, after, first, before, last, ent.WithOperationLogFilter(where.Filter))
}

func (r *queryResolver) AuditLogs(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.AuditLogWhereInput) (*ent.AuditLogConnection, error) {
	return r.Client.AuditLog.Query().Paginate(ctx, after, first, before, last, ent.WithAuditLogFilter(where.Filter))
}
