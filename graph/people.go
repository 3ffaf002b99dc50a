package graph

import (
	"context"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/customer"
	"clinicgraph/ent/practitionerprofile"
	"clinicgraph/ent/user"
	"clinicgraph/internal/paging"
)

func (r *queryResolver) Users(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.UserOrder, where *ent.UserWhereInput) (*ent.UserConnection, error) {
	return r.Client.User.Query().Paginate(ctx, after, first, before, last, ent.WithUserOrder(orderBy), ent.WithUserFilter(where.Filter))
}

func (r *queryResolver) Customers(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.CustomerOrder, where *ent.CustomerWhereInput) (*ent.CustomerConnection, error) {
	return r.Client.Customer.Query().Paginate(ctx, after, first, before, last, ent.WithCustomerOrder(orderBy), ent.WithCustomerFilter(where.Filter))
}

func (r *queryResolver) Practitioners(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.PractitionerProfileOrder, where *ent.PractitionerProfileWhereInput) (*ent.PractitionerProfileConnection, error) {
	return r.Client.PractitionerProfile.Query().Paginate(ctx, after, first, before, last, ent.WithPractitionerProfileOrder(orderBy), ent.WithPractitionerProfileFilter(where.Filter))
}

func (r *queryResolver) User(ctx context.Context, id uuid.UUID) (*ent.User, error) {
	q, err := r.Client.User.Query().Where(user.ID(id)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return one(q.Only(ctx))
}

func (r *queryResolver) Customer(ctx context.Context, id uuid.UUID) (*ent.Customer, error) {
	q, err := r.Client.Customer.Query().Where(customer.ID(id)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return one(q.Only(ctx))
}

func (r *queryResolver) Practitioner(ctx context.Context, id uuid.UUID) (*ent.PractitionerProfile, error) {
	q, err := r.Client.PractitionerProfile.Query().Where(practitionerprofile.ID(id)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return one(q.Only(ctx))
}
