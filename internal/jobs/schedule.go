package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"clinicgraph/internal/accounts"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/counts"
	"clinicgraph/internal/idempotency"
	"clinicgraph/internal/ratelimit"
	"clinicgraph/internal/store"
)

// Verbs are what the jobs run; each counts what it did.
type Verbs struct {
	// ExpireBookings is scheduling.Service.Expire.
	ExpireBookings func(context.Context) (int, error)

	// CleanUpSessions is auth.Service.CleanUp.
	CleanUpSessions func(context.Context) (int, error)

	// PurgeNotifications is notifications.Service.Purge.
	PurgeNotifications func(context.Context) (int, error)

	// DeliverMail and PurgeMail are notify.Outbox.Deliver and Purge.
	DeliverMail, PurgeMail func(context.Context) (int, error)

	// PurgeOneTimeTokens is auth.Service.PurgeOneTimeTokens.
	PurgeOneTimeTokens func(context.Context) (int, error)

	// PurgeRevocations is auth.Service.PurgeRevocations.
	PurgeRevocations func(context.Context) (int, error)

	// RotateKeys is auth.Keyring.RotateDue.
	RotateKeys func(context.Context) (int, error)

	// ReportOverdueReviews is accounts.Service.ReportOverdue.
	ReportOverdueReviews func(context.Context) (int, error)

	// ArchiveAudit is archive.Archive.Older; nil: the record is not archived.
	ArchiveAudit func(context.Context) (int, error)

	Store *store.Store
	Now   func() time.Time

	// Observe runs the work of a job and may look at it from outside; nil: nobody
	// does.
	Observe func(ctx context.Context, kind string, work func(context.Context) error) error
}

// schedule is everything that runs by itself. Each runs at the start of the
// server that leads, and then at its interval, on one server of all.
func (v Verbs) schedule(on *registry) {
	every(on, 30*time.Second, ExpireBookings{}, v.ExpireBookings)
	every(on, time.Hour, PurgeIdempotencyKeys{}, func(ctx context.Context) (int, error) {
		return idempotency.Purge(ctx, v.Store, v.Now())
	})
	// The counts are by the servers' clock, whatever the clinic's is.
	every(on, 10*time.Minute, PurgeActionCounts{}, func(ctx context.Context) (int, error) {
		return ratelimit.Purge(ctx, v.Store, time.Now())
	})
	every(on, 10*time.Minute, PurgeTries{}, func(ctx context.Context) (int, error) {
		return auth.PurgeTries(ctx, v.Store, v.Now())
	})
	every(on, 10*time.Minute, CleanUpSessions{}, v.CleanUpSessions)
	every(on, time.Hour, PurgeNotifications{}, v.PurgeNotifications)
	every(on, 5*time.Second, DeliverMail{}, v.DeliverMail)
	every(on, time.Hour, PurgeMail{}, v.PurgeMail)
	every(on, time.Hour, PurgeOneTimeTokens{}, v.PurgeOneTimeTokens)
	every(on, 10*time.Minute, PurgeRevocations{}, v.PurgeRevocations)
	every(on, time.Hour, RotateKeys{}, v.RotateKeys)
	every(on, 10*time.Minute, ReportOverdueReviews{}, v.ReportOverdueReviews)
	every(on, 24*time.Hour, KeepLogPartitions{}, func(ctx context.Context) (int, error) {
		return chain.KeepPartitions(ctx, v.Store.DB)
	})
	every(on, time.Hour, OptimizeDatabase{}, func(ctx context.Context) (int, error) {
		return 0, v.Store.DB.Optimize(ctx)
	})
	every(on, 24*time.Hour, PurgePermissionUses{}, func(ctx context.Context) (int, error) {
		return accounts.PurgeUses(ctx, v.Store, v.Now())
	})
	every(on, time.Minute, FoldBookingCounts{}, func(ctx context.Context) (int, error) { return counts.Fold(ctx, v.Store) })
	every(on, 24*time.Hour, CheckBookingCounts{}, func(ctx context.Context) (int, error) {
		wrong, err := counts.Check(ctx, v.Store.DB)
		if err == nil && wrong > 0 {
			err = fmt.Errorf("%d counts of bookings are wrong; clinicgraph counts rebuild makes them anew", wrong)
		}
		return 0, err
	})
	if v.ArchiveAudit != nil {
		within(on, archiveTimeout, 24*time.Hour, ArchiveAudit{}, v.ArchiveAudit)
	}
}

// ExpireBookings frees the time of bookings that were not paid or confirmed
// within their hold.
type ExpireBookings struct{}

// Kind is the job's name in the queue and in the logs.
func (ExpireBookings) Kind() string { return "expire-bookings" }

// CleanUpSessions ends sessions whose time is over, and removes what is left of
// old ones.
type CleanUpSessions struct{}

// Kind is the job's name in the queue and in the logs.
func (CleanUpSessions) Kind() string { return "cleanup-sessions" }

// PurgeIdempotencyKeys forgets the outcomes of requests that nobody may repeat
// any more.
type PurgeIdempotencyKeys struct{}

// Kind is the job's name in the queue and in the logs.
func (PurgeIdempotencyKeys) Kind() string { return "purge-idempotency-keys" }

// PurgeActionCounts forgets who has done sensitive actions, once that limits
// nothing any more.
type PurgeActionCounts struct{}

