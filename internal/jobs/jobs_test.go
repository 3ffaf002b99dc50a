package jobs

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"
	"github.com/riverqueue/river"

	"clinicgraph/ent"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/resourceclaim"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/idempotency"
)

func TestExpireBookings_frees_the_time_of_a_booking_past_its_hold(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *clinic) {
		booked, err := c.scheduling.Book(ctx, c.request)
		check(t, err)
		if _, err := c.scheduling.Book(ctx, c.request); fault.CodeOf(err) != fault.CodeSlotTaken {
			t.Fatalf("the slot before the hold ends: %v", err)
		}
		c.set(opening.Add(31 * time.Minute))
		_, events := c.server(t, nil)
		if e := ended(t, events, "expire-bookings"); e.Kind != river.EventKindJobCompleted {
			t.Fatalf("the job failed: %+v", e.Job.Errors)
		}

		got, err := c.store.Client.Booking.Query().Where(booking.ID(booked.Booking.ID)).Only(ctx)
		check(t, err)
		claims, err := c.store.Client.ResourceClaim.Query().Where(resourceclaim.AppointmentID(booked.Appointment.ID)).Count(ctx)
		check(t, err)
		if got.Status != booking.StatusExpired || claims != 0 {
			t.Errorf("the booking is %s with %d claims, want EXPIRED with none", got.Status, claims)
		}
		if _, err := c.scheduling.Book(ctx, c.request); err != nil {
			t.Errorf("the time is not free again: %v", err)
		}
	})
}

