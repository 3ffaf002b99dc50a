package graph

import (
	"context"

	"clinicgraph/ent"
	"clinicgraph/graph/generated"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/paging"
)

type organizationalUnitResolver struct{ *Resolver }

// OrganizationalUnit gives the resolvers of the type's own fields.
func (r *Resolver) OrganizationalUnit() generated.OrganizationalUnitResolver {
	return &organizationalUnitResolver{r}
}

func (r *organizationalUnitResolver) AllowedActions(ctx context.Context, u *ent.OrganizationalUnit) ([]*model.AllowedAction, error) {
	v := access.FromContext(ctx)
	var actions []action
	for _, verb := range []string{"createOrganizationalUnit", "updateOrganizationalUnit", "deleteOrganizationalUnit"} {
		actions = append(actions, action{mutation: verb, rule: func() error { return accounts.MayUnit(v, verb, &u.ID) }})
	}
	return r.allowed(ctx, actions...)
}

func (r *queryResolver) OrganizationalUnits(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, orderBy *ent.OrganizationalUnitOrder, where *ent.OrganizationalUnitWhereInput) (*ent.OrganizationalUnitConnection, error) {
	return r.Client.OrganizationalUnit.Query().Paginate(ctx, after, first, before, last, ent.WithOrganizationalUnitOrder(orderBy), ent.WithOrganizationalUnitFilter(where.Filter))
}

func (r *queryResolver) Sexes(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.SexWhereInput) (*ent.SexConnection, error) {
	return r.Client.Sex.Query().Paginate(ctx, after, first, before, last, ent.WithSexFilter(where.Filter))
}

func (r *mutationResolver) CreateOrganizationalUnit(ctx context.Context, in model.CreateOrganizationalUnitInput) (*model.OrganizationalUnitPayload, error) {
	return unit(r.Accounts.NewUnit(ctx, accounts.NewUnit{
		Name: in.Name, Description: deref(in.Description), Kind: in.Kind, Timezone: in.Timezone, Parent: in.ParentID,
	}))
}

func (r *mutationResolver) UpdateOrganizationalUnit(ctx context.Context, in model.UpdateOrganizationalUnitInput) (*model.OrganizationalUnitPayload, error) {
	return unit(r.Accounts.UpdateUnit(ctx, accounts.UnitChange{
		ID: in.ID, Name: change(in.Name), Description: change(in.Description), Kind: in.Kind, Timezone: change(in.Timezone),
		Parent: change(in.ParentID), ExpectedVersion: version(in.ExpectedVersion),
	}))
}

func (r *mutationResolver) DeleteOrganizationalUnit(ctx context.Context, in model.DeleteOrganizationalUnitInput) (*model.DeleteOrganizationalUnitPayload, error) {
	if err := r.Accounts.DeleteUnit(ctx, in.ID, in.Reason); err != nil {
		return nil, err
	}
	return &model.DeleteOrganizationalUnitPayload{DeletedID: in.ID}, nil
}

func unit(u *ent.OrganizationalUnit, err error) (*model.OrganizationalUnitPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.OrganizationalUnitPayload{OrganizationalUnit: u}, nil
}
