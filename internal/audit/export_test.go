package audit

import (
	"context"
	"errors"

	"clinicgraph/ent/operationlog"
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

// ChangeColumns are those that a row of the operation log is written with.
func ChangeColumns() []string {
	return append(append(append([]string{}, shared...), own...), operationlog.FieldMAC)
}