func TestOptimizeDatabase_has_SQLite_look_at_its_indexes(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *clinic) {
		_, events := c.server(t, nil)
		if e := ended(t, events, "optimize-database"); e.Kind != river.EventKindJobCompleted {
			t.Fatalf("the job failed: %+v", e.Job.Errors)
		}
		if c.store.DB.Dialect != dialect.SQLite {
			return // which looks by itself
		}
		var known int
		check(t, c.store.DB.Read.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'working_hours'`).Scan(&known))
		if known == 0 {
			t.Error("nothing is known of the working hours")
		}
	})
}

func TestExpireBookings_leaves_a_booking_within_its_hold(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *clinic) {
		booked, err := c.scheduling.Book(ctx, c.request)
		check(t, err)
		c.set(opening.Add(29 * time.Minute))
		_, events := c.server(t, nil)
		ended(t, events, "expire-bookings")
		got, err := c.store.Client.Booking.Query().Where(booking.ID(booked.Booking.ID)).Only(ctx)
		check(t, err)
		if got.Status != booking.StatusPending {
			t.Errorf("the booking is %s, want PENDING", got.Status)
		}
	})
}

func TestPurgeIdempotencyKeys_forgets_only_what_has_expired(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *clinic) {
		for i, at := range []time.Time{opening.Add(-2 * idempotency.Keep), opening.Add(-idempotency.Keep), opening} {
			check(t, c.store.InTx(ctx, func(tx *ent.Client, _ *sql.Tx) error {
				return tx.IdempotencyKey.Create().SetUserID(c.user.ID).SetOperation("book").SetKey(fmt.Sprint(i)).
					SetRequestHash([]byte{1}).SetResult(map[string]any{}).SetExpiresAt(at.Add(idempotency.Keep)).Exec(ctx)
			}))
		}
		_, events := c.server(t, nil)
		if e := ended(t, events, "purge-idempotency-keys"); e.Kind != river.EventKindJobCompleted {
			t.Fatalf("the job failed: %+v", e.Job.Errors)
		}
		var left []string
		check(t, c.store.Client.IdempotencyKey.Query().Select("key").Scan(ctx, &left))
		if diff := cmp.Diff([]string{"2"}, left); diff != "" {
			t.Error(diff)
		}
	})
}

func TestJobs_act_as_the_system_under_their_own_name(t *testing.T) {
	each(t, func(t *testing.T, _ context.Context, c *clinic) {
		type who struct {
			Actor     string
			Operation string
		}
		seen := make(chan who, 1)
		_, events := c.server(t, func(v *Verbs) {
			v.ExpireBookings = func(ctx context.Context) (int, error) {
				request := access.RequestOf(ctx)
				if !strings.HasPrefix(request.ID, "job-") {
					return 0, fmt.Errorf("the request's id is %q", request.ID)
				}
				seen <- who{access.FromContext(ctx).Actor(), request.Operation}
				return 0, nil
			}
		})
		if e := ended(t, events, "expire-bookings"); e.Kind != river.EventKindJobCompleted {
			t.Fatalf("the job failed: %+v", e.Job.Errors)
		}
		if diff := cmp.Diff(who{"system:expire-bookings", "expire-bookings"}, <-seen); diff != "" {
			t.Error(diff)
		}
	})
}

func TestArchiveAudit_runs_where_there_is_a_folder(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *clinic) {
		_, events := c.server(t, func(v *Verbs) {
			v.ArchiveAudit = func(ctx context.Context) (int, error) {
				if ends, _ := ctx.Deadline(); time.Until(ends) < time.Hour {
					t.Errorf("has until %s", ends)
				}
				return 1, nil
			}
		})
		ended(t, events, "archive-audit")
	})
}

func TestJobs_of_several_servers_run_each_job_once(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *clinic) {
		var runs atomic.Int64
		count := func(v *Verbs) {
			v.ExpireBookings = func(context.Context) (int, error) { runs.Add(1); return 0, nil }
		}
		hour := time.Now().Truncate(time.Hour)
		first, events := c.server(t, count)
		second, others := c.server(t, count)
		for range 2 { // both jobs
			select {
			case <-events:
			case <-others:
			case <-time.After(time.Minute):
				t.Fatal("no job ended within a minute")
			}
		}
		// What a new leader schedules again within the interval does not count.
		again, err := second.client.Insert(ctx, PurgeIdempotencyKeys{}, oncePer(time.Hour))
		check(t, err)
		if !again.UniqueSkippedAsDuplicate && time.Now().Truncate(time.Hour).Equal(hour) {
			t.Error("a job of this hour is scheduled twice")
		}
		check(t, first.Stop(ctx))
		check(t, second.Stop(ctx))
		if n := runs.Load(); n != 1 {
			t.Errorf("%d expiries, want 1", n)
		}
	})
}

func TestJobs_and_verbs_do_not_block_each_other(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *clinic) {
		// The job works on the database while verbs do, on SQLite through one
		// connection.
		_, events := c.server(t, func(v *Verbs) {
			v.ExpireBookings = func(ctx context.Context) (n int, err error) {
				for range 20 {
					if _, err := c.scheduling.Expire(ctx); err != nil {
						return n, err
					}
				}
				return 20, nil
			}
		})
		errs := make(chan error, 4)
		for range cap(errs) {
			go func() {
				var failed error
				for range 10 {
					failed = errors.Join(failed, c.store.InTx(ctx, func(tx *ent.Client, _ *sql.Tx) error {
						return tx.User.UpdateOneID(c.user.ID).SetLocale("de").Exec(ctx)
					}))
				}
				errs <- failed
			}()
		}
		for range cap(errs) {
			check(t, <-errs)
		}
		if e := ended(t, events, "expire-bookings"); e.Kind != river.EventKindJobCompleted {
			t.Errorf("the job failed: %+v", e.Job.Errors)
		}
	})
}

func TestJobs_that_fail_are_logged_and_let_the_next_run(t *testing.T) {
	each(t, func(t *testing.T, _ context.Context, c *clinic) {
		_, events := c.server(t, func(v *Verbs) {
			v.ExpireBookings = func(context.Context) (int, error) { return 0, errors.New("no luck") }
		})
		if e := ended(t, events, "expire-bookings"); e.Kind != river.EventKindJobFailed || e.Job.FinalizedAt == nil {
			t.Errorf("the job ended as %s with state %s, want failed for good", e.Kind, e.Job.State)
		}
	})
}

func TestStop_without_Start_does_nothing(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *clinic) {
		j, err := New(c.store.DB, Verbs{Store: c.store, Now: c.Now}, slog.New(slog.DiscardHandler))
		check(t, err)
		check(t, j.Stop(ctx))
	})
}

func TestStop_cancels_what_does_not_end_in_time(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *clinic) {
		began := make(chan struct{})
		j, _ := c.server(t, func(v *Verbs) {
			v.ExpireBookings = func(ctx context.Context) (int, error) {
				close(began)
				<-ctx.Done()
				return 0, ctx.Err()
			}
		})
		<-began
		over, cancel := context.WithCancel(ctx)
		cancel()
		check(t, j.Stop(over))
	})
}

func TestAtLeast_keeps_its_level_in_derived_loggers(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(atLeast{slog.NewTextHandler(&out, nil), slog.LevelWarn}).With("a", 1).WithGroup("g")
	log.Info("small")
	log.Warn("large")
	if got := out.String(); strings.Contains(got, "small") || !strings.Contains(got, "large") {
		t.Errorf("logged %q", got)
	}
}
