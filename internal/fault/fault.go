// Package fault owns the one error type that people see: a code of the
// published contract, a message written where the rule is, and a cause that
// only the log sees. It never decides how an error is sent.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Error is a failure that a client may read. All but Err leaves the process.
type Error struct {
	Code       Code
	Message    string        // for people: what happened and what helps
	Fields     []Field       // the inputs at fault, for BAD_USER_INPUT
	RetryAfter time.Duration // zero: no hint
	Ticket     string        // for SECOND_FACTOR_REQUIRED: what completeLogin takes; a secret
	Factors    []string      // for SECOND_FACTOR_REQUIRED: the kinds of factor that it takes
	Err        error         // for the log only
}

// Field names one input at fault. Path is the dotted name that the client
// used, such as "input.startsAt".
type Field struct {
	Path    string
	Message string
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of the given code with a message for people.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap is New with a cause for the log.
func Wrap(code Code, err error, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Err: err}
}

// Invalid is BAD_USER_INPUT at one field; the message is both the error's and
// the field's.
func Invalid(path, format string, args ...any) *Error {
	msg := fmt.Sprintf(format, args...)
	return &Error{Code: CodeBadUserInput, Message: msg, Fields: []Field{{Path: path, Message: msg}}}
}

// NotFound is for what does not exist and for what the caller may not see:
// the two are told apart nowhere.
func NotFound(format string, args ...any) *Error { return New(CodeNotFound, format, args...) }

// Forbidden is for what the caller's permissions do not cover.
func Forbidden(format string, args ...any) *Error { return New(CodeForbidden, format, args...) }

// Conflict is for a change that lost against another one.
func Conflict(format string, args ...any) *Error { return New(CodeConflict, format, args...) }

// Missing is the NOT_FOUND of an object named by its id: one sentence for every
// entity, so that a hidden object answers like a missing one to the letter.
func Missing() *Error {
	return New(CodeNotFound, "There is no such object, or it is not yours to see.")
}

// As finds the fault in err's chain. An error without one gives false: it is
// nothing that a client may read.
func As(err error) (*Error, bool) {
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e, true
	}
	return nil, false
}

// CodeOf gives the code of the fault in err's chain, CodeInternal for any other
// error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := As(err); ok {
		return e.Code
	}
	return CodeInternal
}
