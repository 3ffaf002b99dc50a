package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/outboxmessage"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

const (
	// maxAttempts is after how many a message has failed: about six hours.
	maxAttempts = 12

	// firstWait is the time until the second attempt; it doubles from attempt to
	// attempt. It is longer than sending may take, since it is also how long a
	// message stays with the server that has claimed it.
	firstWait = time.Minute
	maxWait   = time.Hour

	// sendTimeout bounds one attempt.
	sendTimeout = 30 * time.Second

	// kept is how long a message stays on record, without its content, after it
	// was written.
	kept = 30 * 24 * time.Hour

	// batch bounds what is looked at, or removed in a transaction, at once.
	batch = 50
)

// wait is the time from attempt number n to the next.
func wait(n int32) time.Duration { return min(maxWait, firstWait<<(n-1)) }

// ErrRefused says that a letter is refused for good: another attempt would be
// refused, too.
var ErrRefused = errors.New("refused for good")

// errLate says that what a letter tells is of no use any more.
var errLate = errors.New("not sent in time")

// Deliver sends what is due, one message at a time, until nothing is, and gives
// how many it has sent. Of several servers each message has one at a time: who
// raises its count of attempts in a transaction of its own has it until the next
// attempt is due. A server that dies between sending and noting it makes the
// message be sent once more; nothing else does. A message that cannot be sent
// does not hold up the next.
func (o *Outbox) Deliver(ctx context.Context) (sent int, err error) {
	ctx = access.System(ctx, "outbox")
	for ctx.Err() == nil {
		due, err := o.Store.Client.OutboxMessage.Query().
			Where(outboxmessage.StatusEQ(outboxmessage.StatusPending), outboxmessage.NextAttemptAtLTE(o.Now())).
			Order(outboxmessage.ByNextAttemptAt(), outboxmessage.ByID()).Limit(batch).IDs(ctx)
		if err != nil {
			return sent, store.Classify(fmt.Errorf("look for messages: %w", err))
		}
		if len(due) == 0 {
			return sent, nil
		}
		for _, id := range due {
			did, err := o.attempt(ctx, id)
			if err != nil {
				return sent, err
			}
			if did {
				sent++
			}
		}
	}
	return sent, ctx.Err()
}

// attempt claims the message and sends it, or does the errand. An error is one of
// the database.
func (o *Outbox) attempt(ctx context.Context, id uuid.UUID) (sent bool, err error) {
	m, err := o.claim(ctx, id)
	if m == nil || err != nil {
		return false, err
	}
	what, failed := o.open(m)
	switch name, errand := strings.CutPrefix(m.Template, errandPrefix); {
	case failed != nil:
		failed = fmt.Errorf("%w: %w", ErrRefused, failed) // the secret file is another one
	case errand:
		if failed = o.run(ctx, m, name, what.Errand); failed == nil {
			return true, nil
		}
	case !what.Until.IsZero() && !o.Now().Before(what.Until):
		failed = fmt.Errorf("%w: %w", ErrRefused, errLate)
	default:
		failed = o.send(ctx, m, what)
	}
	return failed == nil, o.settle(ctx, m, failed)
}

// claim takes the message for this server; nil where another one has it.
func (o *Outbox) claim(ctx context.Context, id uuid.UUID) (claimed *ent.OutboxMessage, err error) {
	err = o.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		now := o.Now()
		m, err := c.OutboxMessage.Get(ctx, id)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		claimed, err = c.OutboxMessage.UpdateOneID(id).
			Where(outboxmessage.StatusEQ(outboxmessage.StatusPending), outboxmessage.Attempts(m.Attempts), outboxmessage.NextAttemptAtLTE(now)).
			SetAttempts(m.Attempts + 1).SetNextAttemptAt(now.Add(wait(m.Attempts + 1))).Save(ctx)
		if ent.IsNotFound(err) {
			claimed = nil
			return nil
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim message: %w", err)
	}
	return claimed, nil
}

// send hands the message to the transport.
func (o *Outbox) send(ctx context.Context, m *ent.OutboxMessage, what content) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return o.Transport.Send(ctx, Letter{
		ID: m.ID, From: o.From, To: m.Recipient, Subject: what.Subject, Text: what.Text, Date: o.Now(),
	})
}

// run does an errand and notes it in one transaction, so that it takes effect
// once.
func (o *Outbox) run(ctx context.Context, m *ent.OutboxMessage, name string, asked []byte) error {
	do, known := o.Errands[name]
	if !known {
		return fmt.Errorf("no errand of this name")
	}
	return o.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		if err := do(ctx, c, asked); err != nil {
			return err
		}
		return o.done(ctx, c, m.ID)
	})
}

func (o *Outbox) done(ctx context.Context, c *ent.Client, id uuid.UUID) error {
	return c.OutboxMessage.UpdateOneID(id).SetStatus(outboxmessage.StatusSent).SetSentAt(o.Now()).
		ClearContentSealed().SetLastError("").Exec(ctx)
}

// settle notes what came of an attempt.
func (o *Outbox) settle(ctx context.Context, m *ent.OutboxMessage, failed error) error {
	ctx = context.WithoutCancel(ctx) // a letter that is sent is noted, even while the server stops
	err := o.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		if failed == nil {
			return o.done(ctx, c, m.ID)
		}
		update := c.OutboxMessage.UpdateOneID(m.ID).SetLastError(failed.Error())
		if errors.Is(failed, ErrRefused) || m.Attempts >= maxAttempts {
			update.SetStatus(outboxmessage.StatusFailed).ClearContentSealed()
		}
		return update.Exec(ctx)
	})
	if err != nil {
		return fmt.Errorf("note message: %w", err)
	}
	if failed != nil {
		o.Log.WarnContext(ctx, "message not sent", "message", m.ID, "template", m.Template, "attempt", m.Attempts, "error", failed)
	}
	return nil
}

// Purge removes messages that were sent or have failed, 30 days after they were
// written, and gives how many.
func (o *Outbox) Purge(ctx context.Context) (removed int, err error) {
	ctx = access.System(ctx, "outbox-purge")
	for {
		n := 0
		err := o.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			old, err := c.OutboxMessage.Query().
				Where(outboxmessage.StatusNEQ(outboxmessage.StatusPending), outboxmessage.CreatedAtLTE(o.Now().Add(-kept))).
				Order(outboxmessage.ByCreatedAt()).Limit(batch).All(ctx)
			if err != nil {
				return err
			}
			for n = 0; n < len(old); n++ {
				// Two servers may be at it: what is gone is gone.
				if err := c.OutboxMessage.DeleteOne(old[n]).Exec(ctx); err != nil && !ent.IsNotFound(err) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return removed, fmt.Errorf("remove old messages: %w", err)
		}
		removed += n
		if n < batch {
			return removed, nil
		}
	}
}
