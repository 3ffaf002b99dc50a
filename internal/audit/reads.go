package audit

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/internal/access"
)

// Reads of personal data. Those of others are always on record.
const (
	EventPersonalRead = "PERSONAL_DATA_READ"
	EventOwnDataRead  = "OWN_DATA_READ"
)

// Read is that somebody was shown personal data of one person: which, never what
// they are.
type Read struct {
	Subject uuid.UUID // whose profile
	Own     bool      // it is the reader's own
	Fields  string    // names of the fields, as "Customer.notes, Customer.phone"
}

// RecordReads puts on record what the viewer in the context is about to be shown, all of
// it or nothing, together with what other requests record at the time (decision 0079).
// It returns nil once that is lasting; after any error, the end of ctx included, nothing
// may be shown. It must not be called inside a transaction.
func (s *Security) RecordReads(ctx context.Context, reads []Read) error {
	rows, err := s.readRows(ctx, reads)
	if err == nil {
		err = s.put(ctx, rows)
	}
	if err != nil {
		return fmt.Errorf("record reads of personal data: %w", err)
	}
	for _, r := range rows {
		s.Count(r.event)
	}
	return nil
}

func (r Read) event() string {
	if r.Own {
		return EventOwnDataRead
	}
	return EventPersonalRead
}

// readRows are the rows of those reads that the rules keep.
func (s *Security) readRows(ctx context.Context, reads []Read) ([]*row, error) {
	rows, who, purpose := make([]*row, 0, len(reads)), causeIn(ctx), access.RequestOf(ctx).Purpose
	for _, read := range reads {
		if !s.Rules.keeps(read.event()) {
			continue
		}
		r := &row{
			cause: who, event: read.event(), subject: uuid.NullUUID{UUID: read.Subject, Valid: true},
			success: true, shown: read.Fields, purpose: purpose,
		}
		if err := s.finish(r); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}
