package graph

import (
	"context"

	"clinicgraph/ent"
	"clinicgraph/graph/model"
)

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
