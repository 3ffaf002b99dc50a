package accounts

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/accessreview"
	"clinicgraph/ent/notification"
	"clinicgraph/internal/access"
	"clinicgraph/internal/notifications"
)

// overdueBatch bounds a transaction, so that nobody waits long behind it.
const overdueBatch = 50

// ReportOverdue marks the reviews whose time is over as OVERDUE, and tells who
// started them and who is to see to them: each once. Where nobody is to, everybody
// is told who may decide. It gives how many it marked.
func (s *Service) ReportOverdue(ctx context.Context) (marked int, err error) {
	ctx = access.System(ctx, "overdue-reviews")
	for {
		n := 0
		err := s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			// Two servers may be at it, or somebody who closes one.
			if err := s.lockAdministration(ctx, c); err != nil {
				return err
			}
			due, err := c.AccessReview.Query().Where(accessreview.StatusEQ(accessreview.StatusOpen), accessreview.DueAtLTE(s.Now())).
				Order(accessreview.ByDueAt()).Limit(overdueBatch).All(ctx)
			if err != nil {
				return err
			}
			for n = 0; n < len(due); n++ {
				if err := s.reportOverdue(ctx, c, due[n]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return marked, fmt.Errorf("report overdue reviews: %w", err)
		}
		marked += n
		if n < overdueBatch {
			return marked, nil
		}
	}
}

func (s *Service) reportOverdue(ctx context.Context, c *ent.Client, review *ent.AccessReview) error {
	if err := review.Update().SetStatus(accessreview.StatusOverdue).Exec(ctx); err != nil {
		return err
	}
	told := map[uuid.UUID]bool{}
	if review.StartedByID != nil && review.Kind == accessreview.KindCampaign {
		told[*review.StartedByID] = true
	}
	if review.ReviewerID != nil {
		told[*review.ReviewerID] = true
	} else {
		reviewers, err := s.holders(ctx, c, access.AccessReviewDecide)
		if err != nil {
			return err
		}
		for _, u := range reviewers {
			// Nobody decides about their own.
			told[u.ID] = review.StartedByID == nil || u.ID != *review.StartedByID
		}
	}
	for id, is := range told {
		if !is {
			continue
		}
		if err := notifications.Tell(ctx, c, notifications.News{To: id, Kind: notification.KindAccessReviewOverdue, About: review.ID}); err != nil {
			return err
		}
	}
	return nil
}