// Kind is the job's name in the queue and in the logs.
func (PurgeActionCounts) Kind() string { return "purge-action-counts" }

// PurgeTries forgets the tries at secrets that no longer count.
type PurgeTries struct{}

// Kind is the job's name in the queue and in the logs.
func (PurgeTries) Kind() string { return "purge-tries" }

// PurgeNotifications removes what users were told long ago.
type PurgeNotifications struct{}

// Kind is the job's name in the queue and in the logs.
func (PurgeNotifications) Kind() string { return "purge-notifications" }

// DeliverMail sends the messages that are due.
type DeliverMail struct{}

// Kind is the job's name in the queue and in the logs.
func (DeliverMail) Kind() string { return "deliver-mail" }

// PurgeMail removes the messages that were sent or given up long ago.
type PurgeMail struct{}

// Kind is the job's name in the queue and in the logs.
func (PurgeMail) Kind() string { return "purge-mail" }

// PurgeOneTimeTokens removes the tokens of links that ended long ago.
type PurgeOneTimeTokens struct{}

// Kind is the job's name in the queue and in the logs.
func (PurgeOneTimeTokens) Kind() string { return "purge-one-time-tokens" }

// PurgeRevocations removes what was revoked once its tokens have expired.
type PurgeRevocations struct{}

// Kind is the job's name in the queue and in the logs.
func (PurgeRevocations) Kind() string { return "purge-revocations" }

// ReportOverdueReviews marks the reviews of grants whose time is over, and tells
// whom it concerns.
type ReportOverdueReviews struct{}

// Kind is the job's name in the queue and in the logs.
func (ReportOverdueReviews) Kind() string { return "report-overdue-reviews" }

// RotateKeys exchanges the key that signs access tokens when its time is over.
type RotateKeys struct{}

// Kind is the job's name in the queue and in the logs.
func (RotateKeys) Kind() string { return "rotate-keys" }

// PurgePermissionUses forgets on which day somebody last used a permission, once
// that is long ago.
type PurgePermissionUses struct{}

// Kind is the job's name in the queue and in the logs.
func (PurgePermissionUses) Kind() string { return "purge-permission-uses" }

// OptimizeDatabase has SQLite find out which of its indexes lead to few rows.
type OptimizeDatabase struct{}

// Kind is the job's name in the queue and in the logs.
func (OptimizeDatabase) Kind() string { return "optimize-database" }

// KeepLogPartitions makes the monthly partitions of the logs ahead of time, and takes
// away those that are over and empty.
type KeepLogPartitions struct{}

// Kind is the job's name in the queue and in the logs.
func (KeepLogPartitions) Kind() string { return "keep-log-partitions" }

// FoldBookingCounts puts what bookings have added to the counts of a day together.
type FoldBookingCounts struct{}

// Kind is the job's name in the queue and in the logs.
func (FoldBookingCounts) Kind() string { return "fold-booking-counts" }

// CheckBookingCounts fails when the counts of bookings are not right.
type CheckBookingCounts struct{}

// Kind is the job's name in the queue and in the logs.
func (CheckBookingCounts) Kind() string { return "check-booking-counts" }

// ArchiveAudit moves months of the record that are old enough to files.
type ArchiveAudit struct{}

// Kind is the job's name in the queue and in the logs.
func (ArchiveAudit) Kind() string { return "archive-audit" }

// archiveTimeout is longer than that of the others: what a month needs before its
// file is verified is done in one go.
const archiveTimeout = 2 * time.Hour

// registry collects the workers and their schedule for the client.
type registry struct {
	workers  *river.Workers
	periodic []*river.PeriodicJob
	log      *slog.Logger
}

// every has a verb run at an interval, at most once in each stretch of that
// length: a server that takes the lead, or starts again, does not repeat what
// has just run. What fails is not repeated either; the next interval is near.
func every[A river.JobArgs](on *registry, interval time.Duration, args A, verb func(context.Context) (int, error)) {
	within(on, jobTimeout, interval, args, verb)
}

// within is every for a verb that may take a time of its own.
func within[A river.JobArgs](on *registry, timeout, interval time.Duration, args A, verb func(context.Context) (int, error)) {
	river.AddWorker(on.workers, &worker[A]{timeout: timeout, work: func(ctx context.Context) error {
		n, err := verb(ctx)
		if n > 0 {
			on.log.InfoContext(ctx, "job done", "job", args.Kind(), "count", n)
		}
		return err
	}})
	opts := oncePer(interval)
	on.periodic = append(on.periodic, river.NewPeriodicJob(river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) { return args, opts },
		&river.PeriodicJobOpts{ID: args.Kind(), RunOnStart: true}))
}

// worker runs the verb of a job.
type worker[A river.JobArgs] struct {
	river.WorkerDefaults[A]
	timeout time.Duration
	work    func(context.Context) error
}

// Work implements river.Worker.
func (w *worker[A]) Work(ctx context.Context, _ *river.Job[A]) error { return w.work(ctx) }

// Timeout implements river.Worker.
func (w *worker[A]) Timeout(*river.Job[A]) time.Duration { return w.timeout }

// oncePer says that of all jobs of a kind within a stretch only the first counts.
func oncePer(interval time.Duration) *river.InsertOpts {
	return &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: interval}}
}
