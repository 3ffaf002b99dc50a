package graph

import (
	"context"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/order"
	"clinicgraph/ent/paymentmethod"
	"clinicgraph/graph/model"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/paging"
)

func (r *queryResolver) Orders(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.OrderWhereInput) (*ent.OrderConnection, error) {
	return r.Client.Order.Query().Paginate(ctx, after, first, before, last, ent.WithOrderFilter(where.Filter))
}

func (r *queryResolver) Order(ctx context.Context, id uuid.UUID) (*ent.Order, error) {
	q, err := r.Client.Order.Query().Where(order.ID(id)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return one(q.Only(ctx))
}

func (r *mutationResolver) CapturePayment(ctx context.Context, in model.CapturePaymentInput) (*model.CapturePaymentPayload, error) {
	paid, err := r.Orders.CapturePayment(ctx, orders.Capture{
		OrderID: in.OrderID, Amount: in.Amount, Method: paymentmethod.Kind(in.Method), IdempotencyKey: in.IdempotencyKey,
	})
	if err != nil {
		return nil, err
	}
	return &model.CapturePaymentPayload{Transaction: paid.Transaction, Order: paid.Order, Booking: paid.Booking}, nil
}
