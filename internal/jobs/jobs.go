// Package jobs owns what runs later or by itself: the job queue on either
// database, which verb each job runs, and when. A job's body is a verb beside its
// noun; no rule of the clinic is here.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

const (
	// workers bounds the jobs that run at once on this server. Each needs a
	// connection now and then; requests need the rest of the pool.
	workers = 4

	// pollInterval is how long a job waits at most before somebody looks. There
	// is no notification with lib/pq or SQLite.
	pollInterval = time.Second

	// jobTimeout ends a job; what it left over is for its next run.
	jobTimeout = time.Minute

	// rescueAfter is when a job whose server died counts as failed.
	rescueAfter = 5 * time.Minute

	// cutOff is how long jobs that were told to stop may take.
	cutOff = 5 * time.Second
)

// Jobs is this server's part in working on the queue.
type Jobs struct {
	client  *river.Client[*sql.Tx]
	started atomic.Bool
}

// New prepares the jobs on a migrated database; nothing runs before Start.
func New(db *store.DB, verbs Verbs, log *slog.Logger) (*Jobs, error) {
	return prepare(db, configure(verbs, log))
}

func configure(verbs Verbs, log *slog.Logger) *river.Config {
	on := &registry{workers: river.NewWorkers(), log: log}
	verbs.schedule(on)
	return &river.Config{
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers:              on.workers,
		PeriodicJobs:         on.periodic,
		Middleware:           []rivertype.Middleware{river.WorkerMiddlewareFunc(verbs.asSystem)},
		FetchPollInterval:    pollInterval,
		JobTimeout:           jobTimeout,
		RescueStuckJobsAfter: rescueAfter,
		PollOnly:             true,
		// The tables stay small, and the statement timeout could cut off a reindex
		// in the middle, which leaves an index behind that only costs.
		ReindexerSchedule: river.NeverSchedule(),
		Logger:            slog.New(atLeast{log.Handler(), slog.LevelWarn}),
	}
}

func prepare(db *store.DB, config *river.Config) (*Jobs, error) {
	client, err := newClient(db, config)
	if err != nil {
		return nil, fmt.Errorf("prepare the job queue: %w", err)
	}
	return &Jobs{client: client}, nil
}

func newClient(db *store.DB, config *river.Config) (*river.Client[*sql.Tx], error) {
	if db.Dialect == dialect.SQLite {
		return river.NewClient(riversqlite.New(db.Write), config)
	}
	return river.NewClient(riverdatabasesql.New(db.Write), config)
}

// asSystem says who acts and what for: the system, by the name of the job.
func (v Verbs) asSystem(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	ctx = access.System(ctx, job.Kind)
	ctx = access.WithRequest(ctx, access.Request{Operation: job.Kind, ID: fmt.Sprintf("job-%d", job.ID)})
	if v.Observe == nil {
		return work(ctx)
	}
	return v.Observe(ctx, job.Kind, work)
}

// Start begins to work on the queue. The end of ctx does not stop it: Stop does,
// in order.
func (j *Jobs) Start(ctx context.Context) error {
	if err := j.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	j.started.Store(true)
	return nil
}

// Stop takes no more jobs and waits for those that run until ctx ends; then it
// cancels them, so that the database can be closed. Without Start it does
// nothing.
func (j *Jobs) Stop(ctx context.Context) error {
	if !j.started.Swap(false) {
		return nil
	}
	err := j.client.Stop(ctx)
	if ctx.Err() == nil {
		return err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cutOff)
	defer cancel()
	if err := j.client.StopAndCancel(last); err != nil {
		return errors.Join(errors.New("jobs do not stop"), err)
	}
	return nil
}
