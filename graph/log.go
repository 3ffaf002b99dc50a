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

func (r *queryResolver) SessionLogs(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.SessionLogWhereInput) (*ent.SessionLogConnection, error) {
	return r.Client.SessionLog.Query().Paginate(ctx, after, first, before, last, ent.WithSessionLogFilter(where.Filter))
}

func (r *queryResolver) RateLimitLogs(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.RateLimitLogOrder, where *ent.RateLimitLogWhereInput) (*ent.RateLimitLogConnection, error) {
	return r.Client.RateLimitLog.Query().Paginate(ctx, after, first, before, last, ent.WithRateLimitLogOrder(orderBy), ent.WithRateLimitLogFilter(where.Filter))
}

func (r *queryResolver) BlacklistedTokens(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.BlacklistedTokenWhereInput) (*ent.BlacklistedTokenConnection, error) {
	return r.Client.BlacklistedToken.Query().Paginate(ctx, after, first, before, last, ent.WithBlacklistedTokenFilter(where.Filter))
}
