package graph

import (
	"context"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/product"
	"clinicgraph/internal/paging"
)

func (r *queryResolver) Products(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.ProductOrder, where *ent.ProductWhereInput) (*ent.ProductConnection, error) {
	return r.Client.Product.Query().Paginate(ctx, after, first, before, last, ent.WithProductOrder(orderBy), ent.WithProductFilter(where.Filter))
}

func (r *queryResolver) Product(ctx context.Context, id uuid.UUID) (*ent.Product, error) {
	q, err := r.Client.Product.Query().Where(product.ID(id)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return one(q.Only(ctx))
}
