package audit

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
)

// Reads of personal data. Those of others are always on record.
const (
	EventPersonalRead = "PERSONAL_DATA_READ"
	EventOwnDataRead  = "OWN_DATA_READ"
)

// readsBatch is how many reads one statement puts on record: 19 parameters each,
// of the 32,766 that SQLite takes.
const readsBatch = 1000

// Read is that somebody was shown personal data of one person: which, never what
// they are.
type Read struct {
	Subject uuid.UUID // whose profile
	Own     bool      // it is the reader's own
	Fields  string    // names of the fields, as "Customer.notes, Customer.phone"
}

// RecordReads puts on record what the viewer in the context is about to be shown,
// all of it in one transaction and, up to 1,000 people, in one statement. What it
// cannot write must not be shown. It must not be called inside a transaction.
func (s *Security) RecordReads(ctx context.Context, reads []Read) error {
	reads = slices.DeleteFunc(slices.Clone(reads), func(r Read) bool { return !s.Rules.keeps(r.event()) })
	if len(reads) == 0 {
		return nil
	}
	// The client may have gone: what it was about to see was read all the same.
	ctx = access.Elevated(context.WithoutCancel(ctx), "audit")
	err := s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		for some := range slices.Chunk(reads, readsBatch) {
			if err := writeReads(ctx, c, some); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record reads of personal data: %w", err)
	}
	for _, read := range reads {
		s.Count(read.event())
	}
	return nil
}

func (r Read) event() string {
	if r.Own {
		return EventOwnDataRead
	}
	return EventPersonalRead
}

func writeReads(ctx context.Context, c *ent.Client, reads []Read) error {
	v, r := access.FromContext(ctx), access.RequestOf(ctx)
	rows := make([]*ent.AuditLogCreate, len(reads))
	for i, read := range reads {
		rows[i] = c.AuditLog.Create().
			SetEvent(read.event()).SetActor(Clip(v.Actor())).SetSubjectID(read.Subject).SetFieldsShown(read.Fields).
			SetSuccess(true).
			SetIPAddress(r.IP).SetUserAgent(Clip(r.UserAgent)).SetRequestID(r.ID).SetOperation(Clip(r.Operation))
		if r.Purpose != "" {
			rows[i].SetPurpose(r.Purpose)
		}
		if who := v.Who(); who != uuid.Nil {
			rows[i].SetUserID(who)
		}
	}
	return c.AuditLog.CreateBulk(rows...).Exec(ctx)
}
