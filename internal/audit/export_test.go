package audit

import (
	"context"
	"errors"
)

// Subjects and InTheLog are what the tests hold against the schema.
var (
	Subjects = subjects
	InTheLog = inTheLog
)

// WrittenTwice runs the statement of a read twice, as database/sql does when it cannot
// know whether it was run.
func (s *Security) WrittenTwice(ctx context.Context, read Read) error {
	rows, err := s.readRows(ctx, []Read{read})
	return errors.Join(err, s.insert(ctx, rows), s.insert(ctx, rows))
}
