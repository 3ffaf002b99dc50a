package graph

import (
	"context"

	"clinicgraph/ent"
	"clinicgraph/graph/model"
	"clinicgraph/internal/paging"
)

func (r *queryResolver) Notifications(ctx context.Context, after *paging.Cursor, first *int, before *paging.Cursor, last *int, where *ent.NotificationWhereInput) (*ent.NotificationConnection, error) {
	return r.Client.Notification.Query().Paginate(ctx, after, first, before, last, ent.WithNotificationFilter(where.Filter))
}

func (r *mutationResolver) MarkNotificationRead(ctx context.Context, in model.MarkNotificationReadInput) (*model.MarkNotificationReadPayload, error) {
	n, err := r.Notices.MarkRead(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &model.MarkNotificationReadPayload{Notification: n}, nil
}
