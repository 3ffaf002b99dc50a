package e2e

import (
	"testing"
	"time"
)

func TestAnOverdueReviewIsReportedOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		id := c.as(admin).startReview(vars{"roleIds": []string{c.roles["staff"]}, "reviewerId": c.users[manager], "dueAt": opening.Add(time.Hour)}).ok().text("startAccessReview.accessReview.id")
		report := func(want int) {
			t.Helper()
			if n, err := c.app.Accounts.ReportOverdue(t.Context()); err != nil || n != want {
				t.Errorf("%d, %v, want %d", n, err, want)
			}
		}
		c.advance(time.Hour - time.Microsecond)
		report(0)
		c.advance(time.Microsecond)
		report(1)
		report(0)
		for login, n := range map[string]string{admin: `1`, manager: `1`, otherAdmin: `0`} {
			c.as(login).do(`{ notifications(where: {kind: ACCESS_REVIEW_OVERDUE}) { totalCount } }`).ok().want("notifications.totalCount", n)
		}
		c.as(manager).do(`{ accessReviews(where: {status: OVERDUE}) { edges { node { id } } } }`).ok().want("accessReviews.edges", `[{"node":{"id":"`+id+`"}}]`)
	})
}
