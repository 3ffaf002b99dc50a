package graph

import (
	"context"

	"clinicgraph/ent"
	"clinicgraph/internal/paging"
)

func (r *queryResolver) OrganizationalUnits(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.OrganizationalUnitOrder, where *ent.OrganizationalUnitWhereInput) (*ent.OrganizationalUnitConnection, error) {
	return r.Client.OrganizationalUnit.Query().Paginate(ctx, after, first, before, last, ent.WithOrganizationalUnitOrder(orderBy), ent.WithOrganizationalUnitFilter(where.Filter))
}

func (r *queryResolver) Sexes(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.SexWhereInput) (*ent.SexConnection, error) {
	return r.Client.Sex.Query().Paginate(ctx, after, first, before, last, ent.WithSexFilter(where.Filter))
}
