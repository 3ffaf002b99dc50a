package graph

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"

	"clinicgraph/ent"
	"clinicgraph/ent/predicate"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/paging"
)

// span is a time that entries are asked for. What is nil bounds nothing.
type span struct{ gt, gte, lt, lte *time.Time }

// apart bounds by how much the id of an entry and its time differ. They have agreed to
// the millisecond since the one is made from the other; before, each had its own clock
// reading.
const apart = time.Minute

// dated bounds the ids of entries by a time, which they carry: so an index leads to
// them, and PostgreSQL leaves out the partitions of other months. The condition on the
// time itself stays.
func dated[P ~func(*sql.Selector)](t span) (bounds []P) {
	for _, from := range []*time.Time{t.gt, t.gte} {
		if from != nil {
			bounds = append(bounds, func(s *sql.Selector) { s.Where(sql.GTE(s.C("id"), ids.From(from.Add(-apart)))) })
		}
	}
	for _, to := range []*time.Time{t.lt, t.lte} {
		if to != nil {
			bounds = append(bounds, func(s *sql.Selector) { s.Where(sql.LT(s.C("id"), ids.From(to.Add(apart)))) })
		}
	}
	return bounds
}

func (r *queryResolver) OperationLogs(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.OperationLogWhereInput) (*ent.OperationLogConnection, error) {
	if where != nil {
		where.AddPredicates(dated[predicate.OperationLog](span{where.CreatedAtGT, where.CreatedAtGTE, where.CreatedAtLT, where.CreatedAtLTE})...)
	}
	return r.Client.OperationLog.Query().Paginate(ctx, after, first, before, last, ent.WithOperationLogFilter(where.Filter))
}

func (r *queryResolver) AuditLogs(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.AuditLogWhereInput) (*ent.AuditLogConnection, error) {
	if where != nil {
		where.AddPredicates(dated[predicate.AuditLog](span{where.CreatedAtGT, where.CreatedAtGTE, where.CreatedAtLT, where.CreatedAtLTE})...)
	}
	return r.Client.AuditLog.Query().Paginate(ctx, after, first, before, last, ent.WithAuditLogFilter(where.Filter))
}

func (r *queryResolver) SessionLogs(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.SessionLogWhereInput) (*ent.SessionLogConnection, error) {
	if where != nil {
		where.AddPredicates(dated[predicate.SessionLog](span{where.CreatedAtGT, where.CreatedAtGTE, where.CreatedAtLT, where.CreatedAtLTE})...)
	}
	return r.Client.SessionLog.Query().Paginate(ctx, after, first, before, last, ent.WithSessionLogFilter(where.Filter))
}

func (r *queryResolver) RateLimitLogs(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.RateLimitLogOrder, where *ent.RateLimitLogWhereInput) (*ent.RateLimitLogConnection, error) {
	return r.Client.RateLimitLog.Query().Paginate(ctx, after, first, before, last, ent.WithRateLimitLogOrder(orderBy), ent.WithRateLimitLogFilter(where.Filter))
}

func (r *queryResolver) BlacklistedTokens(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.BlacklistedTokenWhereInput) (*ent.BlacklistedTokenConnection, error) {
	return r.Client.BlacklistedToken.Query().Paginate(ctx, after, first, before, last, ent.WithBlacklistedTokenFilter(where.Filter))
}
