package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"time"

	"github.com/lib/pq"
	"modernc.org/sqlite"

	"clinicgraph/internal/fault"
)

// The words that triggers of the migrations abort with, as the whole message or
// before a colon: RAISE(ABORT, 'slot_taken') on SQLite, RAISE EXCEPTION
// 'append_only: %', TG_TABLE_NAME on PostgreSQL. They are the only text of a
// database error that anything depends on.
const (
	TriggerSlotTaken  = "slot_taken"  // the time overlaps another claim
	TriggerAppendOnly = "append_only" // the table keeps its rows as they are
)

// ErrCommitUnknown is in the chain of an error of Tx.Commit when the connection
// was lost before the database said whether the transaction is committed. It is
// never repeated: the caller reads again by key.
var ErrCommitUnknown = errors.New("store: the outcome of the commit is unknown")

// kind is what a database error means, the same for both databases.
type kind int

const (
	kindOther       kind = iota // a defect of ours, or unknown
	kindLost                    // lost against another transaction; again may succeed
	kindUnique                  // a unique constraint
	kindSlot                    // an overlapping claim of time
	kindReference               // a foreign key
	kindCheck                   // a check constraint
	kindValue                   // a value that the column's type cannot hold
	kindKept                    // a change of an append-only row
	kindTimeout                 // the statement or its wait for a lock took too long
	kindUnreachable             // the database does not answer, or not now
)

// retryAfter is the hint with faults of code UNAVAILABLE.
const retryAfter = time.Second

// Classify turns an error of the database, however deep in err's chain, into a
// fault with a message for people; the database's own words stay in Fault.Err,
// for the log. Faults, nil and errors that are not of the database are given
// back as they are; the last become INTERNAL at the edge.
func Classify(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	switch kindOf(err) {
	case kindSlot:
		return fault.Wrap(fault.CodeSlotTaken, err, "This time is no longer free.")
	case kindUnique:
		return fault.Wrap(fault.CodeConflict, err, "Another record already has this value.")
	case kindReference:
		return fault.Wrap(fault.CodeBadUserInput, err, "This refers to something that does not exist, or something still refers to it.")
	case kindCheck, kindValue:
		return fault.Wrap(fault.CodeBadUserInput, err, "A value is outside what is allowed.")
	case kindKept:
		return fault.Wrap(fault.CodeInternal, err, "This record is kept as it was written.")
	case kindLost:
		return unavailable(err, "Somebody else is changing the same records. Please try again.")
	case kindTimeout:
		return unavailable(err, "The database took too long. Please try again.")
	case kindUnreachable:
		return unavailable(err, "The database cannot be reached at the moment. Please try again.")
	}
	return err
}

// Retryable says whether the database rolled the transaction back because of
// another one, so that nothing was written and the same transaction may succeed
// when it is run again from its beginning.
func Retryable(err error) bool {
	return !errors.Is(err, ErrCommitUnknown) && kindOf(err) == kindLost
}

// Unreachable says that the database did not answer at all, and would not now.
func Unreachable(err error) bool { return err != nil && kindOf(err) == kindUnreachable }

func unavailable(err error, message string) error {
	f := fault.Wrap(fault.CodeUnavailable, err, "%s", message)
	f.RetryAfter = retryAfter
	return f
}

func commitUnknown(err error) error {
	return unavailable(errors.Join(ErrCommitUnknown, err),
		"The connection to the database was lost at the last moment. Please look whether the change was made before you repeat it.")
}

// notCommitted says whether an error of a commit proves that nothing was
// committed.
func notCommitted(err error) bool {
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, pq.ErrInFailedTransaction) {
		return true
	}
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return postgresRefused(e)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteRefused(e)
	}
	return false
}

// repeatable is an error of the code above that says that its transaction lost
// against another one, like an idempotency key that was taken meanwhile.
type repeatable interface {
	error
	Repeatable() bool
}

func kindOf(err error) kind {
	if e, ok := errors.AsType[repeatable](err); ok && e.Repeatable() {
		return kindLost
	}
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return postgresKind(e)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteKind(e)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return kindTimeout
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone):
		return kindUnreachable
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // while a connection is opened
		return kindUnreachable
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return kindUnreachable
	}
	return kindOther
}
