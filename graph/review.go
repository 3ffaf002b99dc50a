package graph

import (
	"context"

	"clinicgraph/ent"
	"clinicgraph/internal/paging"
)

func (r *queryResolver) AccessReviews(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.AccessReviewOrder, where *ent.AccessReviewWhereInput) (*ent.AccessReviewConnection, error) {
	return r.Client.AccessReview.Query().Paginate(ctx, after, first, before, last, ent.WithAccessReviewOrder(orderBy), ent.WithAccessReviewFilter(where.Filter))
}
