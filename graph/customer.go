package graph

import (
	"context"

	"clinicgraph/ent"
)

func (r *customerResolver) DocumentNumber(_ context.Context, c *ent.Customer) (*string, error) {
	return r.Customers.Document(c)
}
