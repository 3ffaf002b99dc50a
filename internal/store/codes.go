package store

import (
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// postgresKind reads the SQLSTATE, and the names that are ours: constraints and
// trigger messages.
func postgresKind(e *pq.Error) kind {
	switch e.Code {
	case pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected:
		return kindLost
	case pqerror.UniqueViolation:
		return kindUnique
	case pqerror.ExclusionViolation:
		if strings.Contains(e.Constraint, "claim") {
			return kindSlot
		}
		return kindUnique
	case pqerror.ForeignKeyViolation, pqerror.RestrictViolation:
		return kindReference
	case pqerror.CheckViolation:
		return kindCheck
	case pqerror.StringDataRightTruncation, pqerror.NumericValueOutOfRange,
		pqerror.InvalidDatetimeFormat, pqerror.DatetimeFieldOverflow,
		pqerror.CharacterNotInRepertoire, pqerror.InvalidTextRepresentation,
		pqerror.UntranslatableCharacter, pqerror.ProgramLimitExceeded:
		return kindValue
	case pqerror.RaiseException:
		return triggerKind(e.Message)
	case pqerror.QueryCanceled, pqerror.LockNotAvailable:
		return kindTimeout
	case pqerror.ReadOnlySQLTransaction, pqerror.InvalidCatalogName:
		return kindUnreachable // a standby after a switch-over; a database being restored
	}
	switch e.Code.Class() {
	case pqerror.ClassConnectionException, pqerror.ClassInsufficientResources,
		pqerror.ClassOperatorIntervention, pqerror.ClassInvalidAuthorizationSpecification:
		return kindUnreachable
	}
	return kindOther
}

// postgresRefused says whether the answer to COMMIT proves that the transaction
// was rolled back. The server answers with an error only before it has written
// the commit; the exceptions have codes of their own.
func postgresRefused(e *pq.Error) bool {
	switch {
	case e.Fatal(), e.Severity == pqerror.SeverityPanic:
		return false
	case e.Code == pqerror.TRStatementCompletionUnknown:
		return false
	}
	switch e.Code.Class() {
	case pqerror.ClassConnectionException:
		return false
	case pqerror.ClassOperatorIntervention:
		return e.Code == pqerror.QueryCanceled
	}
	return true
}

// sqliteKind reads the extended result code, and the messages of our triggers.
func sqliteKind(e *sqlite.Error) kind {
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return kindUnique
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return kindReference
	case sqlite3.SQLITE_CONSTRAINT_CHECK:
		return kindCheck
	case sqlite3.SQLITE_CONSTRAINT_DATATYPE:
		return kindValue
	case sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		return sqliteTriggerKind(e)
	case sqlite3.SQLITE_IOERR_NOMEM:
		return kindOther
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return kindLost
	case sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
		return kindValue
	case sqlite3.SQLITE_INTERRUPT:
		return kindTimeout
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL:
		return kindUnreachable
	}
	return kindOther
}

// sqliteRefused says whether the answer to COMMIT proves that the transaction
// was rolled back, which the driver does after any error. When writing the log
// failed, a restart may still find the whole commit in it.
func sqliteRefused(e *sqlite.Error) bool {
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CONSTRAINT:
		return true
	}
	return false
}

func triggerKind(message string) kind {
	switch word, _, _ := strings.Cut(message, ":"); word {
	case TriggerSlotTaken:
		return kindSlot
	case TriggerAppendOnly:
		return kindKept
	}
	return kindOther
}

// sqliteTriggerKind finds our word in "constraint failed: slot_taken (1811)",
// the form in which the driver gives the message of RAISE.
func sqliteTriggerKind(e *sqlite.Error) kind {
	_, message, _ := strings.Cut(e.Error(), ": ")
	message, _, _ = strings.Cut(message, " (")
	return triggerKind(message)
}
