package graph

import (
	"context"

	"clinicgraph/ent"
	"clinicgraph/graph/model"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/customers"
)

func (r *mutationResolver) CreateCustomer(ctx context.Context, in model.CreateCustomerInput) (*model.CustomerPayload, error) {
	return profile(r.Customers.Admit(ctx, customers.Profile{GivenName: in.GivenName, Surname: in.Surname, Unit: in.UnitID, Sex: in.SexID}, customers.Sensitive{
		BirthDate: some(in.BirthDate), Email: some(in.Email), Phone: some(in.Phone), Address: some(in.Address),
		Notes: some(in.Notes), Document: some(in.DocumentNumber),
	}))
}

func (r *mutationResolver) UpdateCustomer(ctx context.Context, in model.UpdateCustomerInput) (*model.CustomerPayload, error) {
	return profile(r.Customers.Update(ctx, customers.Edit{
		ID: in.ID, ExpectedVersion: version(in.ExpectedVersion), GivenName: change(in.GivenName), Surname: change(in.Surname),
		Unit: change(in.UnitID), Sex: change(in.SexID),
		Sensitive: customers.Sensitive{
			BirthDate: change(in.BirthDate), Email: change(in.Email), Phone: change(in.Phone), Address: change(in.Address),
			Notes: change(in.Notes), Document: change(in.DocumentNumber),
		},
	}))
}

// some is a value that a new object has, or has not: null is as good as nothing.
func some(value *string) accounts.Change[string] {
	return accounts.Change[string]{Given: value != nil, Value: value}
}

func profile(c *ent.Customer, err error) (*model.CustomerPayload, error) {
	if err != nil {
		return nil, err
	}
	return &model.CustomerPayload{Customer: c}, nil
}

func (r *customerResolver) DocumentNumber(_ context.Context, c *ent.Customer) (*string, error) {
	return r.Customers.Document(c)
}

func (r *customerResolver) Notes(ctx context.Context, c *ent.Customer) (*string, error) {
	return r.noted(ctx, c.Notes, ent.TypeCustomer, c.ID)
}

func (r *appointmentResolver) Notes(ctx context.Context, a *ent.Appointment) (*string, error) {
	return r.noted(ctx, a.Notes, ent.TypeAppointment, a.ID)
}

func (r *mutationResolver) EraseCustomer(ctx context.Context, in model.EraseCustomerInput) (*model.EraseCustomerPayload, error) {
	erased, err := r.Customers.Erase(ctx, in.ID, in.Reason)
	if err != nil {
		return nil, err
	}
	return &model.EraseCustomerPayload{Customer: erased}, nil
}
